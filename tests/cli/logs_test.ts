/** `keyproxy logs …` as processes: from a server's memory, from the disk, and as requests end. */
import assert from "node:assert/strict";
import { CHAT, chat, KEY_A, KEY_B, TWO_KEYS } from "../http/chat.ts";
import { answer, rateLimited, serverError } from "../simulators/steps.ts";
import { startGateway } from "../support/gateway.ts";
import { runProgram, startProgram } from "../support/process.ts";
import { inFolder, jsonOf, listOf } from "./creds_program.ts";
import { startAdminServer } from "../support/admin_server.ts";
import { quietReport, quietRequest, REPORTED_AT } from "../support/status_reports.ts";

const FAILED = quietRequest({
  id: "failed-1",
  status: 429,
  arrived_at: REPORTED_AT - 1000,
  failure: "rate_limit: \x1b[2Jtoo many",
  attempts: quietRequest().attempts.map((attempt) => ({
    ...attempt,
    failure: { kind: "rate_limit", status: 429, message: "\x1b[2Jtoo many" },
  })),
});

/** Where the program finds a played server. */
const at = (port: number, more: Readonly<Record<string, string>> = {}) => ({ HOST: "127.0.0.1", PORT: String(port), ...more });

Deno.test("the server's last requests are listed, narrowed and shown one by one", () =>
  inFolder(async (folder) => {
    const recent = [quietRequest(), quietRequest({ id: "req-2", model: "groq/llama" }), FAILED];
    await using server = await startAdminServer(quietReport({ recent }));
    const env = at(server.port);
    const all = await folder.program(["logs"], { env });
    assert.equal(all.code, 0, all.err);
    assert.deepEqual(all.out.match(/req-1|req-2|failed-1/g), ["req-1", "req-2", "failed-1"]);
    const ids = async (...flags: string[]) =>
      listOf(await folder.program(["logs", "list", "--json", ...flags], { env })).map(({ id }) => id);
    assert.deepEqual(await ids("--failed"), ["failed-1"]);
    assert.deepEqual(await ids("--model", "LLAMA"), ["req-2"]);
    assert.deepEqual(await ids("--limit", "1"), ["failed-1"]);
    const shown = await folder.program(["logs", "show", "fail"], { env });
    assert.match(shown.out, /Ended +429 after 1\.2s/);
    assert.match(shown.out, /#1 .*openai:0123456789ab.*failed\n +rate_limit \(429\): \\x1b\[2Jtoo many/);
    assert.ok(![all, shown].some(({ out }) => out.includes("\x1b")), "nothing steers the terminal");
    assert.match((await folder.program(["logs", "show", "last"], { env })).out, /^Request +failed-1\n/);
  }));

Deno.test("what is asked wrongly, or not there, is one line", () =>
  inFolder(async (folder) => {
    await using server = await startAdminServer(quietReport({ recent: [quietRequest(), quietRequest({ id: "req-2" })] }));
    const env = at(server.port);
    for (
      const [args, code, said] of [
        [["logs", "show", "req"], 2, /^"req" could mean several requests: req-2, req-1\n$/],
        [["logs", "show", "none"], 1, /^No request "none" is known; keyproxy logs lists the last ones\n$/],
        [["logs", "--limit", "0"], 2, /^--limit "0": expected a whole number from 1 to 1000\n$/],
        [["logs", "shwo"], 2, /^Unknown command 'shwo'\. Did you mean show\? keyproxy logs --help lists what there is\n$/],
        [["logs", "follow", "--url", "http://127.0.0.1:1"], 1, /^No server answers at http:\/\/127\.0\.0\.1:1/],
      ] as const
    ) {
      const ran = await folder.program(args, { env });
      assert.deepEqual([ran.code, ran.out], [code, ""], ran.err);
      assert.match(ran.err, said);
    }
  }));

Deno.test("without a server the logs on disk tell, with what was asked and answered and no secret", () =>
  inFolder(async (folder) => {
    await using gateway = await startGateway({ env: { ...TWO_KEYS, ENABLE_REQUEST_LOGGING: "true" } });
    gateway.simulator.script({ key: KEY_A }, rateLimited());
    gateway.simulator.script({}).always(answer({ text: "fine\x1b[31m words" }));
    assert.equal(
      (await chat(gateway, CHAT, { headers: { authorization: "Bearer canary-of-the-client", "x-request-id": "mine-1" } })).status,
      200,
    );
    await gateway.app.close();
    const env = { KEYPROXY_DATA_DIR: gateway.dataDir, PORT: "1", HOST: "127.0.0.1" };
    const listed = listOf(await folder.program(["logs", "--json"], { env }));
    assert.deepEqual(listed.map(({ id, status, seen_in }) => [id, status, seen_in]), [["mine-1", 200, "request_log"]]);
    const shown = await folder.program(["logs", "show", "mine"], { env });
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /Asked +POST \/v1\/chat\/completions, 1 message\n +hello big world/);
    assert.match(shown.out, /Answered +fine\\x1b\[31m words/);
    assert.match(shown.out, /Files +.*detailed_logs.*_mine-1/);
    assert.match(shown.out, /2 attempts in order\n.*#1 .*failed\n +rate_limit.*\n(.*\n)?.*#2 .*ok/);
    const json = jsonOf(await folder.program(["logs", "show", "last", "--json"], { env }));
    assert.deepEqual(json["request_body"], CHAT);
    for (const text of [shown.out, JSON.stringify(json)]) {
      for (const secret of ["canary-of-the-client", KEY_A, KEY_B]) assert.ok(!text.includes(secret), secret);
    }
  }));

Deno.test("without a request log the failed attempts are known all the same", () =>
  inFolder(async (folder) => {
    await using gateway = await startGateway();
    gateway.simulator.script({}).always(serverError());
    assert.equal((await chat(gateway, CHAT, { headers: { "x-request-id": "mine-2" } })).status, 502);
    await gateway.app.close();
    const env = { KEYPROXY_DATA_DIR: gateway.dataDir, PORT: "1", HOST: "127.0.0.1" };
    const shown = await folder.program(["logs", "show", "mine-2"], { env });
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /Ended +\?\n/);
    assert.match(shown.out, /how it ended was not logged/);
  }));

Deno.test("follow prints requests as they end, waits for a server that is restarted, and leaves with Ctrl-C", () =>
  inFolder(async (folder) => {
    const server = await startAdminServer(quietReport({ recent: [quietRequest({ id: "before" })] }));
    const program = startProgram(["logs", "follow"], { cwd: folder.path, env: at(server.port) });
    await program.prints(/Following http/);
    await server.followed();
    server.tellRequest(quietRequest({ id: "during" }));
    await program.prints(/during .*200 .*openai\/gpt-5-mini.*\n.*#1 .*openai:0123456789ab/);
    await server.close();
    await program.prints(/The server is gone; waiting for it/);
    const recent = [quietRequest({ id: "before" }), quietRequest({ id: "during" }), quietRequest({ id: "meanwhile" })];
    await using again = await startAdminServer(quietReport({ recent }), { port: server.port });
    await again.followed();
    await program.prints(/meanwhile .*200/);
    again.tellRequest(FAILED);
    await program.prints(/failed-1 .*429/);
    program.signal("SIGINT");
    assert.equal(await program.ended, 130);
    assert.deepEqual(program.output().match(/before|during|meanwhile|failed-1/g), ["during", "meanwhile", "failed-1"]);
  }));

Deno.test("follow --json prints a line a request, and only those asked for", () =>
  inFolder(async (folder) => {
    await using server = await startAdminServer(quietReport());
    const program = startProgram(["logs", "follow", "--json", "--failed"], { cwd: folder.path, env: at(server.port) });
    await program.prints(/Following http/);
    await server.followed();
    server.tellRequest(quietRequest({ id: "good" }));
    server.tellRequest(FAILED);
    const [line] = await program.prints(/^\{.*\}$/m);
    program.signal("SIGINT");
    await program.ended;
    assert.equal(JSON.parse(line).id, "failed-1");
    assert.ok(!program.output().includes('"good"'));
  }));

Deno.test("a pipe whose reader leaves is no error", () =>
  inFolder(async (folder) => {
    const recent = Array.from({ length: 50 }, (_, number) => quietRequest({ id: `r-${number}`, failure: "x".repeat(20_000) }));
    await using server = await startAdminServer(quietReport({ recent }));
    const program = startProgram(["logs", "--limit", "50"], { cwd: folder.path, env: at(server.port) });
    program.child.stdout?.destroy();
    assert.equal(await program.ended, 0);
    assert.equal(program.output(), "");
    assert.match((await runProgram(["logs", "--limit", "50"], { cwd: folder.path, env: at(server.port) })).output, /r-49 .*x\n$/);
  }));

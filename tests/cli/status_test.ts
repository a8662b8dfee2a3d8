/** `keyproxy status` as a process: the running server's report, else what the store has, and what goes wrong. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { STATUS_REPORT } from "../../src/gateway/status_report.ts";
import { startGateway } from "../support/gateway.ts";
import { inFolder, jsonOf } from "./creds_program.ts";
import { deadPort } from "../support/dead_port.ts";
import { startAdminServer } from "../support/admin_server.ts";
import { quietCredential, quietReport, quietRequest } from "../support/status_reports.ts";

Deno.test("the running server tells how everything stands, in words and as JSON", () =>
  inFolder(async (folder) => {
    const provider = quietReport().providers[0];
    assert.ok(provider !== undefined);
    const credentials = [
      quietCredential(),
      quietCredential({ number: 2, state: "cooling", until_at: quietReport().at + 240_000, reason: "rate limit" }),
    ];
    const other = { ...provider, id: "groq", name: "Groq" };
    const report = quietReport({
      providers: [{ ...provider, credentials, queued: 3 }, other],
      recent: [quietRequest(), quietRequest({ id: "r2", provider: "groq" })],
    });
    await using server = await startAdminServer(report, { key: "kp-admin-key-of-a-test" });
    const env = { HOST: "127.0.0.1", PORT: String(server.port), PROXY_API_KEY: "kp-admin-key-of-a-test" };
    const text = await folder.program(["status"], { env });
    assert.equal(text.code, 0, text.err);
    for (
      const part of [
        /answers at http:\/\/127\.0\.0\.1:\d+, up for 3h00m/,
        /3 waiting for a credential/,
        /cooling 4m00s/,
        /rate limit/,
        /Last requests/,
      ]
    ) {
      assert.match(text.out, part);
    }
    for (const line of text.out.split("\n")) assert.ok(line.length <= 80, line);
    const json = jsonOf(await folder.program(["status", "--json", "--provider", "groq"], { env }));
    assert.deepEqual([json["source"], json["stored_at"], json["url"]], ["server", null, server.url]);
    const read = STATUS_REPORT.parse(json);
    assert.deepEqual([read.providers.map(({ id }) => id), read.recent.map(({ id }) => id)], [["groq"], ["r2"]]);
  }));

Deno.test("a real server answers", () =>
  inFolder(async (folder) => {
    await using gateway = await startGateway();
    await fetch(`${gateway.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "local/any", messages: [{ role: "user", content: "hi" }] }),
    }).then((answer) => answer.text());
    const url = `http://127.0.0.1:${gateway.port}`;
    const text = await folder.program(["status", "--url", `${url}/v1`]);
    assert.equal(text.code, 0, text.err);
    assert.match(text.out, /1 request served, 0 failed/);
    assert.match(text.out, /ready +1 +100 %/);
    assert.match(text.out, /200 +local\/any/);
  }));

Deno.test("where no server answers the store tells, and it says so", () =>
  inFolder(async (folder) => {
    const env = { PORT: await deadPort() };
    await writeFile(join(folder.path, ".env"), "OPENAI_API_KEY=sk-aaaaaaaaaaaaaaaaaaaa1\nGROQ_API_KEY=gsk_cccccccccccccccccccccc\n");
    const text = await folder.program(["status", "--provider", "openai"], { env });
    assert.equal(text.code, 0, text.err);
    assert.match(text.out, /^No server answers at http:\/\/127\.0\.0\.1:\d+\nNothing was stored in this folder yet/);
    assert.match(text.out, /openai {2}OpenAI\n +1 +sk-a…aaa1 +ready/);
    assert.ok(!text.out.includes("groq"));
    const json = jsonOf(await folder.program(["status", "--json"], { env }));
    assert.deepEqual([json["source"], json["stored_at"], json["pid"]], ["store", null, null]);
    STATUS_REPORT.shape.providers.parse(json["providers"]);
  }));

Deno.test("a key that is refused, a server elsewhere that is not there, and a wrong address are told apart", () =>
  inFolder(async (folder) => {
    await using server = await startAdminServer(quietReport(), { key: "kp-admin-key-of-a-test" });
    const refused = await folder.program(["status", "--url", server.url]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /The admin key is missing or wrong\n.*KEYPROXY_ADMIN_KEY/);
    const absent = await folder.program(["status", "--url", `http://127.0.0.1:${await deadPort()}`]);
    assert.deepEqual([absent.code, absent.out], [1, ""]);
    assert.match(absent.err, /^No server answers at /);
    const wrong = await folder.program(["status", "--url", "localhost"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /expected an address such as http:\/\/127\.0\.0\.1:8000/);
    const file = await folder.program(["status", "--env-file", "nowhere.env"]);
    assert.equal(file.code, 2);
    assert.match(file.err, /there is no .*nowhere\.env/);
    const provider = await folder.program(["status", "--provider", "nobody"], { env: { PORT: await deadPort() } });
    assert.equal(provider.code, 2);
    assert.match(provider.err, /"nobody" is not configured; configured are: none/);
  }));

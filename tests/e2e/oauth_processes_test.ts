/** Logins shared by processes, and what a crash at the worst moment leaves: one renewal for all, and no broken file. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asArray, asObject, asString } from "../../src/kernel/json.ts";
import { latch } from "../simulators/latch.ts";
import { QWEN_SCENARIOS, type QwenSimulator, startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { requestJson } from "../support/http_client.ts";
import { type Program, startProgram } from "../support/process.ts";

const SERVE = ["serve", "--host", "127.0.0.1", "--port", "0"];
const ASK = { model: "qwen_code/coder-model", messages: [{ role: "user", content: "hello" }] };

interface Place {
  readonly folder: string;
  /** The login's file. */
  readonly path: string;
  readonly qwen: QwenSimulator;
  serve(): Program;
}

/** A folder with one Qwen login whose access token has ended. */
async function withLogin(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-oauth-"));
  await using qwen = await startQwenSimulator();
  const login = qwen.login("ada@example.com");
  const path = join(folder, "oauth_creds", "qwen_code_oauth_1.json");
  await mkdir(join(folder, "oauth_creds"), { mode: 0o700 });
  const file = {
    access_token: login.accessToken,
    refresh_token: login.refreshToken,
    resource_url: login.resourceUrl,
    token_type: "Bearer",
    expiry_date: Date.now() - 1000,
    a_field_of_another_program: "stays",
  };
  await writeFile(path, JSON.stringify(file), { mode: 0o600 });
  const env = { ...qwen.variables(), SKIP_OAUTH_INIT_CHECK: "true" };
  try {
    await work({ folder, path, qwen, serve: () => startProgram(SERVE, { cwd: folder, env }) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function urlOf(program: Program): Promise<string> {
  return (await program.prints(/listens on (http:\S+)/))[1] ?? "";
}

async function ended(program: Program): Promise<void> {
  program.signal("SIGTERM");
  assert.equal(await program.ended, 0, program.output());
}

Deno.test("two processes over one expired login renew it once, and both go on", () =>
  withLogin(async ({ qwen, serve, path }) => {
    const programs = [serve(), serve()];
    const urls = await Promise.all(programs.map(urlOf));
    const answers = await Promise.all(
      urls.flatMap((url) => Array.from({ length: 5 }, () => requestJson(`${url}/chat/completions`, { body: ASK }))),
    );
    assert.deepEqual(answers.map(({ status }) => status), answers.map(() => 200), answers.map(({ text }) => text).join("\n"));
    assert.equal(qwen.requests({ endpoint: "refresh" }).length, 1);
    const kept = asObject(JSON.parse(await readFile(path, "utf8")));
    assert.equal(kept?.a_field_of_another_program, "stays");
    await Promise.all(programs.map(ended));
  }));

Deno.test("killed after the provider rotated and before the answer came: the file is as it was, and the restart asks for a login", () =>
  withLogin(async ({ qwen, serve, path }) => {
    const before = await readFile(path, "utf8");
    const gate = latch();
    qwen.fault(QWEN_SCENARIOS["q.refresh.reuse_kill"]());
    qwen.fault({ match: { endpoint: "refresh" }, effect: { kind: "hold", at: "headers", until: gate } });
    const first = serve();
    const url = await urlOf(first);
    const lost = requestJson(`${url}/chat/completions`, { body: ASK }).catch(() => undefined);
    await qwen.nextRequest({ endpoint: "refresh" });
    first.signal("SIGKILL");
    await first.ended;
    gate.release();
    await lost;
    assert.equal(await readFile(path, "utf8"), before);

    const second = serve();
    const answer = await requestJson(`${await urlOf(second)}/chat/completions`, { body: ASK });
    assert.equal(answer.status, 503, answer.text);
    assert.match(asString(asObject(asObject(answer.json)?.error)?.message) ?? "", /keyproxy creds add qwen_code/);
    assert.equal(await readFile(path, "utf8"), before);
    await ended(second);
  }));

Deno.test("killed after the renewed login was saved: nothing is lost", () =>
  withLogin(async ({ qwen, serve }) => {
    qwen.fault(QWEN_SCENARIOS["q.refresh.reuse_kill"]());
    const first = serve();
    assert.equal((await requestJson(`${await urlOf(first)}/chat/completions`, { body: ASK })).status, 200);
    first.signal("SIGKILL");
    await first.ended;
    const second = serve();
    assert.equal((await requestJson(`${await urlOf(second)}/chat/completions`, { body: ASK })).status, 200);
    assert.equal(qwen.requests({ endpoint: "refresh" }).length, 1);
    await ended(second);
  }));

Deno.test("a login that is made while the server runs serves without a restart", () =>
  withLogin(async ({ qwen, folder, serve }) => {
    const program = serve();
    const url = await urlOf(program);
    const login = qwen.login("bob@example.com");
    const file = { access_token: login.accessToken, refresh_token: login.refreshToken, expiry_date: Date.now() + 3_600_000 };
    await writeFile(join(folder, "oauth_creds", "qwen_code_oauth_2.json"), JSON.stringify(file), { mode: 0o600 });
    const patienceAt = performance.now() + 20_000;
    for (let count = 0; count !== 2;) {
      assert.ok(performance.now() < patienceAt, program.output());
      const { json } = await requestJson(`${url}/providers`, {});
      count = asArray(asObject(asArray(asObject(json)?.data)[0])?.credentials).length;
    }
    await ended(program);
  }));

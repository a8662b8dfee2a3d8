/** `creds list`: what is shown of keys, logins, rests and today's use, while a server may be running. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { credentialId } from "../../src/credentials/credential.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { dayName } from "../../src/pool/quota.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { startSimulator } from "../simulators/server.ts";
import { reply } from "../simulators/steps.ts";
import { type Folder, inFolder, listOf } from "./creds_program.ts";

const KEYS = ["sk-one-0123456789abcdef", "sk-two-0123456789abcdef", "sk-three-0123456789abcde"] as const;
const HOUR_MS = 3_600_000;
const RESET_MINUTE = 180;

async function withKeys(work: (folder: Folder, ids: readonly string[]) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const lines = KEYS.map((key, at) => `OPENAI_API_KEY_${at + 1}=${key}\n`);
    await writeFile(join(folder.path, ".env"), `${lines.join("")}OPENAI_PRIORITY_3=5\n`);
    await work(folder, KEYS.map((key) => credentialId("openai", key)));
  });
}

Deno.test("an empty list says what to do, in JSON it is empty", () =>
  inFolder(async (folder) => {
    assert.deepEqual(await folder.creds(["list"]), {
      code: 0,
      out: "No credentials yet. Add the first one with keyproxy creds add\n",
      err: "",
    });
    assert.deepEqual(listOf(await folder.creds(["list", "--json"])), []);
  }));

Deno.test("keys are shown by their ends, with rests and today's use of a store that is open elsewhere", () =>
  withKeys(async (folder, [first = "", second = "", third = ""]) => {
    const now = systemClock.now();
    const path = join(folder.path, "keyproxy.db");
    const store = openSqliteStore({ path, clock: systemClock, warn: () => {} });
    const today = { model: "gpt-5", day: dayName(now, RESET_MINUTE), cachedTokens: 0, outputTokens: 7, costUsd: 0.5 };
    const rest = { isHinted: true, step: 0, trialAt: null };
    await store.save({
      usage: [
        { ...today, credential: first, requestCount: 4, failureCount: 1, inputTokens: 100 },
        { ...today, credential: first, day: "2020-01-01", requestCount: 9, failureCount: 0, inputTokens: 9 },
      ],
      rests: [
        { ...rest, credential: first, model: "gpt-5", untilAt: now + 2 * HOUR_MS, reason: "rate_limited" },
        { ...rest, credential: first, model: "gpt-4", untilAt: now - 1, reason: "rate_limited" },
        { ...rest, credential: second, model: null, untilAt: now + HOUR_MS, reason: "rejected" },
        { ...rest, credential: third, model: null, untilAt: Infinity, reason: "disabled" },
      ],
      endedRests: [],
    });
    const before = await readFile(path);
    const ran = await folder.creds(["list"]);
    const json = listOf(await folder.creds(["list", "--json"]));
    assert.deepEqual(await readFile(path), before);
    await store.close();

    assert.match(ran.out, /^ {2}1 {2}sk-o…cdef {2}key {2}ready +4 today, 1 failed$/m);
    assert.match(ran.out, /^ {5}gpt-5: rate limit, free in (2h00m|1h59m)$/m);
    assert.doesNotMatch(ran.out, /gpt-4/);
    assert.match(ran.out, /^ {2}2 {2}sk-t…cdef {2}key {2}quarantined (1h00m|59m\d\ds)$/m);
    assert.match(ran.out, /^ {2}3 {2}sk-t…bcde {2}key {2}disabled$/m);
    assert.match(ran.out, /OPENAI_API_KEY_3 in \.env, priority 5$/m);
    assert.ok(ran.out.split("\n").every((line) => line.length <= 80), ran.out);
    for (const key of KEYS) assert.ok(!`${ran.out}${ran.err}${JSON.stringify(json)}`.includes(key));
    assert.deepEqual(json.map(({ id, state, number, priority }) => [id, state, number, priority]), [
      [first, "ready", 1, 0],
      [second, "quarantined", 2, 0],
      [third, "disabled", 3, 5],
    ]);
    assert.deepEqual(json[0]?.today, { requests: 4, failures: 1, input_tokens: 100, cached_tokens: 0, output_tokens: 7, cost_usd: 0.5 });
    assert.equal(json[1]?.reason, "rejected by provider");
    assert.deepEqual([json[2]?.reason, json[2]?.until], ["switched off by hand", null]);
  }));

Deno.test("logins show whose they are, when they end and how their provider stands; a broken file is told of", () =>
  inFolder(async (folder) => {
    const logins = join(folder.path, "oauth_creds");
    await mkdir(logins);
    const write = (name: string, fields: object) => writeFile(join(logins, name), JSON.stringify(fields), { mode: 0o600 });
    const tokens = { access_token: "secret-access", refresh_token: "secret-refresh" };
    const now = systemClock.now();
    const metadata = { email: "ann@example.com", label: "work", priority: 2, project_id: "my-project", tier: "standard-tier" };
    await write("gemini_cli_oauth_1.json", { ...tokens, expiry_date: now + HOUR_MS, _proxy_metadata: metadata });
    await write("gemini_cli_oauth_2.json", { ...tokens, expiry_date: now - 1, _proxy_metadata: { email: "bob@example.com" } });
    await write("gemini_cli_oauth_3.json", { access_token: "alone", expiry_date: now - 1, _proxy_metadata: { email: "cyd@example.com" } });
    await writeFile(join(logins, "iflow_oauth_1.json"), "half {", { mode: 0o600 });
    const ran = await folder.creds(["list", "--provider", "gemini_cli"]);
    assert.equal(ran.code, 0);
    assert.match(ran.err, /iflow_oauth_1\.json is ignored/);
    assert.match(ran.out, /^ {2}Login restricted by the provider since 2026-06-18$/m);
    assert.match(ran.out, /^ {2}1 {2}work +login {2}ready, ends in (1h00m|59m\d\ds)$/m);
    assert.match(ran.out, /^ {5}account ann@example\.com$/m);
    assert.match(ran.out, /^ {5}standard-tier, my-project$/m);
    assert.match(ran.out, /^ {2}2 {2}bob@example\.com +login {2}expired, renewed at use$/m);
    assert.match(ran.out, /^ {2}3 {2}cyd@example\.com +login {2}needs login$/m);
    assert.ok(!`${ran.out}${ran.err}`.includes("secret-"));
    const [first, , third] = listOf(await folder.creds(["list", "--json"]));
    assert.deepEqual([first?.account, first?.label, first?.login_status, first?.expires_at], [
      "ann@example.com",
      "work",
      "restricted",
      new Date(now + HOUR_MS).toISOString(),
    ]);
    assert.equal(third?.state, "needs_login");
    const unknown = await folder.creds(["list", "--provider", "openai"]);
    assert.deepEqual([unknown.code, /those with credentials: gemini_cli/.test(unknown.err)], [2, true]);
  }));

Deno.test("service accounts stand beside keys, and are tried as they are", () =>
  inFolder(async (folder) => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await using tokens = await startSimulator();
    await using vertex = await startSimulator();
    tokens.script({ path: "/token" }).always(reply(200, { access_token: "ya29.first", expires_in: 3_600 }));
    const account = {
      type: "service_account",
      project_id: "my-project",
      private_key_id: "k1",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: "robot@my-project.iam.gserviceaccount.com",
      token_uri: `${tokens.baseUrl}/token`,
    };
    await writeFile(join(folder.path, "key.json"), JSON.stringify(account));
    await writeFile(join(folder.path, ".env"), `GOOGLE_APPLICATION_CREDENTIALS=key.json\nVERTEX_AI_API_BASE=${vertex.baseUrl}\n`);
    const listed = await folder.creds(["list"]);
    assert.match(listed.out, /1 {2}robot@my-project\.iam\.gserviceaccount\.com +account +ready/);
    const [row] = listOf(await folder.creds(["list", "--json"]));
    assert.deepEqual([row?.kind, row?.account, row?.source], ["service_account", account.client_email, "GOOGLE_APPLICATION_CREDENTIALS"]);
    assert.equal(vertex.requests.length + tokens.requests.length, 0);
    const checked = await folder.creds(["check"]);
    assert.equal(checked.code, 0, checked.err);
    assert.match(checked.out, /vertex_ai:1 .*valid/);
    assert.equal(vertex.requests[0]?.headers.authorization, "Bearer ya29.first");
    assert.ok(!(listed.out + checked.out + checked.err).includes("PRIVATE KEY"));
  }));

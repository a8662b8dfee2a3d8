/** The request log on a real disk: its layout, its bounds, its silence about secrets, and trouble with the disk. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { failure } from "../kernel/failure.ts";
import { Secret } from "../kernel/secret.ts";
import { type CapturedEnd, type CapturedRequest, openCapture, requestLogRoot } from "./capture.ts";
import { REDACTED, Redactor } from "./redact.ts";

const STARTED_AT = Date.UTC(2026, 1, 3, 4, 5, 6, 789);

function place({ secrets = [], isRequestLogOn = true }: { secrets?: readonly string[]; isRequestLogOn?: boolean } = {}) {
  const dataDir = Deno.makeTempDirSync();
  const clock = new FakeClock(STARTED_AT);
  const warnings: string[] = [];
  const notes: string[] = [];
  const capture = openCapture({
    isRequestLogOn,
    dataDir,
    clock,
    redactor: new Redactor(secrets.map((text) => new Secret(text))),
    warn: (message) => warnings.push(message),
    note: (message) => notes.push(message),
  });
  const root = requestLogRoot(dataDir);
  return {
    dataDir,
    root,
    clock,
    warnings,
    notes,
    capture,
    names: () => readdirSync(root).sort(),
    json: (name: string, file: string) => JSON.parse(readFileSync(join(root, name, file), "utf8")),
    lines: (name: string, file: string) =>
      readFileSync(join(root, name, file), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      await capture.close();
      Deno.removeSync(dataDir, { recursive: true });
    },
  };
}

function requestOf(changes: Partial<CapturedRequest["request"]> & { readonly requestId?: string } = {}): CapturedRequest {
  const { requestId = "req-1", ...request } = changes;
  return {
    requestId,
    request: {
      method: "POST",
      path: "/v1/chat/completions",
      headers: { "content-type": "application/json" },
      body: '{"model":"m"}',
      ...request,
    },
  };
}

function endOf(changes: Partial<CapturedEnd> = {}): CapturedEnd {
  return {
    status: 200,
    headers: { "content-type": "text/event-stream" },
    body: { choices: [] },
    model: "alpha/large",
    provider: "alpha",
    streaming: true,
    usage: { prompt_tokens: 3 },
    finishReason: "stop",
    reasoningFound: false,
    reasoningContent: null,
    attempts: 2,
    lossy: ["seed"],
    ...changes,
  };
}

const ATTEMPT = {
  credential: "alpha:0123456789ab",
  provider: "alpha",
  model: "large",
  startedAt: STARTED_AT + 5,
  status: 429,
  failure: failure({ scope: "credential_model", kind: "rate_limited", status: 429, message: "slow down" }),
  durationMs: 12,
};

Deno.test("a request leaves one directory with the five files, each with its fields", async () => {
  await using here = place();
  const log = here.capture.begin(requestOf());
  log?.attempt(ATTEMPT);
  log?.attempt({ ...ATTEMPT, status: 200, failure: null });
  log?.chunk("data: one\n\n");
  here.clock.advance(1500);
  log?.chunk("data: two\n\n");
  log?.finish(endOf());
  await here.capture.flush();
  const name = "20260203_040506_req-1";
  assert.deepEqual(here.names(), [name]);
  assert.deepEqual(here.json(name, "request.json"), {
    request_id: "req-1",
    timestamp_utc: "2026-02-03T04:05:06.789Z",
    method: "POST",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json" },
    body: { model: "m" },
  });
  const attempt = {
    attempt: 1,
    credential: ATTEMPT.credential,
    provider: "alpha",
    model: "large",
    started_utc: "2026-02-03T04:05:06.794Z",
    status: 429,
    failure: { scope: "credential_model", kind: "rate_limited", message: "slow down" },
    duration_ms: 12,
  };
  assert.deepEqual(here.lines(name, "attempts.jsonl"), [attempt, { ...attempt, attempt: 2, status: 200, failure: null }]);
  assert.deepEqual(here.lines(name, "streaming_chunks.jsonl"), [
    { timestamp_utc: "2026-02-03T04:05:06.789Z", chunk: "data: one\n\n" },
    { timestamp_utc: "2026-02-03T04:05:08.289Z", chunk: "data: two\n\n" },
  ]);
  const times = { request_id: "req-1", duration_ms: 1500, status_code: 200 };
  assert.deepEqual(here.json(name, "final_response.json"), {
    ...times,
    timestamp_utc: "2026-02-03T04:05:08.289Z",
    headers: { "content-type": "text/event-stream" },
    body: { choices: [] },
  });
  assert.deepEqual(here.json(name, "metadata.json"), {
    ...times,
    timestamp_utc: "2026-02-03T04:05:06.789Z",
    model: "alpha/large",
    provider: "alpha",
    streaming: true,
    usage: { prompt_tokens: 3 },
    finish_reason: "stop",
    reasoning_found: false,
    reasoning_content: null,
    attempts: 2,
    lossy: ["seed"],
  });
});

Deno.test("directories and files are for their owner only", async () => {
  await using here = place();
  here.capture.begin(requestOf())?.finish(endOf());
  await here.capture.flush();
  const [name = ""] = here.names();
  for (const path of [join(here.dataDir, "logs"), here.root, join(here.root, name)]) assert.equal(statSync(path).mode & 0o777, 0o700, path);
  for (const file of readdirSync(join(here.root, name))) assert.equal(statSync(join(here.root, name, file)).mode & 0o777, 0o600, file);
});

Deno.test("a log that is off begins nothing and makes nothing, and can be turned on", async () => {
  await using here = place({ isRequestLogOn: false });
  assert.equal(here.capture.begin(requestOf()), undefined);
  await here.capture.flush();
  assert.equal(existsSync(join(here.dataDir, "logs")), false);
  here.capture.configure({ isRequestLogOn: true });
  here.capture.begin(requestOf());
  await here.capture.flush();
  assert.equal(here.names().length, 1);
});

Deno.test("no call touches the disk before it returns", async () => {
  await using here = place();
  const log = here.capture.begin(requestOf());
  log?.chunk("x");
  log?.finish(endOf());
  assert.equal(existsSync(join(here.dataDir, "logs")), false);
});

Deno.test("a request id cannot lead out of the log or hide in it", async () => {
  await using here = place();
  for (const requestId of ["../../../evil", "a/b\\c:d\0e", "", "é".repeat(500)]) here.capture.begin(requestOf({ requestId }));
  await here.capture.flush();
  assert.deepEqual(
    here.names(),
    [
      "20260203_040506_",
      "20260203_040506_.._.._.._evil",
      `20260203_040506_${"_".repeat(80)}`,
      "20260203_040506_a_b_c_d_e",
    ].sort(),
  );
  assert.deepEqual(readdirSync(here.dataDir), ["logs"]);
});

Deno.test("requests with the same id in the same second keep apart", async () => {
  await using here = place();
  for (const body of ["first", "second"]) here.capture.begin(requestOf({ body }))?.finish(endOf());
  await here.capture.flush();
  assert.deepEqual(here.names(), ["20260203_040506_req-1", "20260203_040506_req-1_2"]);
  assert.equal(here.json("20260203_040506_req-1", "request.json").body, "first");
  assert.equal(here.json("20260203_040506_req-1_2", "request.json").body, "second");
});

Deno.test("a canary in any place never reaches the disk", async () => {
  const canary = "sk-canary/0123456789";
  await using here = place({ secrets: [canary] });
  const inJson = JSON.stringify({ messages: [{ content: `it is ${canary}` }], [canary]: 1, api_key: "client-own" });
  const log = here.capture.begin(requestOf({
    requestId: canary,
    method: canary,
    path: `/v1/${canary}?key=client-own`,
    headers: { "authorization": "Bearer client-own", "cookie": "client-own", "user-agent": canary, "x-odd": "client-own", [canary]: "y" },
    body: new TextEncoder().encode(inJson.replaceAll("/", "\\/").replace("canary", "c\\u0061nary")),
  }));
  log?.attempt({
    ...ATTEMPT,
    credential: canary,
    provider: canary,
    model: canary,
    failure: failure({ scope: "credential", kind: "rejected", status: 401, message: `bad key ${canary}` }),
  });
  for (const chunk of [`data: {"c":"${canary}"}`, canary.slice(0, 7), canary.slice(7), JSON.stringify(canary).replaceAll("/", "\\/")]) {
    log?.chunk(chunk);
  }
  log?.finish(endOf({
    headers: { "set-cookie": [canary, "client-own"], "x-request-id": canary },
    body: `not JSON ${canary}`,
    model: canary,
    provider: canary,
    usage: { [canary]: canary },
    finishReason: canary,
    reasoningContent: `thinking of ${canary}`,
  }));
  await here.capture.flush();
  const [name = ""] = here.names();
  const files = readdirSync(join(here.root, name));
  assert.equal(files.length, 5);
  const everything = [name, ...files.map((file) => readFileSync(join(here.root, name, file), "utf8"))].join("\n");
  const chunks = here.lines(name, "streaming_chunks.jsonl").map((line) => line.chunk).join("");
  for (const text of [everything, everything.replaceAll("\\/", "/"), chunks]) {
    for (const secret of [canary, "canary", '0123456789"', "client-own"]) assert.ok(!text.includes(secret), secret);
  }
  assert.ok(everything.split(REDACTED).length > 20);
});

Deno.test("what does not fit into memory is dropped, and the metadata say so", async () => {
  await using here = place();
  const log = here.capture.begin(requestOf());
  const chunk = "x".repeat(1024 * 1024);
  for (let count = 0; count < 20; count++) log?.chunk(chunk);
  log?.finish(endOf({ body: "y".repeat(1024 * 1024), reasoningContent: "kept only with room" }));
  await here.capture.flush();
  const [name = ""] = here.names();
  const metadata = here.json(name, "metadata.json");
  assert.equal(metadata.truncated, true);
  assert.equal(metadata.finish_reason, "stop");
  assert.equal(here.lines(name, "streaming_chunks.jsonl").length, 7);
  assert.equal(here.json(name, "final_response.json").body, null);
});

Deno.test("a request body too large for memory is left out, the rest is logged", async () => {
  await using here = place();
  here.capture.begin(requestOf({ body: new Uint8Array(9 * 1024 * 1024) }))?.finish(endOf());
  await here.capture.flush();
  const [name = ""] = here.names();
  assert.equal(here.json(name, "request.json").body, null);
  assert.equal(here.json(name, "metadata.json").truncated, true);
});

Deno.test("calls after finish write nothing", async () => {
  await using here = place();
  const log = here.capture.begin(requestOf());
  log?.finish(endOf());
  log?.chunk("late");
  log?.attempt(ATTEMPT);
  log?.finish(endOf({ status: 500 }));
  await here.capture.flush();
  const [name = ""] = here.names();
  assert.deepEqual(readdirSync(join(here.root, name)).sort(), ["final_response.json", "metadata.json", "request.json"]);
  assert.equal(here.json(name, "metadata.json").status_code, 200);
});

Deno.test("a directory removed while its request runs is made again", async () => {
  await using here = place();
  const log = here.capture.begin(requestOf());
  await here.capture.flush();
  rmSync(join(here.dataDir, "logs"), { recursive: true });
  log?.finish(endOf());
  await here.capture.flush();
  const [name = ""] = here.names();
  assert.equal(here.json(name, "metadata.json").status_code, 200);
  assert.deepEqual(here.warnings, []);
});

Deno.test("a place that cannot be written: one warning, nothing thrown, and logging comes back by itself", async () => {
  await using here = place();
  const obstacle = join(here.dataDir, "logs");
  writeFileSync(obstacle, "a file where the directory should be");
  const running = here.capture.begin(requestOf({ requestId: "running" }));
  await here.capture.flush();
  running?.chunk("lost");
  assert.equal(here.capture.begin(requestOf()), undefined);
  assert.equal(here.warnings.length, 1);
  assert.ok(here.warnings[0]?.includes(here.root), here.warnings.join());
  here.clock.advance(30_000);
  here.capture.begin(requestOf({ requestId: "still blocked" }));
  await here.capture.flush();
  rmSync(obstacle);
  here.clock.advance(30_000);
  running?.finish(endOf());
  await here.capture.flush();
  assert.equal(here.warnings.length, 1);
  assert.deepEqual(here.notes, ["The request log is written again"]);
  const [name = ""] = here.names();
  assert.equal(here.json(name, "metadata.json").truncated, true);
});

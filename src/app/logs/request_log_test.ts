/** The logs on disk read back as they were written, within bounds, and whatever else lies there is passed over. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { type Capture, openCapture } from "../../gateway/capture.ts";
import { failuresLogPath, openFailuresLog } from "../../gateway/failures_log.ts";
import { Redactor } from "../../gateway/redact.ts";
import { failure } from "../../kernel/failure.ts";
import { failedRequests } from "./failure_log.ts";
import { readLogged, readLoggedDetail } from "./request_directory.ts";
import { findLogged, MAX_LOOKED_AT, newestLogged } from "./request_log.ts";

const AT = Date.UTC(2026, 1, 3, 4, 5, 6);
const LIMITED = failure({ scope: "credential_model", kind: "rate_limited", status: 429, message: "too many" });
const ANY = { limit: 100, matches: () => true };

function place() {
  const dataDir = Deno.makeTempDirSync();
  const clock = new FakeClock(AT);
  const told = { dataDir, clock, redactor: new Redactor([]), warn: () => {}, note: () => {} };
  const capture = openCapture({ ...told, isRequestLogOn: true });
  const failures = openFailuresLog(told);
  return {
    dataDir,
    clock,
    capture,
    failures,
    async [Symbol.asyncDispose]() {
      await Promise.all([capture.close(), failures.close()]);
      Deno.removeSync(dataDir, { recursive: true });
    },
  };
}

function log(capture: Capture, requestId: string, { status = 200, reasoning = "" } = {}): void {
  const request = capture.begin({
    requestId,
    request: { method: "POST", path: "/v1/chat/completions", headers: {}, body: '{"model":"m"}' },
  });
  assert.ok(request !== undefined);
  const attempt = { credential: "alpha:0123456789ab", provider: "alpha", model: "large", startedAt: AT, durationMs: 5 };
  request.attempt({ ...attempt, status: 429, failure: LIMITED });
  if (status === 200) request.attempt({ ...attempt, status: 200, failure: null });
  request.finish({
    status,
    body: { choices: [] },
    model: "large",
    provider: "alpha",
    streaming: true,
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, cached_tokens: 1 },
    finishReason: "stop",
    reasoningFound: reasoning !== "",
    reasoningContent: reasoning || null,
    attempts: 2,
    lossy: ["seed"],
  });
}

Deno.test("a logged request reads back whole", async () => {
  await using at = place();
  log(at.capture, "req-1");
  await at.capture.flush();
  const { requests, unseenCount } = await newestLogged(at.dataDir, ANY);
  const [request] = requests;
  assert.ok(request !== undefined && request.directory !== null);
  assert.deepEqual([requests.length, unseenCount, request.id, request.model, request.status], [1, 0, "req-1", "alpha/large", 200]);
  assert.deepEqual(request.attempts.map((it) => it.failure), [{ kind: "rate_limited", status: 429, message: "too many" }, null]);
  assert.deepEqual([request.failure, request.lossy], [null, ["seed"]]);
  assert.deepEqual(request.usage, { input_tokens: 3, cached_tokens: 1, output_tokens: 4, cost_usd: null });
  const detail = await readLoggedDetail(request.directory);
  assert.deepEqual([detail?.method, detail?.path, detail?.finishReason], ["POST", "/v1/chat/completions", "stop"]);
  assert.deepEqual([detail?.sent?.json, detail?.answer?.json], [{ model: "m" }, { choices: [] }]);
});

Deno.test("the newest come first, also within a second, and a limit takes the newest", async () => {
  await using at = place();
  for (const id of ["zz", "mm", "aa"]) {
    log(at.capture, id);
    at.clock.advance(1);
  }
  at.clock.advance(1000);
  log(at.capture, "late", { status: 502 });
  await at.capture.flush();
  const ids = async (limit: number) => (await newestLogged(at.dataDir, { ...ANY, limit })).requests.map(({ id }) => id);
  assert.deepEqual(await ids(9), ["late", "aa", "mm", "zz"]);
  assert.deepEqual(await ids(2), ["late", "aa"]);
  const failed = await newestLogged(at.dataDir, { limit: 9, matches: ({ status }) => status !== 200 });
  assert.deepEqual(failed.requests.map(({ id, failure }) => [id, failure]), [["late", "rate_limited: too many"]]);
});

Deno.test("a request is found by its id, the beginning of it, or its directory", async () => {
  await using at = place();
  for (const id of ["abc-1", "abd-2", "odd/id"]) log(at.capture, id);
  await at.capture.flush();
  const find = async (text: string) => (await findLogged(at.dataDir, text)).map((path) => path.slice(-8));
  assert.deepEqual(await find("abc"), ["06_abc-1"]);
  assert.deepEqual((await find("ab")).length, 2);
  assert.deepEqual(await find("20260203_040506_abd"), ["06_abd-2"]);
  assert.deepEqual(await find("odd/id"), ["6_odd_id"]);
  assert.deepEqual(await find("nothing"), []);
});

Deno.test("a long reasoning and a huge file of attempts cost a bounded read", async () => {
  await using at = place();
  log(at.capture, "big", { reasoning: "thought ".repeat(500_000) });
  await at.capture.flush();
  const [request] = (await newestLogged(at.dataDir, ANY)).requests;
  assert.ok(request !== undefined && request.directory !== null);
  assert.equal(request.status, 200);
  // Ten gigabytes of nothing: whoever reads it whole does not come back.
  truncateSync(join(request.directory, "attempts.jsonl"), 10 * 1024 ** 3);
  truncateSync(join(request.directory, "request.json"), 10 * 1024 ** 3);
  const detail = await readLoggedDetail(request.directory);
  assert.deepEqual([detail?.request.attempts.length, detail?.sent?.json], [2, undefined]);
});

Deno.test("a huge folder is looked at from its newest end, and what was left out is counted", async () => {
  await using at = place();
  const root = join(at.dataDir, "logs", "detailed_logs");
  mkdirSync(root, { recursive: true });
  for (let number = 0; number < MAX_LOOKED_AT * 2 + 100; number++) mkdirSync(join(root, `20250101_${String(number).padStart(6, "0")}_old`));
  log(at.capture, "new");
  await at.capture.flush();
  const { requests, unseenCount } = await newestLogged(at.dataDir, ANY);
  assert.deepEqual([requests.map(({ id }) => id), unseenCount], [["new"], MAX_LOOKED_AT + 101]);
});

Deno.test("what is not a finished request of ours is passed over", async () => {
  await using at = place();
  const root = join(at.dataDir, "logs", "detailed_logs");
  assert.deepEqual(await newestLogged(at.dataDir, ANY), { requests: [], unseenCount: 0 });
  for (const name of ["20260101_000000_open", "20260101_000000_bad", "20260101_000000_odd", "notes"]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  writeFileSync(join(root, "20260101_000000_bad", "metadata.json"), '{"request_id": 3');
  writeFileSync(join(root, "20260101_000000_odd", "metadata.json"), '{"request_id": "x", "status_code": "no"}');
  writeFileSync(join(root, "20260101_000000_file"), "");
  symlinkSync("/", join(root, "20260101_000000_link"));
  assert.deepEqual((await newestLogged(at.dataDir, ANY)).requests, []);
  assert.equal(await readLogged(join(root, "20260101_000000_gone")), undefined);
});

Deno.test("the failure log gives each request once with its attempts in order, also from a huge file", async () => {
  await using at = place();
  const line = { provider: "alpha", model: "large", credential: "alpha:0123456789ab", failure: LIMITED, durationMs: 5 };
  at.failures.record({ ...line, requestId: "one", attempt: 1 });
  at.failures.record({ ...line, requestId: "two", attempt: 1 });
  at.clock.advance(10);
  at.failures.record({ ...line, requestId: "one", credential: null, attempt: 2 });
  await at.failures.flush();
  const read = await failedRequests(at.dataDir);
  assert.deepEqual(read.map(({ id, status, attempts }) => [id, status, attempts.map(({ credential }) => credential)]), [
    ["one", null, ["alpha:0123456789ab", ""]],
    ["two", null, ["alpha:0123456789ab"]],
  ]);
  const last = JSON.stringify({ timestamp_utc: "2026-02-03T04:05:06.000Z", request_id: "end", ...FLAT });
  writeFileSync(failuresLogPath(at.dataDir), `${"x".repeat(8 * 1024 * 1024)}\nnot json\n{"odd": 1}\n${last}\n`);
  assert.deepEqual((await failedRequests(at.dataDir)).map(({ id, failure }) => [id, failure]), [["end", "rate_limited: too many"]]);
});

const FLAT = {
  provider: "alpha",
  model: "large",
  credential: null,
  kind: "rate_limited",
  status: 429,
  message: "too many",
  duration_ms: 5,
};

/** The failure log on a real disk: its lines, its rotation, and a disk that is full. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { failure } from "../kernel/failure.ts";
import { Secret } from "../kernel/secret.ts";
import { type FailureLine, failuresLogPath, openFailuresLog, ROTATION_BYTES } from "./failures_log.ts";
import { Redactor } from "./redact.ts";

function place() {
  const dataDir = Deno.makeTempDirSync();
  const clock = new FakeClock(Date.UTC(2026, 1, 3, 4, 5, 6));
  const warnings: string[] = [];
  const notes: string[] = [];
  const log = openFailuresLog({
    dataDir,
    clock,
    redactor: new Redactor([new Secret("sk-canary-123")]),
    warn: (message) => warnings.push(message),
    note: (message) => notes.push(message),
  });
  const path = failuresLogPath(dataDir);
  return {
    dataDir,
    path,
    clock,
    warnings,
    notes,
    log,
    lines: (file = path) => readFileSync(file, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      await log.close();
      Deno.removeSync(dataDir, { recursive: true });
    },
  };
}

function lineOf({ message = "slow down", ...changes }: Partial<FailureLine> & { readonly message?: string } = {}): FailureLine {
  return {
    requestId: "req-1",
    provider: "alpha",
    model: "large",
    credential: "alpha:0123456789ab",
    failure: failure({ scope: "credential_model", kind: "rate_limited", status: 503, upstreamStatus: 429, message }),
    attempt: 1,
    durationMs: 12,
    ...changes,
  };
}

Deno.test("a failed attempt is one JSON line, in a file for its owner only", async () => {
  await using here = place();
  here.log.record(lineOf());
  here.log.record(lineOf({ attempt: 2, credential: null }));
  await here.log.flush();
  const line = {
    timestamp_utc: "2026-02-03T04:05:06.000Z",
    request_id: "req-1",
    provider: "alpha",
    model: "large",
    credential: "alpha:0123456789ab",
    kind: "rate_limited",
    scope: "credential_model",
    status: 429,
    message: "slow down",
    attempt: 1,
    duration_ms: 12,
  };
  assert.deepEqual(here.lines(), [line, { ...line, attempt: 2, credential: null }]);
  assert.equal(statSync(here.path).mode & 0o777, 0o600);
  assert.equal(statSync(join(here.dataDir, "logs")).mode & 0o777, 0o700);
});

Deno.test("a secret or a line break in a message does not get through", async () => {
  await using here = place();
  here.log.record(lineOf({ message: "bad key sk-canary-123\nsecond line", model: "sk-canary-123" }));
  await here.log.flush();
  assert.equal(here.lines().length, 1);
  assert.ok(!readFileSync(here.path, "utf8").includes("canary"));
});

Deno.test("files are moved on before they pass 5 MiB, and three are kept", async () => {
  await using here = place();
  const message = "m".repeat(500_000);
  for (let attempt = 1; attempt <= 45; attempt++) {
    here.log.record(lineOf({ attempt, message }));
    await here.log.flush();
  }
  const directory = join(here.dataDir, "logs");
  assert.deepEqual(readdirSync(directory).sort(), ["failures.log", "failures.log.1", "failures.log.2"]);
  for (const file of readdirSync(directory)) assert.ok(statSync(join(directory, file)).size <= ROTATION_BYTES, file);
  const kept = [`${here.path}.2`, `${here.path}.1`, here.path].flatMap((file) => here.lines(file).map((line) => line.attempt));
  assert.deepEqual(kept, Array.from({ length: 25 }, (_, index) => 21 + index));
});

Deno.test("a flood of failures is bounded in memory: lines are lost, none is cut", async () => {
  await using here = place();
  for (let attempt = 1; attempt <= 5000; attempt++) here.log.record(lineOf({ attempt, message: "m".repeat(1000) }));
  await here.log.flush();
  const lines = here.lines();
  assert.ok(lines.length > 100 && lines.length < 1000, String(lines.length));
  assert.deepEqual(here.warnings, []);
});

Deno.test({
  name: "a full disk: one warning, and the log comes back by itself",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using here = place();
    mkdirSync(join(here.dataDir, "logs"));
    symlinkSync("/dev/full", here.path);
    for (let round = 0; round < 3; round++) {
      here.log.record(lineOf());
      await here.log.flush();
      here.clock.advance(30_000);
    }
    assert.equal(here.warnings.length, 1);
    assert.match(here.warnings[0] ?? "", /ENOSPC|no space/i);
    rmSync(here.path);
    here.log.record(lineOf({ attempt: 9 }));
    await here.log.flush();
    assert.deepEqual(here.lines().map((line) => line.attempt), [9]);
    assert.equal(here.notes.length, 1);
  },
});

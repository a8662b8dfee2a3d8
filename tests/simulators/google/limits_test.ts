/** Refusals for want of quota: every source of delay by itself and together, whole and spoilt. */
import assert from "node:assert/strict";
import { asArray, asObject, isObject, parseJson } from "../../../src/kernel/json.ts";
import { at, bench, messageOf, reasonOf } from "./bench.ts";
import { MODEL_CALLS, scenarios } from "./simulator.ts";

type Scenario = keyof typeof scenarios;

async function refusal(id: Scenario, delay?: string) {
  await using it = await bench();
  it.google.fault({ match: { endpoint: MODEL_CALLS }, effect: scenarios[id](delay) });
  const refused = await it.ask();
  assert.equal((await it.ask()).status, 200, "once");
  return refused;
}

Deno.test("each source of delay comes alone", async () => {
  const alone: [Scenario, string, (answer: Awaited<ReturnType<typeof refusal>>) => unknown][] = [
    ["g.429.retryinfo", "66670.6s", (it) => at(it.json, "error.details.1.retryDelay")],
    ["g.429.quotaResetDelay", "1h2m3.4s", (it) => at(it.json, "error.details.0.metadata.quotaResetDelay")],
    ["g.429.quotaResetTimeStamp", "2026-01-08T10:58:09Z", (it) => at(it.json, "error.details.0.metadata.quotaResetTimeStamp")],
    ["g.429.message_only", "156h14m36s", (it) => messageOf(it).match(/reset after (\S+)\.$/)?.[1]],
    ["g.429.retry_in", "900ms", (it) => messageOf(it).match(/retry in (\S+)\.$/)?.[1]],
    ["g.429.header_only", "7", (it) => it.headers["retry-after"]],
  ];
  for (const [id, delay, read] of alone) {
    const answer = await refusal(id, delay);
    assert.deepEqual([answer.status, read(answer)], [429, delay], id);
    const others = alone.filter(([other]) => other !== id).filter(([, , reads]) => reads(answer) !== undefined);
    assert.deepEqual(others.map(([other]) => other), [], id);
  }
});

Deno.test("sources of delay combine", async () => {
  await using it = await bench();
  it.google.fault({
    match: { endpoint: MODEL_CALLS },
    effect: { kind: "limit", limit: { retryInfo: "3s", quotaResetDelay: "4s", messageDelay: "5s", headers: { "retry-after": "6" } } },
  });
  const answer = await it.ask();
  assert.equal(at(answer.json, "error.details.1.retryDelay"), "3s");
  assert.equal(at(answer.json, "error.details.0.metadata.quotaResetDelay"), "4s");
  assert.match(messageOf(answer), /after 5s/);
  assert.equal(answer.headers["retry-after"], "6");
});

Deno.test("quota, capacity and zero limits have their own marks", async () => {
  assert.match(messageOf(await refusal("g.429.limit0")), /limit: 0, model/);
  assert.match(String(at((await refusal("g.429.per_day")).json, "error.details.0.violations.0.quotaId")), /PerDay/);
  assert.match(String(at((await refusal("g.429.per_minute")).json, "error.details.0.violations.0.quotaId")), /PerMinute/);
  const capacity = await refusal("g.503.capacity");
  assert.deepEqual([capacity.status, reasonOf(capacity), at(capacity.json, "error.status")], [
    503,
    "MODEL_CAPACITY_EXHAUSTED",
    "UNAVAILABLE",
  ]);
  assert.equal(reasonOf(await refusal("g.429.capacity")), "MODEL_CAPACITY_EXHAUSTED");
  assert.equal((await refusal("g.499")).status, 499);
  assert.equal(reasonOf(await refusal("g.403.validation")), "VALIDATION_REQUIRED");
});

Deno.test("wrapped errors hold the same error inside", async () => {
  const array = await refusal("g.429.array_wrapped");
  assert.equal(at(array.json, "0.error.details.0.reason"), "QUOTA_EXHAUSTED");
  const once = parseJson(messageOf(await refusal("g.429.stringified")));
  assert.equal(at(once, "error.details.0.reason"), "QUOTA_EXHAUSTED");
  const twice = parseJson(messageOf(await refusal("g.429.stringified_twice")));
  assert.equal(at(parseJson(String(at(twice, "error.message"))), "error.details.0.reason"), "QUOTA_EXHAUSTED");
});

Deno.test("spoilt errors can be read only after the known repairs", async () => {
  for (const id of ["g.429.corrupt_commas", "g.429.corrupt_nbsp", "g.429.corrupt_newline"] as const) {
    const { text, json } = await refusal(id);
    assert.equal(json, undefined, id);
    const repaired = parseJson(text.replace(/,\s*,/g, ",").replaceAll("\u00a0", "").replaceAll("\n", " "));
    assert.equal(at(repaired, "error.details.0.reason"), "QUOTA_EXHAUSTED", id);
  }
  assert.equal(at((await refusal("g.429.corrupt_domain")).json, "error.details.0.domain"), "cloudcode-pa.googleapis.com,");
  const details = asArray(at((await refusal("g.429.corrupt_key")).json, "error.details")).filter(isObject);
  assert.deepEqual(details.map((detail) => " @type " in detail), [true, true]);
});

Deno.test("the error of a stream without alt=sse stands in an array", async () => {
  await using it = await bench();
  it.google.fault({ match: { endpoint: MODEL_CALLS }, effect: scenarios["g.500"]() });
  const body = { model: "sim-echo", project: it.project, request: { contents: [{ role: "user", parts: [{ text: "x" }] }] } };
  const answer = await it.call("streamGenerateContent", body);
  assert.deepEqual([answer.status, asObject(at(answer.json, "0.error"))?.status], [500, "INTERNAL"]);
});

Deno.test("a wrong request does not use a fault up", async () => {
  await using it = await bench();
  const fault = it.google.fault({ match: { endpoint: MODEL_CALLS }, effect: scenarios["g.429.nothing"]() });
  assert.equal((await it.ask({ contents: [] })).status, 400);
  assert.equal(fault.usedCount, 0);
  assert.equal((await it.ask()).status, 429);
});

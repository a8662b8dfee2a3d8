/** The account of the demo, as text: what people read at 80 columns. */
import assert from "node:assert/strict";
import { DEMO_KEYS, type DemoKey, type Fate, type ProviderCall } from "./provider.ts";
import { planRequests, type RequestOutcome } from "./requests.ts";
import { conclusion, failureLines, outcomeWords, renderStory, type Story } from "./summary.ts";
import { paintFor } from "../../terminal/text.ts";

const PAINT = paintFor("plain");
const OUTCOMES = { stalling: "silent", limited: "limited", revoked: "rejected", healthy: "answered" } as const;

function keyOf(fate: Fate): DemoKey {
  const key = DEMO_KEYS.find((candidate) => candidate.fate === fate);
  assert.ok(key !== undefined);
  return key;
}

function call(number: number, fate: Fate): ProviderCall {
  return { requestId: `demo-${number}`, kind: "chat", key: keyOf(fate), outcome: OUTCOMES[fate], durationMs: 2_004 };
}

const ANSWERED: readonly RequestOutcome[] = planRequests(3).map((request) => ({
  ...request,
  status: 200,
  durationMs: request.number * 100.4,
  problem: undefined,
}));

const STORY: Story = {
  keys: [
    { key: keyOf("stalling"), state: { state: "cooling", restMs: 29_100 } },
    { key: keyOf("limited"), state: { state: "cooling", restMs: 27_900 } },
    { key: keyOf("revoked"), state: { state: "quarantined", restMs: 299_000 } },
    { key: keyOf("healthy"), state: { state: "ready", restMs: 0 } },
  ],
  requests: ANSWERED,
  calls: [call(1, "stalling"), call(2, "limited"), call(2, "revoked"), call(2, "healthy"), call(3, "healthy"), call(1, "healthy")],
};

Deno.test("the story tells each key's fate, each request's way, and the sum", () => {
  assert.equal(
    renderStory(STORY, { paint: PAINT, width: 80 }),
    `
What each key went through

  key        what it is      calls  what happened       now
  demo…mute  never answers       1  silent for 2.0 s    rests for 30 s
  demo…full  over its limit      1  429, retry in 30 s  rests for 28 s
  demo…void  revoked             1  401, key not valid  set aside for 5 min
  demo…good  healthy             3  3 answered          ready

Where each request went

  #  kind    status   ms  way
  1  chat    200     100  demo…mute ✗ silent → demo…good ✓
  2  stream  200     201  demo…full ✗ 429 → demo…void ✗ 401 → demo…good ✓
  3  chat    200     301  demo…good ✓

✓ 3 of 3 requests answered although 3 of 4 keys failed
`,
  );
});

Deno.test("a way through every key still fits 80 columns", () => {
  const [first] = ANSWERED;
  assert.ok(first !== undefined);
  const long = { ...first, durationMs: 12_345 };
  const calls = [call(1, "stalling"), call(1, "limited"), call(1, "revoked"), call(1, "healthy")];
  const lines = renderStory({ ...STORY, requests: [long], calls }, { paint: PAINT, width: 80 }).split("\n");
  assert.deepEqual(lines.filter((line) => line.length > 80), []);
  const at = lines.findIndex((line) => line.includes("12345"));
  assert.equal(lines[at], "  1  chat  200     12345  demo…mute ✗ silent → demo…full ✗ 429");
  assert.equal(lines[at + 1]?.trim(), "→ demo…void ✗ 401 → demo…good ✓");
  assert.equal(lines[at + 1]?.indexOf("→"), lines[at]?.indexOf("demo"));
});

Deno.test("colour changes no column", () => {
  const coloured = renderStory(STORY, { paint: paintFor("ansi"), width: 80 });
  assert.notEqual(coloured, renderStory(STORY, { paint: PAINT, width: 80 }));
  // deno-lint-ignore no-control-regex
  assert.equal(coloured.replace(/\x1b\[\d+m/g, ""), renderStory(STORY, { paint: PAINT, width: 80 }));
});

Deno.test("a failed request shows in the sum, in its line and in a sentence of its own", () => {
  const [first, second, third] = ANSWERED;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const requests = [first, { ...second, status: 504, problem: "too late" }, { ...third, status: null, problem: "ECONNREFUSED" }];
  const story = { ...STORY, requests, calls: STORY.calls.filter(({ requestId }) => requestId !== "demo-3") };
  assert.equal(conclusion(story, PAINT), "✗ 1 of 3 requests answered; 3 of 4 keys failed");
  assert.match(renderStory(story, { paint: PAINT, width: 80 }), /^ {2}3 {2}chat {4}none {4}301 {2}not tried$/m);
  assert.deepEqual(failureLines(requests), [
    "Request 2 (stream) failed: status 504, too late",
    "Request 3 (chat) failed: no answer, ECONNREFUSED",
  ]);
});

Deno.test("a key that nobody used has not failed", () => {
  const story = { ...STORY, calls: [call(1, "healthy"), call(2, "limited"), call(2, "limited"), call(2, "healthy"), call(3, "healthy")] };
  assert.match(conclusion(story, PAINT), /1 of 4 keys failed$/);
  const page = renderStory(story, { paint: PAINT, width: 80 });
  assert.match(page, /^ {2}demo…void {2}revoked {13}0 {2}not used/m);
  assert.match(page, /^ {2}demo…full {2}over its limit {6}2 {2}2× 429, retry in 30 s {2}/m);
});

Deno.test("rests are told in seconds, longer ones in minutes, and never as nothing", () => {
  const now = (restMs: number) => {
    const keys = [{ key: keyOf("limited"), state: { state: "cooling", restMs } }];
    return /rests for (.+)$/m.exec(renderStory({ ...STORY, keys }, { paint: PAINT, width: 80 }))?.[1];
  };
  assert.deepEqual([0, 1, 1_001, 89_999, 90_000, 300_000].map(now), ["1 s", "1 s", "2 s", "90 s", "2 min", "5 min"]);
});

Deno.test("every outcome has words", () => {
  const words = (["answered", "limited", "rejected", "silent", "left"] as const).map((outcome) =>
    outcomeWords({ outcome, durationMs: 1_960 })
  );
  assert.deepEqual(words, ["answered", "429, retry in 30 s", "401, key not valid", "silent for 2.0 s", "caller left"]);
});

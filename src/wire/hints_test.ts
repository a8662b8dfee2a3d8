/** A provider's wait is read from the places meant for it, in their order, and from nowhere else. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../kernel/json.ts";
import { declaredWaitMs, HINT_RANGE_MS, parseDurationMs, parseWaitMs, parseWordedWaitMs, retryHintMs, untilMidnightMs } from "./hints.ts";

const NOW = Date.parse("2026-03-04T05:06:07Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function hint(headers: Record<string, string>, body: Json = "", status = 429): number | undefined {
  return retryHintMs({ headers, body, status, now: NOW });
}

const said = (message: string): Json => ({ error: { message } });

Deno.test("reads durations in every unit and refuses anything else", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["6m0s", 6 * MINUTE],
    ["1h2m3.5s", HOUR + 2 * MINUTE + 3_500],
    ["750ms", 750],
    ["290.97ms", 291],
    ["34.074824224s", 34_075],
    ["156h14m36s", 156 * HOUR + 14 * MINUTE + 36_000],
    ["2m59.56s", 2 * MINUTE + 59_560],
    ["1h0m12s", HOUR + 12_000],
    ["13 days", 13 * DAY],
    ["1 minute and 30 seconds", 90_000],
    ["2 hours, 5 mins", 2 * HOUR + 5 * MINUTE],
    ["1500µs", 2],
    ["1d", DAY],
    ["12", undefined],
    ["5 messages", undefined],
    ["s", undefined],
    ["", undefined],
  ];
  for (const [text, ms] of cases) assert.equal(parseDurationMs(text), ms, text);
});

Deno.test("reads a written Go duration back", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(59), fc.nat(59), (h, m, s) => parseDurationMs(`${h}h${m}m${s}s`) === h * HOUR + m * MINUTE + s * 1_000),
  );
});

Deno.test("decides by magnitude whether a number is a wait or an instant", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["24367", 24_367_000],
    ["1.5", 1_500],
    ["33011.38", 33_011_380],
    [String(NOW / 1_000 + 90), 90_000],
    [String(NOW + 90_000), 90_000],
    ["2026-03-04T05:08:07Z", 2 * MINUTE],
    ["2026-03-04T05:08:07+00:00", 2 * MINUTE],
    ["Wed, 04 Mar 2026 05:08:07 GMT", 2 * MINUTE],
    ["7.66s", 7_660],
    ["0", undefined],
    ["-1", undefined],
    ["0s", undefined],
    [String(NOW - 1), undefined],
    ["Wed, 04 Mar 2026 05:00:00 GMT", undefined],
    ["soon", undefined],
    ["12 o'clock", undefined],
  ];
  for (const [text, ms] of cases) assert.equal(parseWaitMs(text, NOW), ms, text);
  assert.equal(parseWaitMs(undefined, NOW), undefined);
});

Deno.test("asks the places in their order", () => {
  const body = { error: { message: "Please try again in 9s.", details: [{ "@type": "x/RetryInfo", retryDelay: "34s" }] } };
  const all = { "retry-after-ms": "5000", "retry-after": "6", "x-ratelimit-reset-requests": "7s" };
  assert.equal(hint(all, body), 34_000);
  assert.equal(hint(all, said("Please try again in 9s.")), 5_000);
  assert.equal(hint({ ...all, "retry-after-ms": "-1" }), 6_000);
  assert.equal(hint({ "x-ratelimit-reset-requests": "7s" }, said("Please try again in 9s.")), 7_000);
  assert.equal(hint({}, said("Please try again in 9s.")), 9_000);
  assert.equal(hint({}, said("Too many requests")), undefined);
});

Deno.test("reads Google's fields wherever they stand, and the longer of two that disagree", () => {
  const info = (metadata: Json) => ({ error: { code: 429, message: "m", details: [{ "@type": "x/ErrorInfo", metadata }] } });
  assert.equal(hint({}, info({ quotaResetDelay: "373.801628ms" })), 1_000);
  assert.equal(hint({}, info({ quotaResetDelay: "1h2m3.4s", quotaResetTimeStamp: "2026-03-04T05:06:17Z" })), HOUR + 2 * MINUTE + 3_400);
  assert.equal(hint({}, info({ quotaResetTimeStamp: "2026-03-04T06:06:07Z" })), HOUR);
  assert.equal(hint({}, [{ error: { details: [{ retryDelay: "5s" }, { metadata: { quotaResetDelay: "18h31m10.608s" } }] } }]), 66_670_608);
  assert.equal(hint({}, { error: { message: JSON.stringify({ error: { details: [{ retryDelay: "12s" }] } }) } }), 12_000);
  assert.equal(hint({}, '{"error":{"details":[,{"retryDelay": "8s"},]}}'), 8_000, "damaged JSON");
  assert.equal(hint({}, { error: { details: [{ retryDelay: "3s" }] } }, 503), 3_000, "whatever the status");
  const worded = (retryDelay: string) => ({ error: { message: "Your quota will reset after 2h3m.", details: [{ retryDelay }] } });
  assert.equal(hint({}, worded("9s")), 2 * HOUR + 3 * MINUTE, "the message too, where it speaks of the quota");
  assert.equal(hint({}, worded("8000s"), 503), 8_000_000);
});

Deno.test("uses the stated headers for any status, reset headers and words for a 429 only", () => {
  assert.equal(hint({ "retry-after": "20" }, "", 503), 20_000);
  assert.equal(hint({ "retry-after-ms": "1500" }, "", 529), 1_500);
  assert.equal(hint({ "x-ratelimit-reset-requests": "20s" }, said("try again in 3s"), 503), undefined);
  assert.equal(hint({ "x-ratelimit-reset-requests": "20s" }, said("try again in 3s"), 400), undefined);
});

Deno.test("waits for the exhausted limits, all of them", () => {
  const tokens = { "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "0" };
  const requests = { "x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "50" };
  assert.equal(hint({ ...tokens, ...requests }), 6 * MINUTE);
  assert.equal(hint({ ...tokens, ...requests, "x-ratelimit-remaining-tokens": "10", "x-ratelimit-remaining-requests": "0" }), 1_000);
  assert.equal(hint({ ...tokens, ...requests, "x-ratelimit-remaining-requests": "0" }), 6 * MINUTE);
});

Deno.test("takes the soonest reset that may be the cause when none says it is exhausted", () => {
  assert.equal(hint({ "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-reset-requests": "2s" }), 2_000);
  const oneTold = { "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-reset-requests": "2s", "x-ratelimit-remaining-requests": "9" };
  assert.equal(hint(oneTold), 6 * MINUTE, "a limit with room left is not the cause");
  assert.equal(hint({ ...oneTold, "x-ratelimit-remaining-tokens": "9" }), 2_000);
});

Deno.test("reads the reset headers of single providers", () => {
  const cerebras = {
    "x-ratelimit-reset-requests-day": "33011.38",
    "x-ratelimit-remaining-requests-day": "120",
    "x-ratelimit-reset-tokens-minute": "11.2",
    "x-ratelimit-remaining-tokens-minute": "0",
  };
  assert.equal(hint(cerebras), 11_200);
  const anthropic = {
    "anthropic-ratelimit-requests-reset": "2026-03-04T05:06:37Z",
    "anthropic-ratelimit-requests-remaining": "40",
    "anthropic-ratelimit-input-tokens-reset": "2026-03-04T05:07:07Z",
    "anthropic-ratelimit-input-tokens-remaining": "0",
  };
  assert.equal(hint(anthropic), MINUTE);
  assert.equal(hint({ "x-ratelimit-reset": String(NOW / 1_000 + 30) }), 30_000, "epoch seconds");
  assert.equal(hint({ "x-ratelimit-reset-requests": "0", "x-ratelimit-reset-tokens": "-1" }), undefined, "Azure's empty values");
  assert.equal(hint({ "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0" }), undefined);
});

Deno.test("reads the headers a router repeats in its body", () => {
  const headers = { "X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(NOW + 3 * HOUR) };
  assert.equal(hint({}, { error: { code: 429, message: "Rate limit exceeded: free-models-per-day", metadata: { headers } } }), 3 * HOUR);
});

Deno.test("reads a header that only this provider's row names", () => {
  const source = { headers: { "x-ratelimit-timeremaining": "77" }, body: "", status: 429, now: NOW };
  assert.equal(retryHintMs(source), undefined);
  assert.equal(retryHintMs({ ...source, resetHeaders: ["x-ratelimit-timeremaining"] }), 77_000);
  const withRoom = { ...source.headers, "x-ratelimit-reset-tokens": "5s", "x-ratelimit-remaining-tokens": "9" };
  assert.equal(retryHintMs({ ...source, headers: withRoom, resetHeaders: ["x-ratelimit-timeremaining"] }), 77_000);
});

Deno.test("reads the wait out of the words that announce one", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["Rate limit reached for gpt-4o on requests per min (RPM): Limit 3. Please try again in 20s. Visit https://x.y", 20_000],
    ["Limit 6000, Used 5800, Requested 900. Please try again in 9m38.016s.", 9 * MINUTE + 38_016],
    ["Please try again in 1.2s", 1_200],
    ["Please retry in 20.04s.", 20_040],
    ["Please retry in 1m2s", 62_000],
    ["Please retry in 900ms", 900],
    ["exceeded token rate limit of your pricing tier. Please retry after 45 seconds.", 45_000],
    ["request reached organization max RPM: 3, please try again after 1 seconds", 1_000],
    ["You have exhausted your capacity on this model. Your quota will reset after 156h14m36s.", 156 * HOUR + 14 * MINUTE + 36_000],
    ["Rate limit of 150 per 86400s exceeded for UserByModelByDay. Please wait 24367 seconds before retrying.", 24_367_000],
    ["Monthly usage limit reached. Resets in 13 days", 13 * DAY],
    ["Try again in about 2 hours and 5 minutes.", 2 * HOUR + 5 * MINUTE],
    ["Usage limit reached for 5 hour. Your limit will reset at 2026-03-04 15:06:07", 2 * HOUR],
    ["已达到使用上限,您的限额将在 2026-03-04 14:06:07 重置。", HOUR],
    ["Limit resets at 2026-03-04T06:06:07Z", HOUR],
  ];
  for (const [message, ms] of cases) assert.equal(parseWordedWaitMs(message, NOW), ms, message);
});

Deno.test("never takes digits from other prose", () => {
  const cases = [
    "Rate limit of 150 per 86400s exceeded",
    "Limit 3 requests per 60 seconds",
    "You can retry 5 times in 30 minutes",
    "Wait, 20 requests in 10s is too much",
    "try again in 5 messages",
    "try again in 2026",
    "The server waited 30 seconds",
    "reset your 2 keys",
    "Error 429 after 12s",
  ];
  for (const message of cases) assert.equal(parseWordedWaitMs(message, NOW), undefined, message);
});

Deno.test("clamps to one second and seven days", () => {
  assert.equal(hint({ "retry-after-ms": "290" }), 1_000);
  assert.equal(hint({}, said("Resets in 13 days")), 7 * DAY);
  fc.assert(fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (seconds) => {
    const ms = hint({ "retry-after": seconds.toFixed(6) });
    return ms === undefined || (ms >= HINT_RANGE_MS.shortest && ms <= HINT_RANGE_MS.longest);
  }));
});

Deno.test("a declared wait leaves reset headers aside", () => {
  const source = { headers: { "x-ratelimit-reset-requests": "7s" }, body: "", status: 429, now: NOW };
  assert.equal(declaredWaitMs(source), undefined);
  assert.equal(declaredWaitMs({ ...source, body: said("try again in 2s") }), 2_000);
});

Deno.test("survives any header and body", () => {
  fc.assert(fc.property(fc.string(), fc.jsonValue(), (text, value) => {
    const body = JSON.stringify(value);
    hint({ "retry-after": text, "x-ratelimit-reset": text, "retry-after-ms": text }, body);
  }));
});

Deno.test("finds the next midnight of a zone, across clock changes", () => {
  assert.equal(untilMidnightMs(Date.parse("2026-01-10T23:59:59.250Z"), "UTC"), 750);
  assert.equal(untilMidnightMs(Date.parse("2026-01-10T00:00:00Z"), "UTC"), DAY);
  assert.equal(untilMidnightMs(Date.parse("2026-01-10T15:00:00Z"), "Asia/Shanghai"), HOUR);
  assert.equal(untilMidnightMs(Date.parse("2026-01-10T07:00:00Z"), "America/Los_Angeles"), HOUR);
  // 8 March 2026 has 23 hours there, 1 November 2026 has 25.
  assert.equal(untilMidnightMs(Date.parse("2026-03-08T09:00:00Z"), "America/Los_Angeles"), 22 * HOUR);
  assert.equal(untilMidnightMs(Date.parse("2026-11-01T08:00:00Z"), "America/Los_Angeles"), 24 * HOUR);
});

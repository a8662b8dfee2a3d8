/** Whatever a server tells and whatever a person presses, the screen is drawn: its lines fit and hold no commands. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { credentialStatus, providerStatus, requestReport, statusReport } from "../../../tests/support/status_reports.ts";
import { type RequestReport, STATUS_REPORT, type StatusReport } from "../../gateway/status_report.ts";
import type { Key, KeyName } from "../../terminal/keys.ts";
import type { Link } from "./scene.ts";
import { drawn } from "./screen.ts";
import { signsOf } from "./signs.ts";
import { step } from "./step.ts";
import { widthOf } from "../../terminal/width.ts";
import { FIRST_VIEW } from "./view.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("", "openai", "\x1b[2J", "日本語".repeat(40), "e\u0301", "👩‍👩‍👧", "\u202e", "constructor", "x".repeat(300)),
);
const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constantFrom(0, -1, 1e300));
const count = fc.nat({ max: 4 });
const state = fc.oneof(fc.constantFrom("ready", "busy", "cooling", "quarantined", "disabled", "toString"), text);
const instant = fc.option(number);
const rest = fc.record({ model: text, reason: text, until_at: instant });
const today = fc.record({
  requests: number,
  failures: number,
  input_tokens: number,
  cached_tokens: number,
  output_tokens: number,
  cost_usd: number,
});
const credential = fc.record({
  id: fc.oneof(text, fc.constant("same")),
  number,
  display: text,
  source: text,
  state,
  reason: text,
  until_at: instant,
  in_flight: number,
  resting: fc.array(rest, { maxLength: 6 }),
  login: fc.option(fc.record({ state: text, reason: text, expires_at: instant })),
  today,
  latencies_ms: fc.array(number, { maxLength: 32 }),
});
const provider = fc.record({
  id: text,
  name: text,
  circuit: fc.oneof(fc.constantFrom("closed", "open", "half_open"), text),
  queued: number,
  in_flight: number,
  max_in_flight: fc.option(number),
  credentials: fc.array(credential.map((fields) => credentialStatus("p", 1, fields)), { maxLength: 12 }),
});
const attempt = fc.record({
  provider: text,
  model: text,
  credential: fc.constantFrom("same", "gone"),
  started_at: number,
  duration_ms: number,
  failure: fc.option(fc.record({ kind: text, status: number, message: text })),
});
const request: fc.Arbitrary<RequestReport> = fc.record({
  model: text,
  provider: fc.option(text),
  status: number,
  arrived_at: number,
  duration_ms: number,
  failure: fc.option(text),
  lossy: fc.array(text, { maxLength: 2 }),
  attempts: fc.array(attempt, { maxLength: 3 }),
}).map((fields) => requestReport("r", fields));
const report: fc.Arbitrary<StatusReport> = fc.record({
  at: number,
  version: text,
  started_at: number,
  configured_at: number,
  is_stopping: fc.boolean(),
  requests: fc.record({ in_flight: number, finished: number, failed: number }),
  providers: fc.array(provider.map((fields) => providerStatus("p", fields)), { maxLength: 4 }),
  recent: fc.array(request, { maxLength: 6 }),
}).map(statusReport);

const NAMES: KeyName[] = ["up", "down", "page_down", "end", "home", "tab", "enter", "escape", "backspace"];
const key: fc.Arbitrary<Key> = fc.oneof(
  fc.constantFrom(...NAMES).map((name) => ({ kind: name })),
  fc.constantFrom("/", "?", "d", "y", "r", "e", "R", "j", "日", "G").map((text) => ({ kind: "text" as const, text })),
);
const link: fc.Arbitrary<Link> = fc.oneof(
  fc.constant({ kind: "live" as const }),
  fc.record({
    kind: fc.constant("lost" as const),
    trouble: fc.record({ kind: fc.constantFrom("absent" as const, "refused" as const, "failed" as const), message: text }),
    retryAt: fc.constant(5),
  }),
);
const look = fc.record({
  width: fc.constantFrom(80, 81, 120, 200, 500),
  height: fc.constantFrom(24, 25, 60),
  colour: fc.constant("plain" as const),
  signs: fc.constantFrom(signsOf("unicode"), signsOf("ascii")),
});

Deno.test("any report in any view is drawn: as many lines as the terminal has, none wider, none with a command in it", () => {
  fc.assert(
    fc.property(report, fc.array(key, { maxLength: 8 }), link, look, count, (report, keys, link, look, age) => {
      assert.ok(STATUS_REPORT.safeParse(report).success);
      let view = FIRST_VIEW;
      let lastTop = 0;
      for (const pressed of [undefined, ...keys]) {
        if (pressed !== undefined) view = step(view, pressed, { report, pageLineCount: 10, lastTop }).view;
        const screen = drawn({ view, link, heard: { report, heardAt: -age * 1_000 }, url: "http://127.0.0.1:8000", now: 0 }, look);
        lastTop = screen.lastTop;
        assert.equal(screen.frame.length, look.height);
        for (const line of screen.frame) {
          assert.ok(widthOf(line) <= look.width, line);
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]/u);
        }
      }
    }),
    { numRuns: 150 },
  );
});

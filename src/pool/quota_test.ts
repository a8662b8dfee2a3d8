/** Days begin at the configured minute, not at midnight. */
import assert from "node:assert/strict";
import { dayName, dayStart, nextDayStart } from "./quota.ts";

const RESET_MINUTE = 180;

Deno.test("before the reset minute it is still yesterday, also across midnight", () => {
  const names = ["2026-03-01T02:59:59.999Z", "2026-03-01T03:00:00Z", "2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z", "2026-03-02T02:59:59Z"]
    .map((text) => dayName(Date.parse(text), RESET_MINUTE));
  assert.deepEqual(names, ["2026-02-28", "2026-03-01", "2026-03-01", "2026-03-01", "2026-03-01"]);
});

Deno.test("a day starts at its reset minute and ends where the next one starts", () => {
  const at = Date.parse("2026-03-02T01:00:00Z");
  assert.equal(dayStart(at, RESET_MINUTE), Date.parse("2026-03-01T03:00:00Z"));
  assert.equal(nextDayStart(at, RESET_MINUTE), Date.parse("2026-03-02T03:00:00Z"));
  const start = Date.parse("2026-03-02T03:00:00Z");
  assert.equal(dayStart(start, RESET_MINUTE), start);
  assert.equal(nextDayStart(start, RESET_MINUTE), start + 86_400_000);
});

Deno.test("with the reset at midnight a day is the calendar's; at 23:59 it is named by the date it began on", () => {
  assert.equal(dayName(Date.parse("2026-03-01T00:00:00Z"), 0), "2026-03-01");
  assert.equal(dayName(Date.parse("2026-03-01T23:58:59Z"), 1439), "2026-02-28");
  assert.equal(dayName(Date.parse("2026-03-01T23:59:00Z"), 1439), "2026-03-01");
});

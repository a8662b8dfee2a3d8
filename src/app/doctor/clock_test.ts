/** The clock: how far off it may be, and whose answer decides. */
import assert from "node:assert/strict";
import { judgeClock } from "./clock.ts";

const at = (dateAt: number) => ({ from: "host.example", dateAt, receivedAt: 1_000_000 });

Deno.test("a minute is the most a clock may be off, and the answer that agrees most decides", () => {
  assert.deepEqual(judgeClock([at(940_000)], "linux").map(({ level }) => level), ["ok"]);
  const [ahead] = judgeClock([at(939_000)], "linux");
  assert.deepEqual([ahead?.level, ahead?.what.startsWith("The clock is 61 s ahead of host.example")], ["warning", true]);
  assert.match(judgeClock([at(1_100_000)], "darwin")[0]?.what ?? "", /^The clock is 100 s behind host/);
  assert.deepEqual(judgeClock([at(0), at(999_000)], "linux").map(({ level }) => level), ["ok"]);
  assert.deepEqual(judgeClock([], "linux").map(({ level }) => level), ["note"]);
});

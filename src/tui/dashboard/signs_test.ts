/** Which alphabet a terminal gets, and bars that show a slow spell. */
import assert from "node:assert/strict";
import { bars, signSetOf, signsOf } from "./signs.ts";
import { widthOf } from "../../terminal/width.ts";

Deno.test("a locale with UTF-8 gets signs; the Linux console and others get ASCII", () => {
  const sets = [{ LANG: "de_DE.UTF-8" }, { LC_ALL: "C", LANG: "de_DE.UTF-8" }, { LC_CTYPE: "C.utf8" }, {}, {
    TERM: "linux",
    LANG: "C.UTF-8",
  }];
  assert.deepEqual(sets.map((env) => signSetOf(env, "linux")), ["unicode", "ascii", "unicode", "ascii", "ascii"]);
  assert.equal(signSetOf({}, "win32"), "unicode");
});

Deno.test("bars are the newest values; half height is their median, full height twice that and more", () => {
  const signs = signsOf("unicode");
  assert.equal(bars([1, 100, 100, 100], 3, signs), "▄▄▄");
  assert.equal(bars([100, 100, 100, 210, 25], 5, signs), "▄▄▄█▁");
  assert.equal(bars([0, 0], 5, signs), "▁▁");
  assert.equal(bars([], 5, signs) + bars([5], 0, signs), "");
  assert.equal(bars([100, 100, 100, 210, 25], 5, signsOf("ascii")), "---#_");
});

Deno.test("every sign is one column wide", () => {
  for (const { states, bars, set: _, ...others } of [signsOf("unicode"), signsOf("ascii")]) {
    for (const sign of [...states.values(), ...bars, ...Object.values(others)]) assert.equal(widthOf(sign), 1, sign);
  }
});

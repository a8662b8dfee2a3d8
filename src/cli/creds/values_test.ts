/** Values of flags: read whole, or refused with what was wanted. */
import assert from "node:assert/strict";
import { Stop } from "../../terminal/stop.ts";
import { readPriority, readTimeoutMs } from "./values.ts";

function stopOf(read: () => unknown): Stop {
  try {
    read();
  } catch (error) {
    if (error instanceof Stop) return error;
  }
  throw new Error("nothing was refused");
}

Deno.test("a rank is a whole number from 0 to 1000", () => {
  assert.deepEqual([readPriority(undefined), readPriority("0"), readPriority("1000")], [undefined, 0, 1000]);
  for (const text of ["", "-1", "1001", "1.5", "two"]) {
    const stop = stopOf(() => readPriority(text));
    assert.deepEqual([stop.code, stop.message.includes(`--priority "${text}": expected`)], [2, true], text);
  }
});

Deno.test("a timeout is given in seconds, an hour at most", () => {
  assert.deepEqual([readTimeoutMs(undefined), readTimeoutMs("90")], [undefined, 90_000]);
  for (const text of ["0", "3601", "1m"]) assert.equal(stopOf(() => readTimeoutMs(text)).code, 2, text);
});

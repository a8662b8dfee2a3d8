/** The fake clock itself: other tests rest on its order. */
import assert from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";

Deno.test("timers fire in order of their instant, each at its own instant", () => {
  const clock = new FakeClock(1000);
  const fired: [string, number][] = [];
  clock.after(20, () => fired.push(["late", clock.now()]));
  clock.after(10, () => {
    fired.push(["early", clock.now()]);
    clock.after(5, () => fired.push(["nested", clock.now()]));
  });
  clock.advance(19);
  assert.deepEqual(fired, [["early", 1010], ["nested", 1015]]);
  clock.advance(1);
  assert.deepEqual(fired.at(-1), ["late", 1020]);
  assert.equal(clock.now(), 1020);
});

Deno.test("a cancelled timer does not fire, and cancelling twice is harmless", () => {
  const clock = new FakeClock();
  const cancel = clock.after(1, () => assert.fail("fired"));
  cancel();
  cancel();
  clock.advance(10);
  assert.equal(clock.timerCount, 0);
  assert.equal(clock.nextTimerInMs, undefined);
});

/** A lane wakes at the soonest instant anybody asked for, once. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { Lane } from "./lane.ts";

function laneOn(clock: FakeClock): { lane: Lane; wakes: number[] } {
  const wakes: number[] = [];
  const startAt = clock.now();
  return { lane: new Lane({ model: "m", clock, wake: () => wakes.push(clock.now() - startAt) }), wakes };
}

Deno.test("of several instants only the soonest wakes, whatever their order", () => {
  for (const delays of [[10, 30, 20], [30, 20, 10]]) {
    const clock = new FakeClock();
    const { lane, wakes } = laneOn(clock);
    for (const delayMs of delays) lane.wakeAt(clock.now() + delayMs);
    assert.equal(clock.timerCount, 1);
    clock.advance(100);
    assert.deepEqual(wakes, [10]);
  }
});

Deno.test("after a wake a later instant may be asked for again; never needs no timer", () => {
  const clock = new FakeClock();
  const { lane, wakes } = laneOn(clock);
  lane.wakeAt(clock.now() + 10);
  clock.advance(10);
  lane.wakeAt(clock.now() + 10);
  lane.wakeAt(Infinity);
  clock.advance(10);
  lane.wakeAt(Infinity);
  assert.deepEqual(wakes, [10, 20]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a lane that stops waking leaves no timer, and an instant in the past wakes at once", () => {
  const clock = new FakeClock();
  const { lane, wakes } = laneOn(clock);
  lane.wakeAt(clock.now() + 10);
  lane.stopWaking();
  assert.equal(clock.timerCount, 0);
  lane.wakeAt(clock.now() - 5);
  clock.advance(0);
  assert.deepEqual(wakes, [0]);
});

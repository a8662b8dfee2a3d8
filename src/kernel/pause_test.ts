/** Waits end with what they wait for or with their signal, and leave nothing behind. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { pause, settledOr } from "./pause.ts";

Deno.test("a pause ends with its time and leaves no timer", async () => {
  const clock = new FakeClock();
  const paused = pause(1_000, { clock, signal: new AbortController().signal });
  clock.advance(1_000);
  await paused;
  assert.equal(clock.timerCount, 0);
});

Deno.test("a pause ends with its signal and leaves no timer", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const paused = pause(1_000, { clock, signal: stop.signal });
  stop.abort();
  await paused;
  await pause(1_000, { clock, signal: stop.signal });
  assert.equal(clock.timerCount, 0);
});

Deno.test("waiting for something ends with it, with its failure, or with the signal", async () => {
  const signal = new AbortController().signal;
  await settledOr(signal, Promise.resolve());
  await settledOr(signal, Promise.reject(new Error("no")));
  await settledOr(AbortSignal.abort(), new Promise(() => {}));
});

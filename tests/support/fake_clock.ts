/**
 * A clock that stands still until it is told to move, so that a test decides every instant. Timers fire
 * in order of their instant (equal ones in order of their making), each with `now()` at its own instant.
 */
import type { Clock } from "../../src/kernel/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly fn: () => void;
}

export class FakeClock implements Clock {
  #nowMs: number;
  #timers: Timer[] = [];

  /** Starts at `startAt`, epoch ms; by default at noon UTC of 1 January 2026. */
  constructor(startAt: number = Date.UTC(2026, 0, 1, 12)) {
    this.#nowMs = startAt;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fn: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(delayMs, 0), fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves `ms` on and fires what falls due on the way, also timers made by timers that fire. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let due = this.#next(); due !== undefined && due.atMs <= endMs; due = this.#next()) {
      const fired = due;
      this.#timers = this.#timers.filter((other) => other !== fired);
      this.#nowMs = fired.atMs;
      fired.fn();
    }
    this.#nowMs = endMs;
  }

  /** How many timers wait. */
  get timerCount(): number {
    return this.#timers.length;
  }

  /** Ms until the next timer fires, or undefined when none waits. */
  get nextTimerInMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.atMs - this.#nowMs;
  }

  #next(): Timer | undefined {
    let soonest: Timer | undefined;
    for (const timer of this.#timers) {
      if (soonest === undefined || timer.atMs < soonest.atMs) soonest = timer;
    }
    return soonest;
  }
}

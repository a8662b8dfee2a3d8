/**
 * A lane: the slots of one model over all members of a pool, and the requests that wait for one of them
 * in arrival order. A waiter leaves exactly once: with a lease, with a failure, or because its client left.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Failure } from "../kernel/failure.ts";
import type { Lease } from "./lease.ts";
import { availability } from "./health.ts";
import { clientGone } from "./held.ts";
import { type Member, type Slot, slotOf } from "./member.ts";

/** What a request wants of a pool. */
export interface Ask {
  readonly model: string;
  /** Ids of credentials that this request must not get. */
  readonly exclude: ReadonlySet<string>;
  readonly affinityKey?: string;
  /** Who can read what the request brings; chosen while it is a candidate. */
  readonly boundTo?: string;
  /** Instant at which waiting is pointless, epoch ms. */
  readonly deadlineAt: number;
  readonly signal?: AbortSignal;
}

export interface Waiter {
  readonly ask: Ask;
  readonly resolve: (result: Lease | Failure) => void;
}

export class Lane {
  readonly model: string;
  readonly #clock: Clock;
  readonly #wake: (lane: Lane) => void;
  /** One a member, best tier first, in discovery order within it. */
  slots: Slot[] = [];
  /** Sequential mode: the member in use. */
  current: Member | undefined;
  /** The provider said that it has no such model; asked again after this instant, epoch ms. */
  absentUntilAt = 0;
  /** Insertion order is arrival order. */
  readonly waiters = new Set<Waiter>();
  /** Leases that are out. */
  inFlight = 0;
  #wakesAt = Infinity;
  #cancelWake: (() => void) | undefined;

  /** `wake` is called at the instants given to `wakeAt`. */
  constructor(fields: { readonly model: string; readonly clock: Clock; readonly wake: (lane: Lane) => void }) {
    this.model = fields.model;
    this.#clock = fields.clock;
    this.#wake = fields.wake;
  }

  /** True when forgetting the lane would lose nobody. */
  get isIdle(): boolean {
    return this.waiters.size === 0 && this.inFlight === 0;
  }

  /** Wakes at `at`, epoch ms; Infinity = never. Only the soonest instant is kept: who is woken too early asks again. */
  wakeAt(at: number): void {
    if (at >= this.#wakesAt) return;
    this.stopWaking();
    this.#wakesAt = at;
    this.#cancelWake = this.#clock.after(Math.max(at - this.#clock.now(), 0), () => {
      this.stopWaking();
      this.#wake(this);
    });
  }

  /** A sequential pool leaves its current member when that rests or a better tier is back, not when it is merely busy. */
  moveOn(taken: Slot, now: number): void {
    const { current } = this;
    const stays = current !== undefined && !current.isDraining && availability(slotOf(current, this.model), now) === "free" &&
      current.priority <= taken.member.priority;
    if (!stays) this.current = taken.member;
  }

  /** Waits for whoever serves the waiters, for the deadline, or for the client to leave. `onLeft` is told once, first. */
  wait(ask: Ask, { atDeadline, onLeft }: { readonly atDeadline: () => Failure; readonly onLeft: () => void }): Promise<Lease | Failure> {
    return new Promise((done) => {
      const resolve = (result: Lease | Failure) => {
        cancelDeadline();
        ask.signal?.removeEventListener("abort", onAbort);
        this.waiters.delete(waiter);
        if (this.waiters.size === 0) this.stopWaking();
        onLeft();
        done(result);
      };
      const waiter: Waiter = { ask, resolve };
      const onAbort = () => resolve(clientGone());
      const cancelDeadline = this.#clock.after(ask.deadlineAt - this.#clock.now(), () => resolve(atDeadline()));
      ask.signal?.addEventListener("abort", onAbort, { once: true });
      this.waiters.add(waiter);
    });
  }

  stopWaking(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakesAt = Infinity;
  }
}

/**
 * The pool of one provider: acquire a lease on the best credential, settle it once. All state of members
 * changes here and nowhere else; what to choose and what a failure does are decided by pure functions.
 */
import type { Credential } from "../credentials/credential.ts";
import { type Clock, type Random, systemClock, systemRandom } from "../kernel/clock.ts";
import type { Failure, FailureKind } from "../kernel/failure.ts";
import { Affinity } from "./affinity.ts";
import { type Circuit, CLOSED, gate, onFailed, onReached, onUndecided } from "./circuit.ts";
import { afterFailure, availability, isQuarantined, stands } from "./health.ts";
import { clientGone, endTrial, type Held } from "./held.ts";
import { Keeper } from "./keeper.ts";
import { type Ask, Lane, type Waiter } from "./lane.ts";
import { Lease, type Outcome } from "./lease.ts";
import { type Member, newMember, newSlot, type Rest, type Slot, slotOf } from "./member.ts";
import { type Outlook, outlookOf, within } from "./outlook.ts";
import { nextDayStart } from "./quota.ts";
import { type MemberReport, refusal, reportMember, reportSlot } from "./report.ts";
import { DEFAULT_POOL_SETTINGS, type PoolOptions, type PoolSettings } from "./settings.ts";

export type { Ask } from "./lane.ts";
export { DEFAULT_POOL_SETTINGS, type PoolOptions, type PoolSettings } from "./settings.ts";

const MODEL_ABSENT_MS = 10 * 60_000;
/** Clients choose model names, so lanes and their slots are bounded: the lane unused longest is forgotten. */
const LANES = { most: 2_000, least: 100, mostSlots: 200_000 };

export class Pool {
  readonly provider: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #keeper: Keeper;
  readonly #members = new Map<string, Member>();
  readonly #lanes = new Map<string, Lane>();
  readonly #affinity = new Affinity();
  #settings: PoolSettings;
  #circuit: Circuit = CLOSED;
  /** The lease that last went out to test the way to the provider. */
  #test: Held | undefined;
  #queued = 0;
  /** Counts acquires; orders uses and failures without asking the clock. */
  #ordinal = 0;
  #nextDayAt: number;
  #size = 0;

  constructor(options: PoolOptions) {
    this.provider = options.provider;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#settings = { ...DEFAULT_POOL_SETTINGS, ...options.settings };
    this.#keeper = new Keeper({ journal: options.journal, stored: options.stored });
    const now = this.#clock.now();
    this.#nextDayAt = nextDayStart(now, this.#settings.dailyResetMinute);
    this.#keeper.start(now, this.#settings.dailyResetMinute);
    this.replace(options.credentials, this.#settings);
  }

  /**
   * Gives a credential to use, at once or after waiting for one, or says why none can be had.
   * Waiting ends with a release, the end of a rest, a new credential, the deadline, or the client leaving.
   */
  acquire(ask: Ask): Promise<Lease | Failure> {
    const now = this.#clock.now();
    this.#rollDay(now);
    if (ask.signal?.aborted) return Promise.resolve(clientGone());
    const lane = this.#lane(ask.model);
    let outlook = this.#outlook(lane, ask, now);
    if (outlook.kind === "slot" && lane.waiters.size > 0) {
      // A rest may be over before its timer fires: whoever waits was here first.
      this.#dispatch(lane);
      outlook = this.#outlook(lane, ask, now);
    }
    outlook = within(ask.deadlineAt, outlook, now);
    if (outlook.kind !== "wait") return Promise.resolve(this.#answer(lane, ask, outlook));
    if (this.#queued >= this.#settings.maxQueue) return Promise.resolve(this.#refuse(lane, ask, "queue_full"));
    lane.wakeAt(outlook.wakeAt);
    return this.#enqueue(lane, ask, now);
  }

  /** Swaps credentials and settings. Unchanged credentials keep their health; removed ones drain; waiters are served anew. */
  replace(credentials: readonly Credential[], settings: Partial<PoolSettings>): void {
    const now = this.#clock.now();
    this.#rollDay(now);
    this.#settings = { ...this.#settings, ...settings };
    this.#nextDayAt = nextDayStart(now, this.#settings.dailyResetMinute);
    this.#size = credentials.length;
    for (const member of this.#members.values()) member.isDraining = true;
    credentials.forEach((credential, position) => {
      let member = this.#members.get(credential.id);
      if (member === undefined) {
        member = newMember(credential, position);
        this.#members.set(credential.id, member);
        this.#keeper.revive(member, now, this.#settings.dailyResetMinute);
      }
      member.credential = credential;
      member.priority = credential.priority;
      member.position = position;
      member.isDraining = false;
    });
    for (const lane of this.#lanes.values()) {
      lane.slots = this.#slots(lane.model);
      this.#dispatch(lane);
    }
  }

  /** A refused credential has something new to offer, e.g. after a new login: it is used again. */
  reinstate(credentialId: string): void {
    const member = this.#members.get(credentialId);
    if (member?.rest?.reason !== "rejected") return;
    this.#keeper.setMemberRest(member, null);
    this.#dispatchAll();
  }

  /** The state of every credential, for people; with a model, as that model sees it. */
  report(model?: string): MemberReport[] {
    const now = this.#clock.now();
    this.#rollDay(now);
    return this.#activeMembers().map((member) =>
      model === undefined ? reportMember(member, now) : reportSlot(member.slots.get(model) ?? newSlot(member, model), now)
    );
  }

  /** The credentials in use, those that rest last. */
  credentials(): Credential[] {
    const now = this.#clock.now();
    return this.#activeMembers()
      .sort((a, b) => Number(stands(a.rest, now)) - Number(stands(b.rest, now)))
      .map((member) => member.credential);
  }

  /** True when some credential besides the excluded ones could serve a model now, if need be after a wait. */
  canServe(model: string, exclude: ReadonlySet<string>): boolean {
    const now = this.#clock.now();
    return this.#lane(model).slots
      .some((slot) => !exclude.has(slot.member.credential.id) && typeof availability(slot, now) === "string");
  }

  /** Number of credentials in use, resting ones included. */
  get size(): number {
    return this.#size;
  }

  /** Number of requests waiting for a credential. */
  get queuedCount(): number {
    return this.#queued;
  }

  /** Number of leases that are out. */
  get inFlightCount(): number {
    let count = 0;
    for (const member of this.#members.values()) count += member.inFlight;
    return count;
  }

  get circuit(): Circuit["kind"] {
    return this.#circuit.kind;
  }

  /** True when some credential may be used now or is only busy. */
  get isUsable(): boolean {
    const now = this.#clock.now();
    return this.#activeMembers().some((member) => !stands(member.rest, now));
  }

  /** Turns away everybody who waits. The pool must not be used afterwards. */
  close(): void {
    for (const lane of this.#lanes.values()) {
      for (const waiter of lane.waiters) waiter.resolve(this.#refuse(lane, waiter.ask, "no_credential"));
    }
  }

  #activeMembers(): Member[] {
    return [...this.#members.values()].filter((member) => !member.isDraining)
      .sort((a, b) => a.position - b.position);
  }

  /** Best tier first, as `choose` wants them. */
  #slots(model: string): Slot[] {
    return this.#activeMembers().sort((a, b) => a.priority - b.priority).map((member) => slotOf(member, model));
  }

  #lane(model: string): Lane {
    let lane = this.#lanes.get(model);
    if (lane === undefined) {
      const mostLanes = Math.max(Math.min(LANES.most, LANES.mostSlots / this.#size), LANES.least);
      if (this.#lanes.size >= mostLanes) this.#forgetIdleLane();
      lane = new Lane({ model, clock: this.#clock, wake: (woken) => this.#dispatch(woken) });
      lane.slots = this.#slots(model);
    }
    // Last in the map is last used.
    this.#lanes.delete(model);
    this.#lanes.set(model, lane);
    return lane;
  }

  #forgetIdleLane(): void {
    for (const [model, lane] of this.#lanes) {
      if (!lane.isIdle) continue;
      this.#lanes.delete(model);
      for (const member of this.#members.values()) member.slots.delete(model);
      return;
    }
  }

  /** What a request can expect at present. Changes nothing. */
  #outlook(lane: Lane, ask: Ask, now: number): Outlook {
    const { maxInFlight, rotation, tolerance, isAffinityOn } = this.#settings;
    const preferred = ask.boundTo ?? (isAffinityOn && ask.affinityKey !== undefined ? this.#affinity.get(ask.affinityKey, now) : undefined);
    const choice = {
      slots: lane.slots,
      now,
      exclude: ask.exclude,
      maxInFlight,
      rotation,
      tolerance,
      random: this.#random,
      preferred: preferred === undefined ? undefined : this.#members.get(preferred),
      firstPosition: lane.current === undefined ? 0 : this.#members.get(lane.current)?.position ?? 0,
    };
    return outlookOf({ lane, circuit: this.#circuit, choice, nextDayAt: this.#nextDayAt });
  }

  #answer(lane: Lane, ask: Ask, outlook: Exclude<Outlook, { kind: "wait" }>): Lease | Failure {
    return outlook.kind === "slot" ? this.#grant(lane, outlook.slot, ask) : this.#refuse(lane, ask, outlook.as);
  }

  #grant(lane: Lane, slot: Slot, ask: Ask): Lease {
    const now = this.#clock.now();
    const { member } = slot;
    const isTrial = availability(slot, now) === "trial";
    const held: Held = { lane, slot, ask, taken: ++this.#ordinal, isTrial };
    member.lastUsed = held.taken;
    slot.inFlight += 1;
    slot.today.requestCount += 1;
    member.inFlight += 1;
    lane.inFlight += 1;
    if (isTrial) member.isOnTrial = true;
    if (gate(this.#circuit, now) === "test") {
      this.#circuit = { kind: "half_open" };
      this.#test = held;
    }
    if (this.#settings.rotation === "sequential") this.#moveOn(lane, slot, now);
    return new Lease({
      credential: member.credential,
      model: slot.model,
      onAnswered: () => this.#answered(held),
      onSettle: (outcome) => this.#settle(held, outcome),
    });
  }

  /** A sequential pool leaves its current member when that rests or a better tier is back, not when it is merely busy. */
  #moveOn(lane: Lane, taken: Slot, now: number): void {
    const current = lane.current === undefined ? undefined : this.#members.get(lane.current);
    const stays = current !== undefined && !current.isDraining && availability(slotOf(current, lane.model), now) === "free" &&
      current.priority <= taken.member.priority;
    if (!stays) lane.current = taken.member.credential.id;
  }

  #answered(held: Held): void {
    const now = this.#clock.now();
    this.#rollDay(now);
    const isNews = held.isTrial || this.#circuit.kind !== "closed";
    this.#heal(held);
    endTrial(held);
    if (isNews) this.#dispatchAll();
  }

  #settle(held: Held, outcome: Outcome): void {
    const { lane, slot, isTrial } = held;
    const now = this.#clock.now();
    this.#rollDay(now);
    slot.inFlight -= 1;
    slot.member.inFlight -= 1;
    lane.inFlight -= 1;
    const circuitBefore = this.#circuit;
    if (outcome.kind === "ok") this.#onOk(held, now);
    else if (outcome.kind === "failed") this.#onFailed(held, outcome, now);
    else if (held === this.#test) this.#circuit = onUndecided(this.#circuit, now);
    endTrial(held);
    this.#keeper.count(slot, outcome, { now, resetMinute: this.#settings.dailyResetMinute });
    this.#dispatch(lane);
    if (isTrial || circuitBefore !== this.#circuit || outcome.kind === "failed") this.#dispatchAll();
  }

  #onOk(held: Held, now: number): void {
    this.#heal(held);
    const { affinityKey } = held.ask;
    if (this.#settings.isAffinityOn && affinityKey !== undefined) this.#affinity.set(affinityKey, held.slot.member.credential.id, now);
  }

  /** The provider accepted a request: rests that began before it set out are over. */
  #heal({ slot, taken }: Held): void {
    this.#circuit = onReached(this.#circuit);
    if (taken > slot.member.lastRested) this.#keeper.setMemberRest(slot.member, null);
    if (taken < slot.lastRested) return;
    slot.ladderStep = 0;
    this.#keeper.setSlotRest(slot, null);
  }

  #onFailed(held: Held, outcome: Extract<Outcome, { kind: "failed" }>, now: number): void {
    const { lane, slot, taken } = held;
    const { failure: cause } = outcome;
    this.#circuit = onFailed(this.#circuit, cause, { at: now, credential: slot.member.credential.id, isTest: held === this.#test });
    if (outcome.when === "committed") return;
    if (cause.kind === "unknown_model") lane.absentUntilAt = now + MODEL_ABSENT_MS;
    const hasOthers = lane.slots.some(({ member }) => member !== slot.member && !isQuarantined(member));
    const change = afterFailure(slot, cause, {
      now,
      random: this.#random,
      ladderMs: this.#settings.cooldownLadderMs,
      taken,
      hasOthers: hasOthers ? "others" : "alone",
      trouble: outcome.trouble ?? "first",
    });
    if (change.ladderStep !== undefined) slot.ladderStep = change.ladderStep;
    if (change.slotRest !== undefined) {
      slot.lastRested = ++this.#ordinal;
      this.#keeper.setSlotRest(slot, change.slotRest);
      if (change.slotRest.reason === "rate_limited") this.#restGroup(slot, change.slotRest);
    }
    if (change.memberRest !== undefined) {
      slot.member.lastRested = ++this.#ordinal;
      this.#keeper.setMemberRest(slot.member, change.memberRest);
    }
  }

  /** Models that share a quota met its limit together. */
  #restGroup(slot: Slot, rest: Rest): void {
    const group = this.#settings.quotaGroups.find((models) => models.includes(slot.model)) ?? [];
    for (const model of group) {
      const peer = model === slot.model ? undefined : slotOf(slot.member, model);
      if (peer === undefined || (peer.rest !== null && peer.rest.untilAt >= rest.untilAt)) continue;
      peer.lastRested = this.#ordinal;
      this.#keeper.setSlotRest(peer, rest);
    }
  }

  #enqueue(lane: Lane, ask: Ask, now: number): Promise<Lease | Failure> {
    return new Promise((done) => {
      const resolve = (result: Lease | Failure) => {
        cancelDeadline();
        ask.signal?.removeEventListener("abort", onAbort);
        lane.waiters.delete(waiter);
        if (lane.waiters.size === 0) lane.stopWaking();
        this.#queued -= 1;
        done(result);
      };
      const waiter: Waiter = { ask, resolve };
      const onAbort = () => resolve(clientGone());
      const cancelDeadline = this.#clock.after(
        ask.deadlineAt - now,
        () => resolve(this.#refuse(lane, ask, "deadline")),
      );
      ask.signal?.addEventListener("abort", onAbort, { once: true });
      lane.waiters.add(waiter);
      this.#queued += 1;
    });
  }

  #dispatchAll(): void {
    for (const lane of this.#lanes.values()) if (lane.waiters.size > 0) this.#dispatch(lane);
  }

  /** Serves, in arrival order, everybody who waits and can be served or must be turned away now. */
  #dispatch(lane: Lane): void {
    const now = this.#clock.now();
    this.#rollDay(now);
    /** Holds for all who exclude nobody, from the first of them that got nothing. */
    let forTheRest: Outlook | undefined;
    for (const waiter of lane.waiters) {
      const { ask } = waiter;
      const isOpen = ask.exclude.size === 0;
      const found = isOpen && forTheRest !== undefined ? forTheRest : this.#outlook(lane, ask, now);
      if (isOpen && found.kind !== "slot") forTheRest = found;
      const outlook = within(ask.deadlineAt, found, now);
      if (outlook.kind === "wait") lane.wakeAt(outlook.wakeAt);
      else waiter.resolve(this.#answer(lane, ask, outlook));
    }
  }

  #refuse(lane: Lane, ask: Ask, kind: FailureKind): Failure {
    const now = this.#clock.now();
    const gateAt = gate(this.#circuit, now);
    return refusal({
      kind,
      provider: this.provider,
      model: ask.model,
      members: lane.slots.map((slot) => reportSlot(slot, now)),
      circuitUntilAt: typeof gateAt === "number" ? gateAt : undefined,
      now,
    });
  }

  #rollDay(now: number): void {
    if (now < this.#nextDayAt) return;
    this.#nextDayAt = nextDayStart(now, this.#settings.dailyResetMinute);
    this.#keeper.beginDay(this.#members.values(), now);
    this.#dispatchAll();
  }
}

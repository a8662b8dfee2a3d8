/**
 * The pool of one provider: acquire a lease on the best credential, settle it once. All state of members
 * changes here and nowhere else; what to choose and what a failure does are decided by pure functions.
 */
import type { Credential } from "../credentials/credential.ts";
import { type Clock, type Random, systemClock, systemRandom } from "../kernel/clock.ts";
import type { Failure, FailureKind } from "../kernel/failure.ts";
import { Affinity } from "./affinity.ts";
import { type Circuit, CLOSED, gate, onFailed, onReached, onUndecided } from "./circuit.ts";
import { afterFailure, availability, isDisabled, isOutOfUse, stands } from "./health.ts";
import { clientGone, endTrial, type Held } from "./held.ts";
import { Keeper } from "./keeper.ts";
import type { Ask, Lane } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import { Lease, type Outcome } from "./lease.ts";
import { type Member, newMember, newSlot, type Slot, slotOf } from "./member.ts";
import { type Outlook, outlookOf, within } from "./outlook.ts";
import { nextDayStart } from "./quota.ts";
import { type MemberReport, type MemberStatus, memberStatus, refusal, reportMember, reportSlot } from "./report.ts";
import { DEFAULT_POOL_SETTINGS, type PoolOptions, type PoolSettings } from "./settings.ts";

export type { Ask } from "./lane.ts";
export { DEFAULT_POOL_SETTINGS, type PoolOptions, type PoolSettings } from "./settings.ts";

const MODEL_ABSENT_MS = 10 * 60_000;

export class Pool {
  readonly provider: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #keeper: Keeper;
  readonly #members = new Map<string, Member>();
  readonly #lanes: Lanes;
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
    this.#lanes = new Lanes({
      clock: this.#clock,
      wake: (lane) => this.#dispatch(lane),
      slotsOf: (model) => this.#slots(model),
      onForgotten: (model) => this.#members.forEach((member) => member.slots.delete(model)),
    });
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
    this.#queued += 1;
    return lane.wait(ask, { atDeadline: () => this.#refuse(lane, ask, "deadline"), onLeft: () => void (this.#queued -= 1) });
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
    for (const lane of this.#lanes.all()) {
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

  /**
   * Takes a credential out of use until it is enabled, also over a restart; what it has under way goes on. Like the other
   * two, undefined when there is no such credential, else how it is now.
   */
  disable(credentialId: string): MemberReport | undefined {
    return this.#change(credentialId, (member) => {
      // Requests that set out before must not end it by their success.
      member.lastRested = ++this.#ordinal;
      this.#keeper.disable(member);
    });
  }

  /** A disabled credential is used again, whatever kept it from use before it was disabled. */
  enable(credentialId: string): MemberReport | undefined {
    return this.#change(credentialId, (member) => {
      if (isDisabled(member)) this.#keeper.setMemberRest(member, null);
    });
  }

  /** Ends every rest of a credential and starts its ladders again; a disabled one stays disabled. */
  reset(credentialId: string): MemberReport | undefined {
    return this.#change(credentialId, (member) => this.#keeper.endRests(member));
  }

  #change(credentialId: string, change: (member: Member) => void): MemberReport | undefined {
    const member = this.#members.get(credentialId);
    if (member === undefined || member.isDraining) return undefined;
    this.#rollDay(this.#clock.now());
    change(member);
    this.#dispatchAll();
    return reportMember(member, this.#clock.now());
  }

  /** Every credential in use, with its state and the models that rest on it, for people. */
  status(): MemberStatus[] {
    const now = this.#clock.now();
    this.#rollDay(now);
    return this.#activeMembers().map((member) => memberStatus(member, now));
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

  /** Requests at once per credential and model; `Infinity` = unlimited. */
  get maxInFlight(): number {
    return this.#settings.maxInFlight;
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
    for (const lane of this.#lanes.all()) {
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
    return this.#lanes.of(model, this.#size);
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
      firstPosition: lane.current?.position ?? 0,
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
    if (this.#settings.rotation === "sequential") lane.moveOn(slot, now);
    return new Lease({
      credential: member.credential,
      model: slot.model,
      onAnswered: () => this.#answered(held),
      onSettle: (outcome) => this.#settle(held, outcome),
    });
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
    const hasOthers = lane.slots.some(({ member }) => member !== slot.member && !isOutOfUse(member));
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
      const groups = change.slotRest.reason === "rate_limited" ? this.#settings.quotaGroups : [];
      this.#keeper.restPeers(slot, change.slotRest, { groups, ordinal: this.#ordinal });
    }
    if (change.memberRest !== undefined) {
      slot.member.lastRested = ++this.#ordinal;
      this.#keeper.setMemberRest(slot.member, change.memberRest);
    }
  }

  #dispatchAll(): void {
    for (const lane of this.#lanes.all()) if (lane.waiters.size > 0) this.#dispatch(lane);
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

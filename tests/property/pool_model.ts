/**
 * A pool as one would explain it on a blackboard: lists, filters and sorts, no timers and no events. It
 * shares no code with the real one and says what that must do with each request at each instant.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LADDER_MS = [10, 30, 60, 120, 300, 900, 3600].map((seconds) => seconds * SECOND);

/** How a lease may end. `hintMs` is the provider's. */
export type Ending =
  | { readonly kind: "ok" | "cancelled" | "bad_request" | "internal" | "unknown_model" | "denied" | "rejected" | "cut" }
  | { readonly kind: "limited" | "out_of_credit"; readonly hintMs?: number }
  | { readonly kind: "server_error" | "unreachable"; readonly trouble: "first" | "repeated" };

interface ModelRest {
  readonly untilAt: number;
  /** One request may test it from then on. */
  readonly testAt: number;
  /** Only a success ends it. */
  readonly isQuarantine: boolean;
  readonly cause: string;
  readonly isHinted: boolean;
  readonly step: number;
}

interface ModelSlot {
  rest: ModelRest | null;
  /** When a failure last rested it, in events. */
  restedTick: number;
  ladder: number;
  inFlight: number;
  today: number;
}

export interface ModelMember extends Pick<ModelSlot, "rest" | "restedTick"> {
  readonly id: string;
  /** Place in the configuration; undefined = not in it. */
  place: { readonly position: number; readonly priority: number } | undefined;
  usedTick: number;
  trial: ModelLease | undefined;
  readonly slots: Map<string, ModelSlot>;
}

export interface ModelLease {
  readonly member: ModelMember;
  readonly model: string;
  readonly takenTick: number;
  readonly affinityKey: string | undefined;
}

export interface ModelAsk {
  readonly model: string;
  readonly exclude: ReadonlySet<string>;
  readonly deadlineAt: number;
  readonly affinityKey: string | undefined;
}

/** `take`: this member and no other, at once. */
export type Verdict =
  | { readonly kind: "take"; readonly member: ModelMember; readonly equals: readonly ModelMember[] }
  | { readonly kind: "wait" }
  | { readonly kind: "refuse"; readonly as: string };

type State = { readonly kind: "free" | "trial" | "testing" } | { readonly kind: "rests"; readonly untilAt: number };

export class PoolModel {
  readonly members = new Map<string, ModelMember>();
  readonly #maxInFlight: number;
  readonly #absentUntilAt = new Map<string, number>();
  readonly #affinity = new Map<string, { readonly id: string; readonly at: number }>();
  #now: number;
  #tick = 0;
  #transportFailures: { readonly at: number; readonly id: string }[] = [];
  #openUntilAt: number | undefined;
  #test: ModelLease | undefined;

  constructor(options: { readonly maxInFlight: number; readonly now: number }) {
    this.#maxInFlight = options.maxInFlight;
    this.#now = options.now;
  }

  /** Time passes; at 03:00 UTC what nobody asked for ends. */
  moveTo(now: number): void {
    const day = (at: number) => Math.floor((at - 3 * HOUR) / DAY);
    const isNewDay = day(now) > day(this.#now);
    this.#now = now;
    if (!isNewDay) return;
    const survives = (rest: ModelRest | null) =>
      rest !== null && (rest.isHinted || rest.cause === "rejected" || rest.cause === "disabled") ? rest : null;
    for (const member of this.members.values()) {
      member.rest = survives(member.rest);
      for (const slot of member.slots.values()) Object.assign(slot, { rest: survives(slot.rest), ladder: 0, today: 0 });
    }
  }

  replace(places: readonly { readonly id: string; readonly priority: number }[]): void {
    for (const member of this.members.values()) member.place = undefined;
    places.forEach(({ id, priority }, position) => {
      const fresh = { id, place: undefined, rest: null, restedTick: 0, usedTick: 0, trial: undefined, slots: new Map() };
      const member = this.members.get(id) ?? fresh;
      member.place = { position, priority };
      this.members.set(id, member);
    });
  }

  /** A person switches a credential off, which nothing but that person undoes. */
  disable(id: string): void {
    const member = this.#placed(id);
    if (member !== undefined) this.#restMember(member, plain("disabled", Infinity));
  }

  enable(id: string): void {
    const member = this.#placed(id);
    if (member !== undefined && isDisabled(member)) member.rest = null;
  }

  /** A person says that a credential is fine again. */
  reset(id: string): void {
    const member = this.#placed(id);
    if (member === undefined) return;
    if (!isDisabled(member)) member.rest = null;
    for (const slot of member.slots.values()) Object.assign(slot, { rest: null, ladder: 0 });
  }

  /** What a request must get at this instant. */
  verdict(ask: ModelAsk): Verdict {
    if (this.#now >= ask.deadlineAt) return { kind: "refuse", as: "deadline" };
    if (this.#now < (this.#absentUntilAt.get(ask.model) ?? 0)) return { kind: "refuse", as: "unknown_model" };
    if (this.#openUntilAt !== undefined && this.#now < this.#openUntilAt) {
      return this.#openUntilAt < ask.deadlineAt ? { kind: "wait" } : { kind: "refuse", as: "circuit_open" };
    }
    if (this.#test !== undefined) return { kind: "wait" };
    const all = this.#active().filter((member) => !isDisabled(member)).map((member) => ({ member, state: this.#state(member, ask.model) }));
    const some = all.filter(({ member }) => !ask.exclude.has(member.id));
    const candidates = some.filter(({ state }) => state.kind === "free" || state.kind === "trial").map(({ member }) => member);
    if (candidates.length > 0) return this.#choose(ask, candidates);
    if (some.some(({ state }) => state.kind === "testing")) return { kind: "wait" };
    const ends = some.map(({ state }) => state.kind === "rests" ? state.untilAt : Infinity);
    if (ends.length > 0) return Math.min(...ends) < ask.deadlineAt ? { kind: "wait" } : { kind: "refuse", as: "all_resting" };
    const everybodyRests = all.length > 0 && all.every(({ state }) => state.kind === "rests");
    return { kind: "refuse", as: everybodyRests ? "all_resting" : "no_credential" };
  }

  #choose(ask: ModelAsk, candidates: ModelMember[]): Verdict {
    const best = Math.min(...candidates.map((member) => member.place?.priority ?? 0));
    const equals = candidates.filter((member) =>
      member.place?.priority === best && this.#slot(member, ask.model).inFlight < this.#maxInFlight
    );
    const known = ask.affinityKey === undefined ? undefined : this.#affinity.get(ask.affinityKey);
    const preferred = known !== undefined && this.#now - known.at < HOUR ? equals.find(({ id }) => id === known.id) : undefined;
    const busy = (member: ModelMember) => Number([...member.slots.values()].some(({ inFlight }) => inFlight > 0));
    const [first] = [...equals].sort((a, b) =>
      busy(a) - busy(b) || this.#slot(a, ask.model).today - this.#slot(b, ask.model).today || a.usedTick - b.usedTick
    );
    if (first === undefined) return { kind: "wait" };
    return { kind: "take", member: preferred ?? first, equals };
  }

  take(ask: ModelAsk, member: ModelMember): ModelLease {
    const lease = { member, model: ask.model, takenTick: ++this.#tick, affinityKey: ask.affinityKey };
    if (this.#state(member, ask.model).kind === "trial") member.trial = lease;
    if (this.#openUntilAt !== undefined) this.#test = lease;
    const slot = this.#slot(member, ask.model);
    slot.inFlight += 1;
    slot.today += 1;
    member.usedTick = lease.takenTick;
    return lease;
  }

  /** The provider accepted the request. */
  accept(lease: ModelLease): void {
    const { member, takenTick } = lease;
    const slot = this.#slot(member, lease.model);
    this.#reach();
    if (takenTick > member.restedTick) member.rest = null;
    if (takenTick > slot.restedTick) Object.assign(slot, { rest: null, ladder: 0 });
    this.#endTests(lease);
  }

  settle(lease: ModelLease, ending: Ending): void {
    const slot = this.#slot(lease.member, lease.model);
    slot.inFlight -= 1;
    switch (ending.kind) {
      case "ok":
        this.accept(lease);
        if (lease.affinityKey !== undefined) this.#affinity.set(lease.affinityKey, { id: lease.member.id, at: this.#now });
        break;
      case "cancelled":
      case "internal":
        if (this.#test === lease) this.#openUntilAt = this.#now;
        break;
      case "unreachable":
      case "cut":
        this.#miss(lease);
        break;
      default:
        this.#reach();
    }
    this.#rest(lease, ending);
    this.#endTests(lease);
  }

  #placed(id: string): ModelMember | undefined {
    return this.#active().find((member) => member.id === id);
  }

  #active(): ModelMember[] {
    return [...this.members.values()].filter((member) => member.place !== undefined)
      .sort((a, b) => (a.place?.position ?? 0) - (b.place?.position ?? 0));
  }

  #slot(member: ModelMember, model: string): ModelSlot {
    const slot = member.slots.get(model) ?? { rest: null, restedTick: 0, ladder: 0, inFlight: 0, today: 0 };
    member.slots.set(model, slot);
    return slot;
  }

  #stands(rest: ModelRest | null): rest is ModelRest {
    return rest !== null && (rest.isQuarantine || this.#now < rest.untilAt);
  }

  #state(member: ModelMember, model: string): State {
    const slot = this.#slot(member, model);
    const standing = [member.rest, slot.rest].filter((rest) => this.#stands(rest));
    if (standing.length === 0) return { kind: "free" };
    const untilAt = Math.max(...standing.map((rest) => Math.min(rest.testAt, rest.untilAt)));
    if (untilAt > this.#now) return { kind: "rests", untilAt };
    return { kind: member.trial !== undefined || slot.inFlight >= this.#maxInFlight ? "testing" : "trial" };
  }

  #endTests(lease: ModelLease): void {
    if (lease.member.trial === lease) lease.member.trial = undefined;
    if (this.#test === lease) this.#test = undefined;
  }

  #reach(): void {
    this.#transportFailures = [];
    this.#openUntilAt = undefined;
    this.#test = undefined;
  }

  #miss({ member }: ModelLease): void {
    if (this.#test !== undefined) {
      this.#test = undefined;
      this.#openUntilAt = this.#now + 15 * SECOND;
    }
    if (this.#openUntilAt !== undefined) return;
    this.#transportFailures.push({ at: this.#now, id: member.id });
    const recent = this.#transportFailures.filter(({ at }) => this.#now - at < 30 * SECOND).slice(-5);
    if (recent.length === 5 && new Set(recent.map(({ id }) => id)).size > 1) this.#openUntilAt = this.#now + 15 * SECOND;
  }

  #rest(lease: ModelLease, ending: Ending): void {
    const { member, model } = lease;
    const until = (untilMs: number) => this.#now + untilMs;
    switch (ending.kind) {
      case "unknown_model":
        this.#absentUntilAt.set(model, until(10 * MINUTE));
        return;
      case "denied":
        return this.#restSlot(lease, plain("denied", until(10 * MINUTE)), until(10 * MINUTE));
      case "server_error":
      case "unreachable": {
        const others = this.#active().filter((other) => other !== member && other.rest?.isQuarantine !== true && !isDisabled(other));
        if (ending.trouble === "first" && others.length > 0) {
          this.#restSlot(lease, plain("trouble", until(30 * SECOND)), until(30 * SECOND));
        }
        return;
      }
      case "limited":
        return this.#limit(lease, ending.hintMs);
      case "rejected":
        return this.#quarantine(lease, { cause: "rejected", firstMs: 5 * MINUTE, longestMs: 6 * HOUR });
      case "out_of_credit":
        return this.#quarantine(lease, { cause: "out_of_credit", firstMs: HOUR, longestMs: DAY, hintMs: ending.hintMs });
      default:
        return;
    }
  }

  #limit(lease: ModelLease, hintMs: number | undefined): void {
    const { member } = lease;
    const slot = this.#slot(member, lease.model);
    if (hintMs === undefined && this.#stands(slot.rest) && slot.rest.cause === "limited" && lease.takenTick < slot.restedTick) return;
    const restMs = hintMs ?? LADDER_MS[Math.min(slot.ladder, LADDER_MS.length - 1)] ?? 0;
    if (hintMs === undefined) slot.ladder += 1;
    const rest = hintMs === undefined ? plain("limited", this.#now + restMs) : hinted("limited", this.#now, hintMs);
    this.#restSlot(lease, rest, this.#now + HOUR);
    if (member.rest?.isQuarantine === true || isDisabled(member)) return;
    const limited = [...member.slots.entries()].filter(([model, other]) =>
      model === lease.model || (this.#stands(other.rest) && other.rest.cause === "limited")
    );
    if (limited.length >= 3) this.#restMember(member, plain("many_models", this.#now + 5 * MINUTE));
  }

  #quarantine(
    lease: ModelLease,
    kind: { readonly cause: string; readonly firstMs: number; readonly longestMs: number; readonly hintMs?: number | undefined },
  ): void {
    const { member, takenTick } = lease;
    if (isDisabled(member)) return;
    const { hintMs } = kind;
    const running = this.#stands(member.rest) ? member.rest : null;
    const again = running !== null && running.cause === kind.cause;
    const isOld = again && takenTick < member.restedTick;
    if (isOld && hintMs === undefined) return;
    const step = !again ? 0 : isOld ? running.step : running.step + 1;
    const ownMs = Math.min(kind.firstMs * 2 ** step, kind.longestMs);
    const fresh = hintMs === undefined ? plain(kind.cause, this.#now + ownMs) : hinted(kind.cause, this.#now, hintMs);
    const rest = longer(running, { ...fresh, step, isQuarantine: true }, this.#now + HOUR);
    this.#restMember(member, again ? { ...rest, step } : rest);
  }

  #restSlot({ member, model }: ModelLease, fresh: ModelRest, retestAt: number): void {
    const slot = this.#slot(member, model);
    slot.rest = longer(slot.rest, fresh, retestAt);
    slot.restedTick = ++this.#tick;
  }

  #restMember(member: ModelMember, rest: ModelRest): void {
    member.rest = rest;
    member.restedTick = ++this.#tick;
  }
}

function isDisabled({ rest }: ModelMember): boolean {
  return rest?.cause === "disabled";
}

function plain(cause: string, untilAt: number): ModelRest {
  return { untilAt, testAt: untilAt, isQuarantine: false, cause, isHinted: false, step: 0 };
}

function hinted(cause: string, now: number, hintMs: number): ModelRest {
  return { ...plain(cause, now + hintMs), testAt: now + Math.min(hintMs, HOUR), isHinted: true };
}

/** Of two rests the one that ends later stays, and is tested again no sooner than `retestAt`. */
function longer(running: ModelRest | null, fresh: ModelRest, retestAt: number): ModelRest {
  if (running === null || running.untilAt <= fresh.untilAt) return fresh;
  return { ...running, testAt: Math.max(running.testAt, Math.min(retestAt, running.untilAt)) };
}

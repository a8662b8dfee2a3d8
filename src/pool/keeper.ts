/**
 * The pool's memory: what is written to the journal as state changes, and what is read back at start.
 * Members' rests change only through here, so nothing that should survive a restart is forgotten.
 */
import type { RestRow, StoredState, UsageRow } from "../store/store.ts";
import type { Outcome } from "./lease.ts";
import { endsWithDay, isDisabled } from "./health.ts";
import { type Member, noCounters, type Rest, type Slot, slotOf } from "./member.ts";
import { dayName, dayStart } from "./quota.ts";

/** Takes changes; never blocks and never throws (`store/write_behind.ts`). */
export interface Journal {
  record(row: UsageRow): void;
  rest(row: RestRow): void;
  endRest(key: { readonly credential: string; readonly model: string | null }): void;
  reset(at: number): void;
}

/** A rest that only a person ends. */
const DISABLED: Rest = { untilAt: Infinity, reason: "disabled", isHinted: false, step: 0, trialAt: null };

export class Keeper {
  readonly #journal: Journal | undefined;
  readonly #lastResetAt: number | null;
  /** By credential. */
  readonly #usage: ReadonlyMap<string, readonly UsageRow[]>;
  readonly #rests: ReadonlyMap<string, readonly RestRow[]>;
  /** Instant of the last daily reset that what is stored has seen, epoch ms. */
  #storedResetAt = 0;

  constructor(options: { readonly journal: Journal | undefined; readonly stored: StoredState | undefined }) {
    this.#journal = options.journal;
    this.#lastResetAt = options.stored?.lastResetAt ?? null;
    this.#usage = Map.groupBy(options.stored?.usage ?? [], (row) => row.credential);
    this.#rests = Map.groupBy(options.stored?.rests ?? [], (row) => row.credential);
  }

  /** Called once, before members are revived: notes a reset that was missed while the process was down. A fresh store missed none. */
  start(now: number, resetMinute: number): void {
    this.#storedResetAt = this.#lastResetAt ?? now;
    if (this.#lastResetAt === null || this.#lastResetAt < dayStart(now, resetMinute)) this.#journal?.reset(now);
  }

  /** Gives a member what was stored about it, less what ended with a day that is over. */
  revive(member: Member, now: number, resetMinute: number): void {
    const { id } = member.credential;
    const today = dayName(now, resetMinute);
    const isPast = this.#storedResetAt < dayStart(now, resetMinute);
    for (const row of this.#usage.get(id) ?? []) {
      if (row.day !== today) continue;
      const { credential: _credential, model, day: _day, ...counters } = row;
      slotOf(member, model).today = { ...counters };
    }
    for (const row of this.#rests.get(id) ?? []) {
      const { credential: _credential, model, ...rest } = row;
      if (isPast && endsWithDay(rest)) {
        this.#journal?.endRest({ credential: id, model });
        continue;
      }
      if (model === null) {
        member.rest = rest;
        continue;
      }
      const slot = slotOf(member, model);
      slot.rest = rest;
      if (rest.reason === "rate_limited" && !rest.isHinted) slot.ladderStep = rest.step + 1;
    }
  }

  setSlotRest(slot: Slot, rest: Rest | null): void {
    this.#write({ credential: slot.member.credential.id, model: slot.model }, slot.rest, rest);
    slot.rest = rest;
  }

  setMemberRest(member: Member, rest: Rest | null): void {
    this.#write({ credential: member.credential.id, model: null }, member.rest, rest);
    member.rest = rest;
  }

  /** Models that share a quota met its limit together. `ordinal` is the instant of the failure, as `lastRested` counts. */
  restPeers(
    slot: Slot,
    rest: Rest,
    { groups, ordinal }: { readonly groups: readonly (readonly string[])[]; readonly ordinal: number },
  ): void {
    const group = groups.find((models) => models.includes(slot.model)) ?? [];
    for (const model of group) {
      const peer = model === slot.model ? undefined : slotOf(slot.member, model);
      if (peer === undefined || (peer.rest !== null && peer.rest.untilAt >= rest.untilAt)) continue;
      peer.lastRested = ordinal;
      this.setSlotRest(peer, rest);
    }
  }

  disable(member: Member): void {
    this.setMemberRest(member, DISABLED);
  }

  /** Whatever rests of a member is fresh again; only what a person switched off stays so. */
  endRests(member: Member): void {
    if (!isDisabled(member)) this.setMemberRest(member, null);
    for (const slot of member.slots.values()) {
      slot.ladderStep = 0;
      this.setSlotRest(slot, null);
    }
  }

  #write(key: { credential: string; model: string | null }, before: Rest | null, after: Rest | null): void {
    if (after !== null) this.#journal?.rest({ ...key, ...after });
    else if (before !== null) this.#journal?.endRest(key);
  }

  /** Adds one settled lease to today's counters. */
  count(slot: Slot, outcome: Outcome, day: { readonly now: number; readonly resetMinute: number }): void {
    const { today } = slot;
    if (outcome.kind === "failed") today.failureCount += 1;
    const usage = outcome.kind === "cancelled" ? undefined : outcome.usage;
    if (usage !== undefined) {
      today.inputTokens += usage.inputTokens;
      today.cachedTokens += usage.cachedTokens;
      today.outputTokens += usage.outputTokens;
      today.costUsd += usage.costUsd ?? 0;
    }
    this.#journal?.record({
      credential: slot.member.credential.id,
      model: slot.model,
      day: dayName(day.now, day.resetMinute),
      ...today,
    });
  }

  /** Counters and ladders start again, and the rests that the proxy invented end. */
  beginDay(members: Iterable<Member>, now: number): void {
    for (const member of members) {
      if (member.rest !== null && endsWithDay(member.rest)) this.setMemberRest(member, null);
      for (const slot of member.slots.values()) {
        slot.today = noCounters();
        slot.ladderStep = 0;
        if (slot.rest !== null && endsWithDay(slot.rest)) this.setSlotRest(slot, null);
      }
    }
    this.#journal?.reset(now);
  }
}

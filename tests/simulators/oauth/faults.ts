/**
 * Faults as data: which requests a rule is about, what happens to them and how often. Rules are asked in the
 * order they were made; a rule that is used up is as if it were not there.
 */
import type { Json } from "../../../src/kernel/json.ts";
import type { Latch } from "../latch.ts";
import type { Edit } from "../pieces.ts";
import type { ReplyHeaders } from "../reply.ts";
import type { Moment, Step } from "../step.ts";
import { type AskedMatch, type Identity, isAsked } from "./asked.ts";
import { PLAIN_HTML } from "./pages.ts";

/** What happens instead of an answer; the provider does nothing and changes nothing. */
export type Replacement =
  /** A string is sent as text, everything else as JSON. */
  | { readonly kind: "status"; readonly status: number; readonly body?: Json; readonly headers?: ReplyHeaders }
  /** A page of a proxy or a wall in between. Default status 502. */
  | { readonly kind: "html"; readonly status?: number }
  /** 200 without a body. */
  | { readonly kind: "empty" }
  /** The connection is reset and the request has no effect. */
  | { readonly kind: "drop" };

/** What happens to the provider's own answer, whatever it is; several may hold for one request. */
export type Alteration =
  /**
   * A wait until the latch opens; without one, for ever. At `request` (the default) the provider waits before it does
   * anything; else it has done its part, and the answer stops after the headers or so many pieces.
   */
  | { readonly kind: "hold"; readonly at?: Moment; readonly until?: Latch }
  /** The connection breaks after the provider did its part: RST, or FIN with the answer unfinished. */
  | { readonly kind: "reset" | "half_close"; readonly at: Moment }
  /** The pieces are cut or changed; see `pieces.ts`. */
  | { readonly kind: "edits"; readonly edits: readonly Edit[] }
  /** Headers are added, or take the place of those there are. */
  | { readonly kind: "headers"; readonly headers: ReplyHeaders };

/** Effects every simulated provider knows. */
export type WireEffect = Replacement | Alteration;

/** One rule. `effect` is one of {@link WireEffect} or one of the provider's own. */
export interface FaultRule<E extends { readonly kind: string }> {
  readonly match?: AskedMatch;
  readonly effect: E | WireEffect;
  /** Requests it holds for. Default 1; `Infinity`: until it is removed. */
  readonly times?: number;
  /** Matching requests that pass before it holds. Default 0. */
  readonly skip?: number;
}

/** A rule in force. */
export interface Fault {
  /** Requests it held for so far. */
  readonly usedCount: number;
  /** Takes the rule away; safe to call twice. */
  remove(): void;
}

interface Entry<E extends { readonly kind: string }> {
  readonly rule: FaultRule<E>;
  usedCount: number;
  skippedCount: number;
}

/** The rules of one simulator. */
export class FaultBook<E extends { readonly kind: string }> {
  #entries: Entry<E>[] = [];

  /** Puts a rule in force. */
  add(rule: FaultRule<E>): Fault {
    const entry: Entry<E> = { rule, usedCount: 0, skippedCount: 0 };
    this.#entries.push(entry);
    return {
      get usedCount() {
        return entry.usedCount;
      },
      remove: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  /** Takes all rules away. */
  clear(): void {
    this.#entries = [];
  }

  /** The first effect of an accepted kind that holds for `asked`; counts as used. */
  take<T extends E | WireEffect>(asked: Identity, accepts: (effect: E | WireEffect) => effect is T): T | undefined {
    for (const entry of this.#entries) {
      const { effect } = entry.rule;
      if (accepts(effect) && holds(entry, asked)) return effect;
    }
    return undefined;
  }

  /** Every effect of an accepted kind that holds for `asked`; each counts as used. */
  takeAll<T extends E | WireEffect>(asked: Identity, accepts: (effect: E | WireEffect) => effect is T): readonly T[] {
    return this.#entries.flatMap((entry) => {
      const { effect } = entry.rule;
      return accepts(effect) && holds(entry, asked) ? [effect] : [];
    });
  }
}

function holds<E extends { readonly kind: string }>(entry: Entry<E>, asked: Identity): boolean {
  const { match = {}, times = 1, skip = 0 } = entry.rule;
  if (entry.usedCount >= times || !isAsked(match, asked)) return false;
  if (entry.skippedCount < skip) {
    entry.skippedCount++;
    return false;
  }
  entry.usedCount++;
  return true;
}

const REPLACEMENTS = new Set(["status", "html", "empty", "drop"]);
const ALTERATIONS = new Set(["hold", "reset", "half_close", "edits", "headers"]);

/** Whether nothing but the effect happens. */
export function isReplacement(effect: { readonly kind: string }): effect is Replacement {
  return REPLACEMENTS.has(effect.kind);
}

/** Whether the provider answers and its answer is changed. */
export function isAlteration(effect: { readonly kind: string }): effect is Alteration {
  return ALTERATIONS.has(effect.kind);
}

/** The step that plays a replacement. */
export function replacementStep(effect: Replacement): Step {
  const name = `fault ${effect.kind}`;
  switch (effect.kind) {
    case "status": {
      const { status, body = "", headers = {} } = effect;
      return { name, status, headers, body: typeof body === "string" ? { from: "text", text: body } : { from: "json", json: body } };
    }
    case "html":
      return { name, status: effect.status ?? 502, body: { from: "text", text: PLAIN_HTML, contentType: "text/html; charset=utf-8" } };
    case "empty":
      return { name, status: 200, body: { from: "text", text: "" } };
    case "drop":
      return { name, body: { from: "text", text: "" }, fault: { kind: "reset", at: "request" } };
  }
}

/** `step` changed as `effect` says. */
export function alteredStep(step: Step, effect: Alteration): Step {
  switch (effect.kind) {
    case "hold": {
      const { at = "request", until } = effect;
      return { ...step, holds: [...(step.holds ?? []), { at, ...(until === undefined ? {} : { until }) }] };
    }
    case "reset":
    case "half_close":
      return { ...step, fault: { kind: effect.kind, at: effect.at } };
    case "edits":
      return { ...step, edits: [...(step.edits ?? []), ...effect.edits] };
    case "headers":
      return { ...step, headers: { ...step.headers, ...effect.headers } };
  }
}

/**
 * States of credentials as they are said everywhere: in lists, in `status` and on the live status. Pure. A word of a
 * newer server is shown as it is.
 */
import { harmless } from "./harmless.ts";
import type { Style } from "./text.ts";
import { inWords, span } from "./words.ts";

/** How a credential stands, in the words of a server's report; instants are epoch ms. */
export interface Standing {
  readonly state: string;
  /** Null: open, or it does not rest. */
  readonly until_at: number | null;
  /** Only of logins. */
  readonly login: { readonly state: string } | null;
}

/** `ready`, `cooling 42s`, `quarantined 4m10s`, `needs login`: the state, and how long it lasts. */
export function stateWords({ state, until_at, login }: Standing, at: number): string {
  if (state === "quarantined" && login?.state === "needs_login") return "needs login";
  return until_at === null ? harmless(state) : `${harmless(state)} ${span(until_at - at)}`;
}

const STYLES: ReadonlyMap<string, Style> = new Map([
  ["ready", "green"],
  ["busy", "cyan"],
  ["cooling", "yellow"],
  ["quarantined", "red"],
  ["disabled", "dim"],
]);

/** Its colour; one that serves, but not every model, is yellow. */
export function stateStyle({ state, resting }: { readonly state: string; readonly resting: readonly unknown[] }): Style {
  const isPartly = resting.length > 0 && (state === "ready" || state === "busy");
  return isPartly ? "yellow" : STYLES.get(state) ?? "bold";
}

/** `free in 42s`; empty when nobody knows. */
export function freeWords(untilAt: number | null, at: number): string {
  return untilAt === null ? "" : `free ${inWords(untilAt - at)}`;
}

/** What comes after the reason of a state; empty where nothing follows by itself. */
export function sequelWords({ state, until_at }: Pick<Standing, "state" | "until_at">): string {
  return state === "quarantined" && until_at !== null ? ", then tried again" : "";
}

/** States as a person reads them at night: a sign, a word, a colour, and why. Pure. */
import type { CredentialStatus, ProviderStatus } from "../../gateway/status_report.ts";
import { countdown } from "./countdown.ts";
import type { Span, Style } from "./line.ts";
import type { Signs } from "./signs.ts";

const COLOURS: ReadonlyMap<string, Style> = new Map([
  ["ready", "green"],
  ["busy", "cyan"],
  ["cooling", "yellow"],
  ["quarantined", "red"],
  ["disabled", "dim"],
]);

/** `● ready`, `◔ cooling 42s`: sign, word, and how long it lasts. A word of a newer server is shown as it is. */
export function stateSpan(
  { state, until_at, resting }: CredentialStatus,
  { at, signs }: { readonly at: number; readonly signs: Signs },
): Span {
  const sign = signs.states.get(state) ?? "?";
  const left = until_at === null ? "" : ` ${countdown(until_at - at)}`;
  const isPartly = resting.length > 0 && (state === "ready" || state === "busy");
  return { text: `${sign} ${state}${left}`, style: isPartly ? "yellow" : COLOURS.get(state) ?? "bold" };
}

/** `rate limit, free in 42s`. */
export function restWords({ reason, until_at }: { readonly reason: string; readonly until_at: number | null }, at: number): string {
  const why = reason === "" ? "rests" : reason;
  if (until_at === null) return why;
  return until_at <= at ? `${why}, free now` : `${why}, free in ${countdown(until_at - at)}`;
}

/** Why a credential is in its state, whose sign tells how long; empty when there is nothing to add. */
export function reasonWords({ state, reason, until_at, login }: CredentialStatus): string {
  if (state === "quarantined") {
    const why = reason === "" ? "refused by the provider" : reason;
    return until_at === null ? `${why}: replace the key, or log in again` : `${why}, then tried again`;
  }
  if (reason !== "") return reason;
  if (state === "disabled") return "switched off; e switches it on";
  return login === null || login.reason === "" ? "" : `login ${login.reason}`;
}

/** The state of a provider's circuit. */
export function circuitSpan({ circuit }: ProviderStatus): Span {
  switch (circuit) {
    case "closed":
      return { text: "circuit closed", style: "dim" };
    case "open":
      return { text: "CIRCUIT OPEN", style: "red" };
    case "half_open":
      return { text: "CIRCUIT HALF-OPEN", style: "yellow" };
    default:
      return { text: `circuit ${circuit}`, style: "bold" };
  }
}

/** What that means for its requests; empty when it means nothing. */
export function circuitWords({ circuit }: ProviderStatus): string {
  switch (circuit) {
    case "open":
      return "it cannot be reached and is left alone for some seconds, whatever the key";
    case "half_open":
      return "one request tries whether it can be reached again";
    default:
      return "";
  }
}

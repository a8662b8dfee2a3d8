/** States as a person reads them at night: a sign, a word, a colour, and why. Pure. */
import type { CredentialStatus, ProviderStatus } from "../../gateway/status_report.ts";
import { freeWords, sequelWords, stateStyle, stateWords } from "../../terminal/state_words.ts";
import type { Cell } from "../../terminal/text.ts";
import type { Signs } from "./signs.ts";

/** `● ready`, `◔ cooling 42s`: sign, word, and how long it lasts. */
export function stateSpan(credential: CredentialStatus, { at, signs }: { readonly at: number; readonly signs: Signs }): Cell {
  return { text: `${signs.states.get(credential.state) ?? "?"} ${stateWords(credential, at)}`, style: stateStyle(credential) };
}

/** `rate limit, free in 42s`. */
export function restWords({ reason, until_at }: { readonly reason: string; readonly until_at: number | null }, at: number): string {
  return [reason === "" ? "rests" : reason, freeWords(until_at, at)].filter((it) => it !== "").join(", ");
}

/** Why a credential is in its state, whose sign tells how long; empty when there is nothing to add. */
export function reasonWords(credential: CredentialStatus): string {
  const { state, reason, login } = credential;
  if (state === "quarantined") {
    const why = reason === "" ? "refused by the provider" : reason;
    return why + (sequelWords(credential) || ": replace the key, or log in again");
  }
  if (reason !== "") return reason;
  if (state === "disabled") return "switched off; e switches it on";
  return login === null || login.reason === "" ? "" : `login ${login.reason}`;
}

/** The state of a provider's circuit. */
export function circuitSpan({ circuit }: ProviderStatus): Cell {
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

/** Everything the simulated Qwen remembers, in one place; the endpoints are functions of it and a request. */
import type { Clock } from "../../../src/kernel/clock.ts";
import type { Asked } from "../oauth/asked.ts";
import type { FaultBook } from "../oauth/faults.ts";
import type { SeededTokens } from "../oauth/seeded_tokens.ts";
import type { TokenFamilies } from "../oauth/token_families.ts";
import { ofKind, type QwenEffect } from "./effects.ts";

/** What the user does with a code: nothing yet, or an answer. */
export type Decision = "pending" | "allowed" | "denied";

/** A device that asked for a code. */
export interface Device {
  readonly code: string;
  readonly userCode: string;
  readonly challenge: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  decision: Decision;
  account: string;
  /** Epoch ms; -Infinity before the first poll. */
  lastPollAt: number;
  isUsed: boolean;
}

/** Which of the two chat hosts an account is served at. */
export type Home = "first" | "second";

export interface QwenState {
  readonly clock: Clock;
  readonly tokens: SeededTokens;
  readonly families: TokenFamilies;
  readonly clientId: string;
  readonly strictness: "strict" | "lenient";
  /** `http://127.0.0.1:<port>`; known once the server listens. */
  url: string;
  /** What becomes of a new device's code at once. */
  consent: Decision;
  /** Who allows. */
  account: string;
  readonly devices: Map<string, Device>;
  /** Accounts that do not live at the first host. */
  readonly homes: Map<string, Home>;
  readonly apiKeys: ReadonlySet<string>;
  readonly faults: FaultBook<QwenEffect>;
}

/** The first effect of one of these kinds that holds for `asked`. */
export function effectOf<K extends QwenEffect["kind"]>(
  state: QwenState,
  asked: Asked,
  ...kinds: readonly K[]
): Extract<QwenEffect, { readonly kind: K }> | undefined {
  return state.faults.take(asked, ofKind(...kinds));
}

/** How the token endpoint names the chat host of an account: without scheme for the first, as an address for the other. */
export function resourceUrl(state: QwenState, account: string): string {
  return state.homes.get(account) === "second" ? `${state.url}/second/v1` : state.url.replace("http://", "");
}

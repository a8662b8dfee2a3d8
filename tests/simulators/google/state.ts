/** Everything the simulated Google remembers, in one place; the endpoints are functions of it and a request. */
import type { Clock } from "../../../src/kernel/clock.ts";
import type { Asked } from "../oauth/asked.ts";
import type { FaultBook } from "../oauth/faults.ts";
import type { SeededTokens } from "../oauth/seeded_tokens.ts";
import type { TokenFamilies } from "../oauth/token_families.ts";
import type { AccountState } from "./accounts.ts";
import { ofKind } from "./effects.ts";
import type { GoogleEffect } from "./effects.ts";

/** What the person at the browser does. */
export interface Consent {
  /** E-mail of who is logged in; `__sim_user` in the authorize URL comes first. */
  account: string;
  /**
   * `allow` and `deny` answer at once, `ask` shows a page with both as links, `wrong_state` allows but returns
   * another state.
   */
  answer: "allow" | "deny" | "ask" | "wrong_state";
}

/** A code that was given out. */
export interface AuthorizationCode {
  readonly account: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly challenge: string | null;
  readonly hasRefreshToken: boolean;
  /** Epoch ms. */
  readonly expiresAt: number;
  isUsed: boolean;
}

export interface GoogleState {
  readonly clock: Clock;
  readonly tokens: SeededTokens;
  readonly families: TokenFamilies;
  /** By e-mail. */
  readonly accounts: ReadonlyMap<string, AccountState>;
  readonly client: { readonly id: string; readonly secret: string };
  readonly strictness: "strict" | "lenient";
  readonly consent: Consent;
  readonly codes: Map<string, AuthorizationCode>;
  readonly faults: FaultBook<GoogleEffect>;
}

/** The account of that e-mail. Throws when there is none: the test named a person who does not exist. */
export function accountOf(state: GoogleState, email: string): AccountState {
  const account = state.accounts.get(email);
  if (account === undefined) throw new Error(`No account "${email}": the simulator knows ${[...state.accounts.keys()].join(", ")}`);
  return account;
}

/** The first effect of one of these kinds that holds for `asked`. */
export function effectOf<K extends GoogleEffect["kind"]>(
  state: GoogleState,
  asked: Asked,
  ...kinds: readonly K[]
): Extract<GoogleEffect, { readonly kind: K }> | undefined {
  return state.faults.take(asked, ofKind(...kinds));
}

/** Everything the simulated iFlow remembers, in one place; the endpoints are functions of it and a request. */
import type { Clock } from "../../../src/kernel/clock.ts";
import type { Asked } from "../oauth/asked.ts";
import type { FaultBook } from "../oauth/faults.ts";
import type { SeededTokens } from "../oauth/seeded_tokens.ts";
import type { TokenFamilies } from "../oauth/token_families.ts";
import { type IflowEffect, ofKind } from "./effects.ts";

/** What the person at the browser does: `ask` shows a page with links, `wrong_state` allows but returns another state. */
export type Consent = "allow" | "deny" | "ask" | "wrong_state";

/** `required`: calls must be signed. `optional`: they need not. `wrong_is_403`: they need not, but a wrong signature is refused. */
export type SignatureRule = "required" | "optional" | "wrong_is_403";

/** A code that was given out. */
export interface Code {
  readonly account: string;
  readonly redirectUri: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  isUsed: boolean;
}

export interface IflowState {
  readonly clock: Clock;
  readonly tokens: SeededTokens;
  readonly families: TokenFamilies;
  readonly client: { readonly id: string; readonly secret: string };
  readonly strictness: "strict" | "lenient";
  readonly signature: SignatureRule;
  readonly keyLife: "stays" | "ends_with_token";
  consent: Consent;
  /** E-mail of who is logged in at the browser. */
  account: string;
  readonly codes: Map<string, Code>;
  /** The key of each account that is good now. */
  readonly keys: Map<string, string>;
  /** Keys that were good once, with their account. */
  readonly deadKeys: Map<string, string>;
  readonly apiKeys: ReadonlySet<string>;
  readonly faults: FaultBook<IflowEffect>;
}

/** The key of an account, made when there is none. */
export function keyOf(state: IflowState, account: string): string {
  const key = state.keys.get(account) ?? `sk-${state.tokens.hex(`key:${account}`)}`;
  state.keys.set(account, key);
  return key;
}

/** Ends the key of an account. */
export function endKey(state: IflowState, account: string): void {
  const key = state.keys.get(account);
  if (key === undefined) return;
  state.keys.delete(account);
  state.deadKeys.set(key, account);
}

/** The account a key belongs or belonged to. */
export function ownerOfKey(state: IflowState, key: string): string | undefined {
  return [...state.keys].find(([, held]) => held === key)?.[0] ?? state.deadKeys.get(key);
}

/** The first effect of one of these kinds that holds for `asked`. */
export function effectOf<K extends IflowEffect["kind"]>(
  state: IflowState,
  asked: Asked,
  ...kinds: readonly K[]
): Extract<IflowEffect, { readonly kind: K }> | undefined {
  return state.faults.take(asked, ofKind(...kinds));
}

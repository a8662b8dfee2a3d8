/**
 * What a login holds: its grant, and what is known of the copy that is kept. The login and the renewal under
 * way share one. A newer grant from outside always wins over a renewal of the older one.
 */
import { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";

/** Where a grant came from. `renewed`: from the token endpoint just now; `completed`: the same tokens with more known. */
export type GrantSource = "renewed" | "completed" | "adopted";

export class Holding {
  readonly #onChange: () => void;
  #grant: Grant;
  #kept: Grant;
  #saving: Grant | undefined;
  #unsaved: string | undefined;
  #obtainedAt: number | undefined;
  #generation = 0;
  #replacedCount = 0;

  /** `onChange` is called after every change of the grant. */
  constructor(grant: Grant, onChange: () => void) {
    this.#grant = grant;
    this.#kept = grant;
    this.#onChange = onChange;
  }

  get grant(): Grant {
    return this.#grant;
  }

  /** The grant as it was last seen or written where it is kept. */
  get kept(): Grant {
    return this.#kept;
  }

  /** Why the grant is in memory only; undefined when it is kept. */
  get unsaved(): string | undefined {
    return this.#unsaved;
  }

  /** Epoch ms at which this process got the tokens from the token endpoint; undefined when it did not. */
  get obtainedAt(): number | undefined {
    return this.#obtainedAt;
  }

  /** Counts the changes of the grant. */
  get generation(): number {
    return this.#generation;
  }

  /** Counts the changes from outside. */
  get replacedCount(): number {
    return this.#replacedCount;
  }

  /** The grant that is written from now until it is held: whoever reads it back meanwhile finds nothing new. */
  beginSaving(grant: Grant): void {
    this.#saving = grant;
  }

  /** Takes a grant that is safe where it is kept. */
  hold(grant: Grant, how: { readonly source: GrantSource; readonly now: number }): void {
    this.#kept = grant;
    this.#unsaved = undefined;
    this.#set(grant, how);
  }

  /** Takes a grant that could not be saved, and why. */
  holdUnsaved(grant: Grant, how: { readonly source: GrantSource; readonly now: number; readonly reason: string }): void {
    this.#unsaved = how.reason;
    this.#set(grant, how);
  }

  /** The grant is kept after all. */
  markSaved(kept: Grant): void {
    this.#kept = kept;
    this.#unsaved = undefined;
  }

  /** The grant is not what is kept, and could not be put there. */
  markUnsaved({ kept, reason }: { readonly kept: Grant; readonly reason: string }): void {
    this.#kept = kept;
    this.#unsaved = reason;
  }

  /** Takes a grant from outside; false when it is what is held or being written already. */
  replace(grant: Grant): boolean {
    if (hasSameFields(grant, this.#grant) || (this.#saving !== undefined && hasSameTokens(grant, this.#saving))) return false;
    this.#kept = grant;
    this.#unsaved = undefined;
    this.#replacedCount += 1;
    this.#set(grant, { source: "adopted", now: 0 });
    return true;
  }

  #set(grant: Grant, { source, now }: { readonly source: GrantSource; readonly now: number }): void {
    this.#saving = undefined;
    if (source === "renewed") this.#obtainedAt = now;
    if (source === "adopted") this.#obtainedAt = undefined;
    if (hasSameFields(grant, this.#grant)) {
      this.#grant = grant;
      return;
    }
    this.#grant = grant;
    this.#generation += 1;
    this.#onChange();
  }
}

/** What a provider is called with: some give a key with the login and take only that. */
export function callSecret(grant: Grant): Secret {
  return grant.apiKey ?? grant.accessToken;
}

/** True when neither a token nor the key differs. */
export function hasSameTokens(left: Grant, right: Grant): boolean {
  return left.accessToken.reveal() === right.accessToken.reveal() &&
    left.refreshToken?.reveal() === right.refreshToken?.reveal() &&
    left.apiKey?.reveal() === right.apiKey?.reveal();
}

function hasSameFields(left: Grant, right: Grant): boolean {
  return hasSameTokens(left, right) && plain(left) === plain(right);
}

/** Every field in one order, secrets as text: for comparing, never for showing. */
function plain(grant: Grant): string {
  const entries: [string, unknown][] = Object.entries(grant);
  entries.sort(([left], [right]) => left < right ? -1 : 1);
  return JSON.stringify(entries.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));
}

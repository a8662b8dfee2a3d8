/**
 * Which credential gave what only its account can read: signed and encrypted thoughts, by their fingerprints. Bounded
 * in number and age; forgetting one means that it is sent to whoever serves, who may refuse it.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../kernel/clock.ts";

const MAX_ENTRIES = 50_000;
const MAX_AGE_MS = 24 * 3_600_000;

export class Owners {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #entries = new Map<string, { readonly credential: string; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps who gave these. */
  learn(proofs: readonly string[], credential: string): void {
    for (const proof of proofs) {
      const key = fingerprint(proof);
      this.#entries.delete(key);
      this.#entries.set(key, { credential, at: this.#clock.now() });
    }
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break;
      this.#entries.delete(oldest);
    }
  }

  /** Who can read the latest of these. */
  ownerOf(proofs: readonly string[]): string | undefined {
    return proofs.map((proof) => this.#owner(proof)).findLast((owner) => owner !== undefined);
  }

  /** Those that another one gave. */
  foreign(proofs: readonly string[], credential: string): ReadonlySet<string> {
    return new Set(proofs.filter((proof) => (this.#owner(proof) ?? credential) !== credential));
  }

  #owner(proof: string): string | undefined {
    const entry = this.#entries.get(fingerprint(proof));
    return entry === undefined || this.#clock.now() - entry.at > MAX_AGE_MS ? undefined : entry.credential;
  }
}

function fingerprint(proof: string): string {
  return createHash("sha1").update(proof).digest("base64");
}

/**
 * How long each credential took to begin its last answers. Bounded: a few numbers a credential, and the credentials
 * that answered last.
 */

/** Answers remembered of one credential. */
const MAX_ANSWERS = 32;
/** More than a pool has; those that left the configuration go first, since they answer no more. */
const MAX_CREDENTIALS = 5_000;

export class Latencies {
  /** Last in the map is the one that answered last. */
  readonly #byCredential = new Map<string, number[]>();

  /** Notes an answer of a credential that began after `durationMs`. */
  note(credential: string, durationMs: number): void {
    const own = this.#byCredential.get(credential) ?? [];
    own.push(Math.round(durationMs));
    if (own.length > MAX_ANSWERS) own.shift();
    this.#byCredential.delete(credential);
    this.#byCredential.set(credential, own);
    if (this.#byCredential.size <= MAX_CREDENTIALS) return;
    const oldest = this.#byCredential.keys().next();
    if (oldest.done !== true) this.#byCredential.delete(oldest.value);
  }

  /** Whole ms, newest last; empty when it has not answered. */
  of(credential: string): readonly number[] {
    return this.#byCredential.get(credential) ?? [];
  }
}

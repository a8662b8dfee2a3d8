/**
 * Which credential served a conversation last. Bounded in entries and time; forgetting an entry costs a
 * cache hit at the provider, nothing else.
 */

const TTL_MS = 60 * 60_000;
const MAX_ENTRIES = 50_000;

export class Affinity {
  /** Insertion order is age: the first key is the oldest. */
  readonly #entries = new Map<string, { readonly credential: string; readonly at: number }>();

  /** Id of the credential that served `key` within the last hour. */
  get(key: string, now: number): string | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now - entry.at < TTL_MS) return entry.credential;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, credential: string, now: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { credential, at: now });
    if (this.#entries.size <= MAX_ENTRIES) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  get size(): number {
    return this.#entries.size;
  }
}

/**
 * Answers of the Responses dialect, kept so that a later request can go on from them. In memory, bounded by number,
 * size and age; what one client was answered another cannot read.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Json, JsonObject } from "../kernel/json.ts";
import type { Secret } from "../kernel/secret.ts";

const MAX_ENTRIES = 10_000;
const MAX_CHARS = 128 * 1024 * 1024;
const MAX_AGE_MS = 24 * 3_600_000;

export interface KeptResponse {
  readonly response: JsonObject;
  /** Everything that was said before the answer, as items. */
  readonly input: readonly Json[];
}

interface Entry extends KeptResponse {
  readonly client: string;
  readonly at: number;
  readonly charCount: number;
}

export interface ResponseStoreOptions {
  readonly clock: Clock;
  readonly maxEntries?: number;
  readonly maxChars?: number;
  readonly maxAgeMs?: number;
}

export class ResponseStore {
  readonly #options: Required<ResponseStoreOptions>;
  /** Oldest first. */
  readonly #kept = new Map<string, Entry>();
  #charCount = 0;

  constructor(options: ResponseStoreOptions) {
    this.#options = { maxEntries: MAX_ENTRIES, maxChars: MAX_CHARS, maxAgeMs: MAX_AGE_MS, ...options };
  }

  /** Keeps an answer under its id; the oldest ones make room. One that is too large on its own is not kept. */
  keep(id: string, { response, input }: KeptResponse, client: Secret): void {
    const charCount = JSON.stringify(response).length + JSON.stringify(input).length;
    if (charCount > this.#options.maxChars / 10) return;
    this.#drop(id);
    this.#kept.set(id, { response, input, client: client.reveal(), at: this.#options.clock.now(), charCount });
    this.#charCount += charCount;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#options.maxEntries && this.#charCount <= this.#options.maxChars) break;
      this.#drop(oldest);
    }
  }

  /** The answer, if this client was given it and it is not too old. */
  find(id: string, client: Secret): KeptResponse | undefined {
    const entry = this.#kept.get(id);
    if (entry === undefined || entry.client !== client.reveal()) return undefined;
    if (this.#options.clock.now() - entry.at <= this.#options.maxAgeMs) return entry;
    this.#drop(id);
    return undefined;
  }

  /** Forgets the answer; false when this client has none with this id. */
  remove(id: string, client: Secret): boolean {
    if (this.find(id, client) === undefined) return false;
    this.#drop(id);
    return true;
  }

  #drop(id: string): void {
    this.#charCount -= this.#kept.get(id)?.charCount ?? 0;
    this.#kept.delete(id);
  }
}

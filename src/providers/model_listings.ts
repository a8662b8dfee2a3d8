/**
 * The model lists of all providers, kept fresh behind a synchronous snapshot. A provider is asked by one
 * call at a time; when it cannot answer, its last list stays and it can still be called.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Json } from "../kernel/json.ts";
import { logger } from "../kernel/log.ts";
import { type ListedModel, readListing } from "./listing.ts";
import type { FoundFacts } from "./model_facts.ts";
import type { ListingShape } from "./row.ts";

/** An answer to a GET: `body` is undefined when it is not JSON. */
export interface JsonReply {
  readonly status: number;
  readonly body: Json | undefined;
}

/** GETs JSON. Settles within `timeoutMs` and soon after `signal` aborts; throws when no answer came. */
export type FetchJson = (
  url: string,
  headers: Readonly<Record<string, string>>,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<JsonReply>;

/** Where a provider's list is and how to ask for it. */
export interface ListingSource extends ListingPlace {
  readonly shape: ListingShape;
  /** Lists beside it, which may fail. */
  readonly further?: readonly ListingPlace[];
}

export interface ListingPlace {
  readonly url: string;
  /** Request headers, one set a credential, best first; one set without a key where none is needed. */
  readonly headerSets: readonly Readonly<Record<string, string>>[];
}

export interface ModelListingsOptions {
  /** The source as it is now, so that a changed configuration takes effect; undefined: it has no list, or no credential to ask with. */
  readonly sourceOf: (provider: string) => ListingSource | undefined;
  /** Ids of models that are known without asking. They stand in while there is no list. */
  readonly knownOf?: (provider: string) => readonly string[];
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
}

/** For one provider, over all credentials tried. */
const TIMEOUT_MS = 5_000;
const FRESH_MS = 10 * 60_000;
const FRESH_AFTER_FAILURE_MS = 60_000;
const MAX_CREDENTIALS = 3;
/** The credential was refused, so another may do better. Every other failure is the list's own. */
const REFUSALS: ReadonlySet<number> = new Set([401, 402, 403, 429]);

interface Entry {
  models: readonly ListedModel[];
  factsById: ReadonlyMap<string, FoundFacts>;
  isKnown: boolean;
  /** Why the last asking gave no list, in words for a person; null when it gave one. */
  trouble: string | null;
  /** Epoch ms at which it wants asking again. */
  staleAt: number;
  running?: Promise<void>;
}

/** The models of a place, or why it would not say. */
type Reading = { readonly models: readonly ListedModel[] } | { readonly trouble: string };

const NO_PLACE = { trouble: "it has no list, or no credential to ask with" };

export class ModelListings {
  readonly #options: ModelListingsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();

  constructor(options: ModelListingsOptions) {
    this.#options = options;
  }

  /** The last list read, in the provider's order; what is known without it while there is none. */
  models(provider: string): readonly ListedModel[] {
    const entry = this.#entries.get(provider);
    return entry?.isKnown === true ? entry.models : (this.#options.knownOf?.(provider) ?? []).map((id) => ({ id, facts: {} }));
  }

  /** Whether the provider's list was ever read. If not, the snapshot says nothing about what it does not offer. */
  isKnown(provider: string): boolean {
    return this.#entries.get(provider)?.isKnown ?? false;
  }

  /** Why the provider could not be asked for its list the last time; undefined when it could, or was not asked yet. */
  trouble(provider: string): string | undefined {
    return this.#entries.get(provider)?.trouble ?? undefined;
  }

  /** What the provider's own list says of a model: the "listing" layer of the facts. */
  facts(provider: string, model: string): FoundFacts | undefined {
    return this.#entries.get(provider)?.factsById.get(model);
  }

  /**
   * Makes the snapshots usable: waits, 5 s at most, for providers that were never asked, and has stale lists
   * read again without waiting for them. Never rejects.
   */
  async ensure(providers: readonly string[]): Promise<void> {
    const now = this.#options.clock.now();
    const first: Promise<void>[] = [];
    for (const provider of providers) {
      const entry = this.#entries.get(provider);
      if (entry !== undefined && now < entry.staleAt) continue;
      const asked = this.refresh(provider);
      if (entry === undefined || entry.staleAt === 0) first.push(asked);
    }
    await Promise.all(first);
  }

  /** Asks one provider now, or joins the call under way. Never rejects: a failure leaves the last list. */
  refresh(provider: string): Promise<void> {
    const entry: Entry = this.#entries.get(provider) ?? { models: [], factsById: new Map(), isKnown: false, trouble: null, staleAt: 0 };
    this.#entries.set(provider, entry);
    entry.running ??= this.#update(provider, entry).finally(() => delete entry.running);
    return entry.running;
  }

  /** Aborts what is under way; later calls fail at once. */
  close(): void {
    this.#closing.abort();
  }

  async #update(provider: string, entry: Entry): Promise<void> {
    const read = await this.#read(provider);
    const models = "models" in read ? read.models : [];
    const isRead = models.length > 0;
    if (isRead) {
      entry.models = models;
      entry.factsById = new Map(models.map((it) => [it.id, it.facts]));
      entry.isKnown = true;
    }
    entry.trouble = "trouble" in read ? read.trouble : isRead ? null : "its list is empty";
    entry.staleAt = this.#options.clock.now() + (isRead ? FRESH_MS : FRESH_AFTER_FAILURE_MS);
  }

  /** The provider's models, or why it would not say. Places beside the first add what they have. */
  async #read(provider: string): Promise<Reading> {
    const { clock, sourceOf } = this.#options;
    const source = sourceOf(provider);
    if (source === undefined) return NO_PLACE;
    const at = { provider, shape: source.shape, deadline: clock.now() + TIMEOUT_MS };
    const [chief = NO_PLACE, ...further] = await Promise.all([source, ...source.further ?? []].map((place) => this.#readPlace(place, at)));
    if ("trouble" in chief) return chief;
    return { models: [...chief.models, ...further.flatMap((more) => "trouble" in more ? [] : more.models)] };
  }

  async #readPlace(
    { url, headerSets }: ListingPlace,
    { provider, shape, deadline }: { readonly provider: string; readonly shape: ListingShape; readonly deadline: number },
  ): Promise<Reading> {
    const { clock, fetchJson } = this.#options;
    let trouble = NO_PLACE.trouble;
    for (const headers of headerSets.slice(0, MAX_CREDENTIALS)) {
      const timeoutMs = deadline - clock.now();
      if (timeoutMs <= 0 || this.#closing.signal.aborted) return { trouble };
      try {
        const { status, body } = await fetchJson(url, headers, { timeoutMs, signal: this.#closing.signal });
        if (status >= 200 && status < 300) return { models: readListing(shape, body) };
        logger("models").debug("Cannot list the models of {provider}: it answered with status {status}", { provider, status });
        trouble = `it answered with status ${status}`;
        if (!REFUSALS.has(status)) return { trouble };
      } catch {
        logger("models").debug("Cannot list the models of {provider}: no answer", { provider });
        return { trouble: "it did not answer" };
      }
    }
    return { trouble };
  }
}

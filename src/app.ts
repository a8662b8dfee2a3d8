/**
 * The composition root: configuration and machine in, a running application out. Plain calls in the order
 * in which things are needed; `close` undoes them in reverse.
 */
import { openModelSources } from "./app/model_sources.ts";
import { openRecords } from "./app/records.ts";
import { Running } from "./app/running.ts";
import { makeSnapshot } from "./app/snapshot.ts";
import { openState } from "./app/state.ts";
import { toldByLog } from "./app/told.ts";
import { type ConfigReading, parseConfig, type Sources } from "./config/load.ts";
import type { Problem } from "./config/problem.ts";
import { closest } from "./config/suggest.ts";
import { credentialsFromEnv } from "./credentials/from_env.ts";
import { EmbeddingBatcher } from "./gateway/batch.ts";
import type { Deps } from "./gateway/deps.ts";
import type { Exchange } from "./gateway/exchange.ts";
import { handle } from "./gateway/handle.ts";
import type { Ledger } from "./gateway/ledger.ts";
import { Redactor } from "./gateway/redact.ts";
import { RetryBudgets } from "./gateway/retry.ts";
import { createSender } from "./gateway/send.ts";
import type { ServedProvider, Snapshot } from "./gateway/snapshot.ts";
import type { HttpDeps } from "./http/deps.ts";
import { listen, type Listening } from "./http/listen.ts";
import { modelList, type ModelRow } from "./http/listings.ts";
import { buildServer } from "./http/server.ts";
import { type Clock, type Random, type Stopwatch, systemClock, systemRandom, systemStopwatch } from "./kernel/clock.ts";
import type { Pool } from "./pool/pool.ts";
import { CATALOG } from "./providers/catalog.ts";
import type { ModelListings } from "./providers/model_listings.ts";

export type { Listening } from "./http/listen.ts";

export interface AppOptions {
  readonly sources: Sources;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly stopwatch?: Stopwatch;
}

export interface App {
  /** The HTTP surface; it needs no socket to be asked. */
  readonly http: ReturnType<typeof buildServer>;
  /** Binds a socket; rejects with node's error when it cannot. */
  listen(at: { readonly host: string; readonly port: number }): Promise<Listening>;
  snapshot(): Snapshot;
  /** Reads the configuration anew; with problems the old one stays in force. */
  reload(sources: Sources): readonly Problem[];
  /** What `GET /v1/models` lists. */
  models(): Promise<readonly ModelRow[]>;
  /** Requests that are being answered. */
  readonly running: Pick<Running, "count" | "whenIdle">;
  /** Says that the process is stopping: not ready any more. */
  stop(): void;
  /** Writes what is left and lets go of everything. */
  close(): Promise<void>;
}

type GoodReading = Exclude<ConfigReading, { readonly problems: unknown }>;

/** Starts the application, or says all that is wrong with its configuration. */
export async function startApp(options: AppOptions): Promise<App | { readonly problems: readonly Problem[] }> {
  const { clock = systemClock, random = systemRandom, stopwatch = systemStopwatch } = options;
  const time = { clock, stopwatch };
  const reading = parseConfig(options.sources, { rows: CATALOG });
  if ("problems" in reading) return reading;
  const { config, variables } = reading;
  const told = toldByLog(clock);
  const redactor = new Redactor();
  const { journal, stored } = await openState(config, told);
  const pools = new Map<string, Pool>();
  const snapshotOf = (read: GoodReading) =>
    snapshotFrom(read, { pools, redactor, making: { clock, random, journal, stored }, warn: told.warn });
  let snapshot = snapshotOf(reading);

  const sender = createSender(clock);
  const { capture, ledger, ...records } = openRecords({ config, current: () => snapshot.config, redactor, told });
  const { listings, facts, ...sources } = await openModelSources({ config, variables, snapshot: () => snapshot, sender, told });
  const budgets = new RetryBudgets();
  const deps: Deps = {
    ...time,
    random,
    sender,
    recall: { remember() {}, recall: () => undefined },
    newId: () => "",
    offered: (provider) => namesOf(provider, listings),
    budget: (provider) => budgets.of(provider),
    priced: (target, usage) => facts.priced(target, usage),
    onAttempt: (exchange, record) => ledger.attempt(exchange, record),
  };
  const batcher = new EmbeddingBatcher(deps);
  const running = new Running();
  let isStopping = false;
  const http: HttpDeps = {
    ...time,
    snapshot: () => snapshot,
    openCapture: (opened) => capture.begin(opened),
    handle: (exchange) => running.track(answer(exchange, { deps, batcher, ledger })),
    listings,
    factsOf: (model) => facts.of(model),
    isStopping: () => isStopping,
  };
  const server = buildServer(http);

  return {
    http: server,
    listen: (at) => listen(server, at),
    snapshot: () => snapshot,
    reload(changed) {
      const again = parseConfig(changed, { rows: CATALOG });
      if ("problems" in again) return again.problems;
      snapshot = snapshotOf(again);
      capture.configure(again.config);
      return [];
    },
    models: async () => (await modelList(http, "enriched")).data,
    running,
    stop: () => void (isStopping = true),
    async close() {
      for (const part of [...pools.values(), sources, sender]) part.close();
      await records.close();
      await journal.close();
    },
  };
}

/** The models of a provider by the names clients use: defined ones first, then those it lists. */
function namesOf({ row, settings }: ServedProvider, listings: ModelListings): string[] {
  return [...settings.models.map((model) => model.name), ...listings.models(row.id).map((model) => model.id)];
}

/** Finds the credentials, teaches the redactor their secrets, and puts the providers together. */
function snapshotFrom(
  { config, variables, warnings }: GoodReading,
  { redactor, ...rest }: Pick<Parameters<typeof makeSnapshot>[0], "pools" | "making" | "warn"> & { readonly redactor: Redactor },
): Snapshot {
  const found = credentialsFromEnv({ variables, rows: CATALOG, mentioned: config.providers.keys(), closest });
  for (const warning of [...warnings, ...found.warnings]) rest.warn(warning);
  const keys = found.credentials.flatMap((credential) => credential.kind === "oauth" ? [] : [credential.secret]);
  redactor.learn([...config.proxyKeys, ...keys]);
  return makeSnapshot({ config, variables, found, ...rest });
}

async function answer(
  exchange: Exchange,
  { deps, batcher, ledger }: { readonly deps: Deps; readonly batcher: EmbeddingBatcher; readonly ledger: Ledger },
): Promise<void> {
  const isEmbedding = exchange.request.operation === "embeddings";
  ledger.finish(exchange, await (isEmbedding ? batcher.handle(exchange) : handle(exchange, deps)));
}

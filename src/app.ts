/**
 * The composition root: configuration and machine in, a running application out. Plain calls in the order
 * in which things are needed; `close` undoes them in reverse.
 */
import { parseConfig, type Sources } from "./config/load.ts";
import { writeFileAtomic } from "./config/atomic_file.ts";
import type { Problem } from "./config/problem.ts";
import { closest } from "./config/suggest.ts";
import { credentialsFromEnv } from "./credentials/from_env.ts";
import { EmbeddingBatcher } from "./gateway/batch.ts";
import { openCapture } from "./gateway/capture.ts";
import type { Deps } from "./gateway/deps.ts";
import type { Exchange } from "./gateway/exchange.ts";
import { Facts } from "./gateway/facts.ts";
import { openFailuresLog } from "./gateway/failures_log.ts";
import { jsonFetcher } from "./gateway/fetch_json.ts";
import { handle } from "./gateway/handle.ts";
import { Ledger } from "./gateway/ledger.ts";
import { Redactor } from "./gateway/redact.ts";
import { startRetention } from "./gateway/retention.ts";
import { RetryBudget } from "./gateway/retry.ts";
import { createSender } from "./gateway/send.ts";
import type { Snapshot } from "./gateway/snapshot.ts";
import type { HttpDeps } from "./http/deps.ts";
import { modelList, type ModelRow } from "./http/listings.ts";
import { buildServer } from "./http/server.ts";
import { type Clock, type Random, type Stopwatch, systemClock, systemRandom, systemStopwatch } from "./kernel/clock.ts";
import { logger } from "./kernel/log.ts";
import type { Pool } from "./pool/pool.ts";
import { dayName } from "./pool/quota.ts";
import { listingCall } from "./providers/adapter.ts";
import { CATALOG } from "./providers/catalog.ts";
import { ModelListings } from "./providers/model_listings.ts";
import { makeSnapshot, type PoolMaking } from "./app_snapshot.ts";
import { openStore } from "./store/open.ts";
import { WriteBehind } from "./store/write_behind.ts";

/** Usage of older days is forgotten at start. */
const USAGE_KEPT_MS = 90 * 24 * 3_600_000;

export interface AppOptions {
  readonly sources: Sources;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly stopwatch?: Stopwatch;
}

export interface App {
  readonly http: ReturnType<typeof buildServer>;
  snapshot(): Snapshot;
  /** Reads the configuration anew; with problems the old one stays in force. */
  reload(sources: Sources): readonly Problem[];
  /** What `GET /v1/models` lists. */
  models(): Promise<readonly ModelRow[]>;
  /** Requests that are being answered. */
  readonly runningCount: number;
  /** Resolves when no request is being answered. */
  whenIdle(): Promise<void>;
  /** Says that the process is stopping: not ready any more. */
  stop(): void;
  /** Writes what is left and lets go of everything. */
  close(): Promise<void>;
}

/** Starts the application, or says all that is wrong with its configuration. */
export async function startApp(options: AppOptions): Promise<App | { readonly problems: readonly Problem[] }> {
  const { clock = systemClock, random = systemRandom, stopwatch = systemStopwatch } = options;
  const reading = parseConfig(options.sources, { rows: CATALOG });
  if ("problems" in reading) return reading;
  const log = logger("app");
  const told = { clock, warn: (message: string) => log.warn(message), note: (message: string) => log.info(message) };
  const { config } = reading;
  const { dataDir } = config;

  const store = await openStore({ dataDir, ...told });
  const journal = new WriteBehind({ store, ...told });
  const today = dayName(clock.now(), config.dailyResetMinute);
  await store.prune({ beforeDay: dayName(clock.now() - USAGE_KEPT_MS, config.dailyResetMinute) });
  const making: PoolMaking = { clock, random, journal, stored: await store.load({ sinceDay: today }) };
  const redactor = new Redactor();
  const capture = openCapture({ isRequestLogOn: config.isRequestLogOn, dataDir, redactor, ...told });
  const failures = openFailuresLog({ dataDir, redactor, ...told });
  const sender = createSender(clock);
  const pools = new Map<string, Pool>();

  const snapshotOf = ({ config, variables, warnings }: Exclude<typeof reading, { problems: unknown }>): Snapshot => {
    const found = credentialsFromEnv({ variables, rows: CATALOG, mentioned: config.providers.keys(), closest });
    for (const warning of [...warnings, ...found.warnings]) log.warn(warning);
    redactor.learn([...config.proxyKeys, ...found.credentials.map((credential) => credential.secret)]);
    capture.configure(config);
    return makeSnapshot({ config, variables, found, pools, making, warn: told.warn });
  };
  let snapshot = snapshotOf(reading);

  const listings = new ModelListings({
    clock,
    fetchJson: jsonFetcher(sender, clock),
    sourceOf: (provider) => listingSource(snapshot, provider),
  });
  const facts = await Facts.start({
    ...told,
    dataDir,
    listings,
    refresh: config.isModelInfoRefreshed ? "daily" : "off",
    modelsDevUrl: reading.variables.get("KEYPROXY_MODELS_DEV_URL")?.value,
    saveText: (path, text) => writeFileAtomic(path, text, 0o600),
  });
  const retention = startRetention({
    ...told,
    dataDir,
    limits: () => ({ retentionDays: snapshot.config.logRetentionDays, maxBytes: snapshot.config.logMaxBytes }),
  });
  const ledger = new Ledger({ failures, clock, log: logger("request") });

  const budgets = new Map<string, RetryBudget>();
  const deps: Deps = {
    clock,
    random,
    stopwatch,
    sender,
    offered: ({ row, settings }) => [...settings.models.map((model) => model.name), ...listings.models(row.id).map((model) => model.id)],
    budget: (provider) => budgets.get(provider) ?? remember(budgets, provider),
    priced: (target, usage) => facts.priced(target, usage),
    onAttempt: (exchange, record) => ledger.attempt(exchange, record),
  };
  const batcher = new EmbeddingBatcher(deps);
  const running = new Running();
  let isStopping = false;
  const http: HttpDeps = {
    snapshot: () => snapshot,
    clock,
    stopwatch,
    openCapture: (opened) => capture.begin(opened),
    handle: (exchange) => running.track(answer(exchange, { deps, batcher, ledger })),
    listModels: (providers) => listings.ensure(providers),
    modelsOf: (provider) => listings.models(provider.row.id),
    factsOf: (model) => facts.of(model),
    isStopping: () => isStopping,
  };

  return {
    http: buildServer(http),
    snapshot: () => snapshot,
    reload(sources) {
      const again = parseConfig(sources, { rows: CATALOG });
      if ("problems" in again) return again.problems;
      snapshot = snapshotOf(again);
      return [];
    },
    models: async () => (await modelList(http, "enriched")).data,
    get runningCount() {
      return running.count;
    },
    whenIdle: () => running.whenIdle(),
    stop() {
      isStopping = true;
    },
    async close() {
      for (const pool of pools.values()) pool.close();
      facts.close();
      listings.close();
      sender.close();
      await retention.stop();
      await Promise.all([capture.close(), failures.close()]);
      await journal.close();
    },
  };
}

async function answer(
  exchange: Exchange,
  { deps, batcher, ledger }: { readonly deps: Deps; readonly batcher: EmbeddingBatcher; readonly ledger: Ledger },
): Promise<void> {
  const isEmbedding = exchange.request.operation === "embeddings";
  ledger.finish(exchange, await (isEmbedding ? batcher.handle(exchange) : handle(exchange, deps)));
}

/** How to ask a provider for its models: one set of headers a credential, as they would be sent with a call. */
function listingSource(snapshot: Snapshot, provider: string) {
  const served = snapshot.providers.get(provider);
  if (served === undefined || served.row.listing === null) return undefined;
  const calls = served.pool.credentials().map((credential) => listingCall(served.row, credential)).filter((call) => call !== undefined);
  const [first] = calls;
  if (first === undefined) return undefined;
  return { url: first.url.href, shape: served.row.listing.shape, headerSets: calls.map((call) => call.headers) };
}

function remember(budgets: Map<string, RetryBudget>, provider: string): RetryBudget {
  const budget = new RetryBudget();
  budgets.set(provider, budget);
  return budget;
}

/** Counts what is under way, so that stopping can wait for it. */
class Running {
  count = 0;
  #idle: (() => void)[] = [];

  async track(work: Promise<void>): Promise<void> {
    this.count += 1;
    try {
      await work;
    } finally {
      this.count -= 1;
      if (this.count === 0) this.#idle.splice(0).forEach((resolve) => resolve());
    }
  }

  whenIdle(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}

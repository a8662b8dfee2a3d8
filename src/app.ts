/**
 * The composition root: configuration and machine in, a running application out. Plain calls in the order
 * in which things are needed; `close` undoes them in reverse.
 */
import { randomUUID } from "node:crypto";
import { openAdmin } from "./app/admin.ts";
import { type ModelOverview, modelOverview } from "./app/model_overview.ts";
import { openModelSources } from "./app/model_sources.ts";
import { openRecords } from "./app/records.ts";
import { Running } from "./app/running.ts";
import { Served } from "./app/served.ts";
import { openState } from "./app/state.ts";
import { toldByLog } from "./app/told.ts";
import { parseConfig, type Sources } from "./config/load.ts";
import type { Problem } from "./config/problem.ts";
import { createRecall } from "./dialects/gemini/recall.ts";
import { EmbeddingBatcher } from "./gateway/batch.ts";
import { count } from "./gateway/count.ts";
import type { Deps } from "./gateway/deps.ts";
import type { Ending, Exchange } from "./gateway/exchange.ts";
import { handle } from "./gateway/handle.ts";
import type { Ledger } from "./gateway/ledger.ts";
import { listOwned } from "./gateway/owned_list.ts";
import { Redactor } from "./gateway/redact.ts";
import { Owners } from "./gateway/owners.ts";
import { RetryBudgets } from "./gateway/retry.ts";
import { ResponseStore } from "./gateway/response_store.ts";
import { createSender } from "./gateway/send.ts";
import type { ServedProvider, Snapshot } from "./gateway/snapshot.ts";
import type { HttpDeps } from "./http/deps.ts";
import { listen, type Listening } from "./http/listen.ts";
import { buildServer } from "./http/server.ts";
import { type Clock, type Random, type Stopwatch, systemClock, systemRandom, systemStopwatch } from "./kernel/clock.ts";
import { CATALOG } from "./providers/catalog.ts";
import type { ModelListings } from "./providers/model_listings.ts";

export type { Listening } from "./http/listen.ts";

export interface AppOptions {
  readonly sources: Sources;
  /** Reads the configuration anew when a client asks for that; by default from the places that `sources` came from. */
  readonly readSources?: () => Promise<Sources>;
  /** For the endpoints of logins. */
  readonly fetch?: typeof fetch;
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
  /** Reads configuration and logins anew; with problems the old ones stay in force. */
  reload(sources: Sources): Promise<readonly Problem[]>;
  /** What `GET /v1/models` lists, what it does not list, and why. */
  models(): Promise<ModelOverview>;
  /** Requests that are being answered. */
  readonly running: Pick<Running, "count" | "whenIdle">;
  /** Says that the process is stopping: not ready any more, and nobody listens to its events. */
  stop(): void;
  /** Writes what is left and lets go of everything. */
  close(): Promise<void>;
}

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
  const making = { clock, random, journal, stored };
  const served = await Served.open(reading, options.sources, { told, making, redactor, fetch: options.fetch ?? fetch });
  const sender = createSender(clock);
  const { capture, ledger, ...records } = openRecords({ config, current: () => served.snapshot.config, redactor, told });
  const { listings, facts, ...sources } = await openModelSources({ config, variables, snapshot: () => served.snapshot, sender, told });
  const deps = requestDeps({ time, random, sender, listings, facts, ledger });
  const batcher = new EmbeddingBatcher(deps);
  const running = new Running();
  let isStopping = false;
  const reload = async (changed: Sources) => {
    const problems = await served.reload(changed);
    capture.configure(served.snapshot.config);
    return problems;
  };
  const admin = openAdmin({ clock, ledger, redactor, running, served, isStopping: () => isStopping, reload, reading: options });
  const http: HttpDeps = {
    ...time,
    snapshot: () => served.snapshot,
    openCapture: (opened) => capture.begin(opened),
    handle: (exchange) => running.track(answer(exchange, { deps, batcher, ledger })),
    responses: new ResponseStore({ clock }),
    listings,
    factsOf: (model) => facts.of(model),
    isStopping: () => isStopping,
    admin,
  };
  const server = buildServer(http);

  return {
    http: server,
    listen: (at) => listen(server, at),
    snapshot: () => served.snapshot,
    reload,
    async models() {
      await facts.loaded;
      return await modelOverview(http, listings);
    },
    running,
    stop() {
      isStopping = true;
      admin.events.close();
    },
    async close() {
      admin.events.close();
      await served.close();
      for (const part of [sources, sender]) part.close();
      await records.close();
      await journal.close();
    },
  };
}

/** What the request line works with. */
function requestDeps(
  made: Pick<Deps, "random" | "sender"> & {
    readonly time: { readonly clock: Clock; readonly stopwatch: Stopwatch };
    readonly listings: ModelListings;
    readonly facts: { priced: Deps["priced"] };
    readonly ledger: Ledger;
  },
): Deps {
  const { time, random, sender, listings, facts, ledger } = made;
  const budgets = new RetryBudgets();
  return {
    ...time,
    random,
    sender,
    recall: createRecall(time),
    owners: new Owners(time.clock),
    newId: () => randomUUID(),
    offered: (provider) => namesOf(provider, listings),
    budget: (provider) => budgets.of(provider),
    priced: (target, usage) => facts.priced(target, usage),
    onAttempt: (exchange, record) => ledger.attempt(exchange, record),
  };
}

/** The models of a provider by the names clients use: defined ones first, then those it lists. */
function namesOf({ row, settings }: ServedProvider, listings: ModelListings): string[] {
  return [...settings.models.map((model) => model.name), ...listings.models(row.id).map((model) => model.id)];
}

async function answer(
  exchange: Exchange,
  { deps, batcher, ledger }: { readonly deps: Deps; readonly batcher: EmbeddingBatcher; readonly ledger: Ledger },
): Promise<void> {
  ledger.finish(exchange, await answered(exchange, { deps, batcher }));
}

function answered(
  exchange: Exchange,
  { deps, batcher }: { readonly deps: Deps; readonly batcher: EmbeddingBatcher },
): Promise<Ending> {
  const { operation, native } = exchange.request;
  if (operation === "embeddings") return batcher.handle(exchange);
  if (operation === "count") return count(exchange, deps);
  const list = native.raw?.list;
  return list === undefined ? handle(exchange, deps) : listOwned(exchange, list, deps);
}

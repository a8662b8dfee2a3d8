/**
 * What is served now: the snapshot of configuration, providers and credentials. A reload makes a new one, one
 * reload after the other; pools and logins live on.
 */
import { type ConfigReading, parseConfig, type Sources } from "../config/load.ts";
import type { Problem } from "../config/problem.ts";
import { closest } from "../config/suggest.ts";
import { credentialsFromEnv } from "../credentials/from_env.ts";
import type { Redactor } from "../gateway/redact.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { Pool } from "../pool/pool.ts";
import { CATALOG } from "../providers/catalog.ts";
import { Logins } from "./logins.ts";
import { ServiceAccounts } from "./service_accounts.ts";
import { makeSnapshot, type PoolMaking } from "./snapshot.ts";
import type { Told } from "./told.ts";

/** A configuration without problems. */
export type GoodReading = Exclude<ConfigReading, { readonly problems: unknown }>;

export interface ServedOptions {
  readonly told: Told;
  readonly making: PoolMaking;
  readonly redactor: Redactor;
  readonly fetch: typeof fetch;
}

export class Served {
  readonly #options: ServedOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #logins: Logins;
  readonly #accounts: ServiceAccounts;
  #current: Snapshot | undefined;
  #madeAt = 0;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(options: ServedOptions) {
    this.#options = options;
    const { told, making: { random }, fetch, redactor } = options;
    this.#accounts = new ServiceAccounts({ clock: told.clock, fetch, learn: (secrets) => redactor.learn(secrets) });
    this.#logins = new Logins({
      told,
      random,
      fetch,
      learn: (secrets) => redactor.learn(secrets),
      onRenewed: ({ provider, id }) => this.#pools.get(provider)?.reinstate(id),
    });
  }

  /** Finds everything that can be served. */
  static async open(reading: GoodReading, sources: Sources, options: ServedOptions): Promise<Served> {
    const served = new Served(options);
    served.#current = await served.#make(reading, sources);
    const { config } = reading;
    served.#logins.start(() => served.snapshot.config.oauthRefreshIntervalMs, config.isOauthInitCheckSkipped ? "after_interval" : "soon");
    return served;
  }

  get snapshot(): Snapshot {
    if (this.#current === undefined) throw new Error("Cannot serve before the credentials were found");
    return this.#current;
  }

  /** Since when the snapshot is in force, epoch ms. */
  get madeAt(): number {
    return this.#madeAt;
  }

  /** Reads configuration and logins anew; with problems the old ones stay in force. */
  reload(sources: Sources): Promise<readonly Problem[]> {
    const reading = parseConfig(sources, { rows: CATALOG });
    if ("problems" in reading) return Promise.resolve(reading.problems);
    // What was asked for last is what stays.
    const done = this.#reloading.then(async () => {
      this.#current = await this.#make(reading, sources);
      return [];
    });
    this.#reloading = done.catch(() => {});
    return done;
  }

  /** Lets renewals of logins finish, then turns away everybody who waits for a credential. */
  async close(): Promise<void> {
    await this.#logins.close();
    for (const pool of this.#pools.values()) pool.close();
  }

  /** Finds the credentials, teaches the redactor their secrets, and puts the providers together. */
  async #make({ config, variables, warnings }: GoodReading, { cwd, env }: Sources): Promise<Snapshot> {
    const { told, redactor, making } = this.#options;
    const found = credentialsFromEnv({ variables, rows: CATALOG, mentioned: config.providers.keys(), closest });
    const logins = await this.#logins.find({ config, variables, cwd, env });
    const accounts = await this.#accounts.find({ variables, cwd });
    for (const warning of [...warnings, ...found.warnings, ...logins.warnings, ...accounts.warnings]) told.warn(warning);
    const keys = found.credentials.flatMap((credential) => credential.kind === "oauth" ? [] : [credential.secret]);
    redactor.learn([...config.proxyKeys, ...config.adminKeys, ...keys]);
    this.#madeAt = told.clock.now();
    const credentials = [...found.credentials, ...logins.credentials, ...accounts.credentials];
    return makeSnapshot({ config, variables, found: { ...found, credentials }, pools: this.#pools, making, warn: told.warn });
  }
}

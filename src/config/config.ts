/**
 * The configuration a request sees: one immutable value, built by `load.ts` from all sources. Reload makes
 * a new one; running requests keep theirs. Every duration is ms, every size bytes.
 */
import type { LogFormat, LogLevel } from "../kernel/log.ts";
import type { ModelNames } from "./model_names.ts";
import type { Secret } from "../kernel/secret.ts";

export interface ModelDefinition {
  /** The name clients use, after `provider/`. */
  readonly name: string;
  /** The id the provider knows; equals `name` unless given. */
  readonly id: string;
  /** Defaults laid under the request; `reasoning_effort` wins over it. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ProviderSettings {
  /** In-flight limit per credential and model; `Infinity` = unlimited; absent = the row's default. */
  readonly maxInFlight?: number;
  readonly rotation: "balanced" | "sequential";
  readonly ignoreModels: readonly string[];
  readonly whitelistModels: readonly string[];
  readonly models: readonly ModelDefinition[];
  /** Model to use instead when none can serve; by the model's name as it stands in variables (`nameOfId`). */
  readonly fallbacks: ReadonlyMap<string, string>;
}

export interface Config {
  readonly host: string;
  readonly port: number;
  /** Accepted client keys; empty = open. */
  readonly proxyKeys: readonly Secret[];
  /** Keys of the admin routes; empty = the proxy keys, from this machine only. */
  readonly adminKeys: readonly Secret[];
  readonly corsOrigins: readonly string[];
  /** Directory of `keyproxy.db`, `logs/` and `oauth_creds/`. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly isRequestLogOn: boolean;
  readonly logRetentionDays: number;
  readonly logMaxBytes: number;
  readonly globalTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  readonly answerTimeoutMs: number;
  /** 0 = off. */
  readonly heartbeatMs: number;
  readonly shutdownGraceMs: number;
  readonly rotationTolerance: number;
  readonly isAffinityOn: boolean;
  readonly maxQueue: number;
  readonly maxBodyBytes: number;
  /** Minutes after 00:00 UTC at which a new day begins. */
  readonly dailyResetMinute: number;
  readonly cooldownLadderMs: readonly number[];
  readonly oauthRefreshIntervalMs: number;
  readonly isOauthInitCheckSkipped: boolean;
  readonly embedding: { readonly isBatched: boolean; readonly maxItems: number; readonly windowMs: number };
  readonly isModelInfoRefreshed: boolean;
  /** A request that cannot be carried over whole into its provider's format is refused. */
  readonly isStrict: boolean;
  readonly modelNames: ModelNames;
  /** Proxies for calls to providers; secret because an address may hold a password. */
  readonly upstreamProxy: { readonly https: Secret | null; readonly http: Secret | null; readonly noProxy: readonly string[] };
  /** Settings per provider id; a provider without any has no entry. */
  readonly providers: ReadonlyMap<string, ProviderSettings>;
}

/**
 * Every setting once: its variable, flag, kind, default and one line of help. Loading, `.env.example` and
 * `docs/config.md` all read this table, so a setting that is not here does not exist.
 */
import { LOG_LEVELS, type LogLevel } from "../kernel/log.ts";
import {
  decimal,
  integer,
  type Kind,
  list,
  listenHost,
  LONGEST_SECONDS,
  modelPatterns,
  oneOf,
  onOff,
  origins,
  path,
  proxyAddress,
  seconds,
  secondsList,
  secrets,
  timeOfDay,
} from "./kinds.ts";

/** The groups settings are shown in, in this order. */
export const GROUPS = {
  server: { title: "Server", help: "Where keyproxy listens, who may use it and where it keeps its files." },
  time: { title: "Time limits", help: "How long each step of a request may take." },
  rotation: { title: "Choosing and resting keys", help: "Which key serves a request, and how long a key rests after a limit." },
  embeddings: { title: "Embeddings", help: "Small embedding requests that arrive together share one call to the provider." },
  models: { title: "Models", help: "Names of models, and what is known about them: context length, prices." },
  logging: { title: "Logging", help: "The program's own log on standard error, and the optional record of whole requests." },
  logins: { title: "Logins", help: "Credentials that come from a login instead of a key." },
  network: { title: "Outgoing connections", help: "The way from keyproxy to the providers." },
} as const;

export type GroupId = keyof typeof GROUPS;

/** A flag of the command line. */
export interface Flag {
  readonly name: `--${string}`;
  /** What the flag takes, e.g. `port`; absent: it is on when given. */
  readonly value?: string;
}

export interface Setting<T> {
  readonly env: string;
  /** Further names the variable is known by elsewhere; weaker than `env`. */
  readonly aliases?: readonly string[];
  readonly flag?: Flag;
  readonly kind: Kind<T>;
  /** The default as one would write it; read by the same kind. Blank: nothing. */
  readonly default: string;
  readonly help: string;
  readonly group: GroupId;
  readonly example: string;
  /** Its value is never shown. */
  readonly isSecret?: true;
}

/** Keeps the kind's type while the table is written as plain literals. */
function setting<T>(fields: Setting<T>): Setting<T> {
  return fields;
}

const TIMEOUT = { min: 0.1, max: LONGEST_SECONDS };

export const SETTINGS = {
  proxyKeys: setting({
    env: "PROXY_API_KEY",
    kind: secrets("the keys your own applications must send"),
    default: "",
    help: "Keys your applications send to keyproxy, separated by commas. Without one, keyproxy serves this machine only.",
    group: "server",
    example: "kp-a-long-random-text",
    isSecret: true,
  }),
  adminKeys: setting({
    env: "KEYPROXY_ADMIN_KEY",
    kind: secrets("the keys that may look at and steer the server"),
    default: "",
    help:
      "Keys for the admin routes (status, reload, credentials on and off), separated by commas. Without one, PROXY_API_KEY opens them, from this machine only.",
    group: "server",
    example: "kp-another-long-random-text",
    isSecret: true,
  }),
  host: setting({
    env: "HOST",
    flag: { name: "--host", value: "address" },
    kind: listenHost(),
    default: "0.0.0.0",
    help: "Address to listen on. 127.0.0.1 is this machine only, 0.0.0.0 every network it is on.",
    group: "server",
    example: "127.0.0.1",
  }),
  port: setting({
    env: "PORT",
    flag: { name: "--port", value: "port" },
    kind: integer({ min: 0, max: 65535 }),
    default: "8000",
    help: "Port to listen on. 0 picks a free one and prints it.",
    group: "server",
    example: "9000",
  }),
  corsOrigins: setting({
    env: "CORS_ORIGINS",
    kind: origins(),
    default: "",
    help: "Web pages that may call keyproxy from a browser, separated by commas; * allows all. Blank: none.",
    group: "server",
    example: "https://app.example",
  }),
  dataDir: setting({
    env: "KEYPROXY_DATA_DIR",
    flag: { name: "--data-dir", value: "directory" },
    kind: path(),
    default: ".",
    help: "Directory of the database, the logs and stored logins. Relative to the working directory.",
    group: "server",
    example: "/var/lib/keyproxy",
  }),
  maxBodyBytes: setting({
    env: "MAX_BODY_BYTES",
    kind: integer({ min: 1, max: 2 ** 30 }),
    default: "33554432",
    help: "Largest request body in bytes; a larger one is answered with 413.",
    group: "server",
    example: "67108864",
  }),
  shutdownGraceMs: setting({
    env: "SHUTDOWN_GRACE_SECONDS",
    kind: seconds({ min: 0, max: 24 * 3600 }),
    default: "25",
    help: "Seconds that running requests get to finish when keyproxy is stopped.",
    group: "server",
    example: "60",
  }),
  globalTimeoutMs: setting({
    env: "GLOBAL_TIMEOUT",
    kind: seconds(TIMEOUT),
    default: "30",
    help: "Seconds until the first useful byte of an answer: waiting for a key and failed attempts included.",
    group: "time",
    example: "60",
  }),
  connectTimeoutMs: setting({
    env: "TIMEOUT_CONNECT",
    kind: seconds(TIMEOUT),
    default: "10",
    help: "Seconds to connect to a provider.",
    group: "time",
    example: "5",
  }),
  streamIdleTimeoutMs: setting({
    env: "TIMEOUT_READ_STREAMING",
    kind: seconds(TIMEOUT),
    default: "300",
    help: "Seconds a stream that has begun may stay silent.",
    group: "time",
    example: "120",
  }),
  answerTimeoutMs: setting({
    env: "TIMEOUT_READ_NON_STREAMING",
    kind: seconds(TIMEOUT),
    default: "600",
    help: "Seconds for a whole answer that is not streamed.",
    group: "time",
    example: "900",
  }),
  heartbeatMs: setting({
    env: "STREAM_HEARTBEAT_SECONDS",
    kind: seconds({ min: 0, max: 3600 }),
    default: "15",
    help: "Seconds of silence after which a stream gets a sign of life, so that nothing in between hangs up. 0: never.",
    group: "time",
    example: "30",
  }),
  rotationTolerance: setting({
    env: "ROTATION_TOLERANCE",
    kind: decimal({ min: 0, max: 1_000_000 }),
    default: "0",
    help: "0 always takes the least used key. Above 0 chooses by chance, and the higher the number, the more evenly.",
    group: "rotation",
    example: "3",
  }),
  isAffinityOn: setting({
    env: "SESSION_AFFINITY",
    kind: onOff(),
    default: "true",
    help: "A conversation stays with the key that served it last while that key is healthy. Keeps provider caches warm.",
    group: "rotation",
    example: "false",
  }),
  maxQueue: setting({
    env: "MAX_QUEUE",
    kind: integer({ min: 0, max: 1_000_000 }),
    default: "1000",
    help: "Requests that may wait for a key, per provider. One more is answered with 503 at once.",
    group: "rotation",
    example: "100",
  }),
  dailyResetMinute: setting({
    env: "DAILY_RESET_TIME_UTC",
    kind: timeOfDay(),
    default: "03:00",
    help: "Time of day, in UTC, at which daily counters start again.",
    group: "rotation",
    example: "00:00",
  }),
  cooldownLadderMs: setting({
    env: "COOLDOWN_LADDER",
    kind: secondsList({ min: 1, max: LONGEST_SECONDS }),
    default: "10,30,60,120,300,900,3600",
    help: "Seconds a key rests for a model after the first, second, … limit in a row, when the provider names no time.",
    group: "rotation",
    example: "5,15,60,300",
  }),
  isEmbeddingBatched: setting({
    env: "EMBEDDING_BATCH",
    kind: onOff(),
    default: "true",
    help: "Put embedding requests that arrive together into one call.",
    group: "embeddings",
    example: "false",
  }),
  embeddingMaxItems: setting({
    env: "EMBEDDING_BATCH_MAX_ITEMS",
    kind: integer({ min: 1, max: 4096 }),
    default: "64",
    help: "Most inputs of one such call.",
    group: "embeddings",
    example: "32",
  }),
  embeddingWindowMs: setting({
    env: "EMBEDDING_BATCH_WINDOW_MS",
    kind: integer({ min: 0, max: 10_000 }),
    default: "20",
    help: "Milliseconds the first request waits for others.",
    group: "embeddings",
    example: "50",
  }),
  isModelInfoRefreshed: setting({
    env: "MODEL_INFO_REFRESH",
    kind: onOff(),
    default: "on",
    help: "Fetch fresh facts about models from time to time. off: only what came with keyproxy.",
    group: "models",
    example: "off",
  }),
  logLevel: setting<LogLevel>({
    env: "LOG_LEVEL",
    flag: { name: "--log-level", value: "level" },
    kind: oneOf(LOG_LEVELS, { warn: "warning" }),
    default: "info",
    help: "Least serious messages to print: debug, info, warning or error.",
    group: "logging",
    example: "debug",
  }),
  logFormat: setting({
    env: "LOG_FORMAT",
    flag: { name: "--log-format", value: "format" },
    kind: oneOf(["pretty", "json"]),
    default: "pretty",
    help: "pretty for people, json for log collectors.",
    group: "logging",
    example: "json",
  }),
  isRequestLogOn: setting({
    env: "ENABLE_REQUEST_LOGGING",
    flag: { name: "--enable-request-logging" },
    kind: onOff(),
    default: "false",
    help: "Write every request and answer into the logs directory, without keys. Meant for finding faults.",
    group: "logging",
    example: "true",
  }),
  logRetentionDays: setting({
    env: "LOG_RETENTION_DAYS",
    kind: integer({ min: 1, max: 3650 }),
    default: "14",
    help: "Days after which a request's record is deleted.",
    group: "logging",
    example: "3",
  }),
  logMaxBytes: setting({
    env: "LOG_MAX_BYTES",
    kind: integer({ min: 1, max: 2 ** 50 }),
    default: "1073741824",
    help: "Bytes all records may take together; the oldest are deleted first.",
    group: "logging",
    example: "104857600",
  }),
  oauthRefreshIntervalMs: setting({
    env: "OAUTH_REFRESH_INTERVAL",
    kind: seconds({ min: 1, max: LONGEST_SECONDS }),
    default: "600",
    help: "Seconds between checks for logins that expire soon.",
    group: "logins",
    example: "300",
  }),
  isOauthInitCheckSkipped: setting({
    env: "SKIP_OAUTH_INIT_CHECK",
    kind: onOff(),
    default: "false",
    help: "Start without checking stored logins first.",
    group: "logins",
    example: "true",
  }),
  modelMap: setting({
    env: "MODEL_MAP",
    kind: modelPatterns(),
    default: "",
    help:
      "Where names without a provider lead, for clients that know only their vendor's: pattern:provider/model, separated by commas. A * in the target stands for the name as sent.",
    group: "models",
    example: "claude-*:anthropic/*,gpt-*:openrouter/openai/*",
  }),
  isStrict: setting({
    env: "KEYPROXY_STRICT",
    kind: onOff(),
    default: "false",
    help: "Refuse a request when a part of it cannot be told to its provider, instead of leaving it out and naming it in x-keyproxy-lossy.",
    group: "models",
    example: "true",
  }),
  httpsProxy: setting({
    env: "HTTPS_PROXY",
    aliases: ["https_proxy"],
    kind: proxyAddress(),
    default: "",
    help: "Proxy for calls to https:// providers.",
    group: "network",
    example: "http://proxy.example:3128",
    isSecret: true,
  }),
  httpProxy: setting({
    env: "HTTP_PROXY",
    aliases: ["http_proxy"],
    kind: proxyAddress(),
    default: "",
    help: "Proxy for calls to http:// providers.",
    group: "network",
    example: "http://proxy.example:3128",
    isSecret: true,
  }),
  noProxy: setting({
    env: "NO_PROXY",
    aliases: ["no_proxy"],
    kind: list("host names"),
    default: "",
    help: "Hosts that are called directly, separated by commas.",
    group: "network",
    example: "localhost,127.0.0.1,.internal.example",
  }),
} as const;

/** The variable that names the file to read instead of `.env`; read before anything else, so it is no setting. */
export const ENV_FILE = {
  env: "KEYPROXY_ENV_FILE",
  flag: { name: "--env-file", value: "path" },
  help: "File to read instead of `.env`. It must exist. Only a flag or the environment can name it.",
  example: "/etc/keyproxy.env",
} as const satisfies { env: string; flag: Flag; help: string; example: string };

/** Every setting, in the order of the table. */
export const ALL_SETTINGS: readonly Omit<Setting<unknown>, "kind">[] = Object.values(SETTINGS);

/** The name under which a command line keeps a flag's value: `--log-level` → `logLevel`. */
export function flagKey(flag: Flag): string {
  return flag.name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

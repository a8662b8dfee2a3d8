/**
 * From all sources to one configuration, or to every problem at once. `readSources` is the only part that
 * touches the disk; `parseConfig` is pure, and nothing it returns can be changed.
 */
import { parse } from "dotenv";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { isPlaceholder, providerNames, type Variable, type Variables } from "../kernel/variables.ts";
import { Secret } from "../kernel/secret.ts";
import type { ProviderRow } from "../providers/row.ts";
import { hasCode } from "../kernel/atomic_file.ts";
import type { Config } from "./config.ts";
import { scanEnv } from "./env_file.ts";
import { readGroups } from "./model_names.ts";
import { type Problem, shown } from "./problem.ts";
import { readProviderSettings } from "./provider_settings.ts";
import { ENV_FILE, flagKey, type Setting, SETTINGS } from "./schema.ts";
import { lookAlikeWarnings } from "./suggest.ts";

/** Values of flags by their camel-case name, as a command line parser gives them; true = the flag is on. */
export type FlagValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** What `.env` and its neighbours said. */
export interface EnvFile {
  readonly path: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Line of each name's effective assignment. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Everything that was read, before it means anything. */
export interface Sources {
  /** Absolute. */
  readonly cwd: string;
  /** Absolute path of `.env` or of the file that stands in for it; it need not exist. */
  readonly envFile: string;
  readonly flags: FlagValues;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Strongest first. */
  readonly files: readonly EnvFile[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

export type ConfigReading =
  | { readonly config: Config; readonly variables: Variables; readonly warnings: readonly string[] }
  | { readonly problems: readonly Problem[] };

/** One file's outcome: its content, nothing, or a complaint. */
interface FileReading {
  readonly file?: EnvFile;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Reads `.env` (or `envFile`, which must then exist) and the other `*.env` files of `cwd`. Never throws: what
 * cannot be read is a problem when somebody meant it, else a warning.
 */
export async function readSources(
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly flags?: FlagValues;
    readonly envFile?: string;
  },
): Promise<Sources> {
  const cwd = resolve(options.cwd);
  const named = nonBlank(options.envFile) ?? nonBlank(options.env[ENV_FILE.env]);
  const envFile = resolve(cwd, named ?? ".env");
  const others = await otherEnvFiles(cwd, envFile);
  const readings = [
    await readEnvFile(envFile, named === undefined ? "expected_maybe" : "named"),
    ...await Promise.all(others.paths.map((path) => readEnvFile(path, "found"))),
  ];
  return {
    cwd,
    envFile,
    flags: options.flags ?? {},
    env: options.env,
    files: readings.flatMap(({ file }) => file ?? []),
    problems: readings.flatMap(({ problems }) => problems),
    warnings: [...others.warnings, ...readings.flatMap(({ warnings }) => warnings)],
  };
}

async function otherEnvFiles(cwd: string, envFile: string): Promise<{ readonly paths: string[]; readonly warnings: string[] }> {
  try {
    const names = (await readdir(cwd)).filter((name) => name.endsWith(".env") && name !== ".env").sort();
    return { paths: names.map((name) => join(cwd, name)).filter((path) => path !== envFile), warnings: [] };
  } catch (error) {
    return { paths: [], warnings: [`Cannot look for .env files in "${cwd}": ${reason(error)}. Only the environment is used.`] };
  }
}

/** `named`: asked for by path. `found`: seen in the directory. `expected_maybe`: plain `.env`, which may be missing. */
async function readEnvFile(path: string, claim: "named" | "found" | "expected_maybe"): Promise<FileReading> {
  let bytes: Uint8Array;
  try {
    // Nobody meant a pipe that lies about, and reading it would wait for ever; .env itself may be one that is filled at each reading.
    if (claim === "found" && (await stat(path)).isFIFO()) return { problems: [], warnings: [`"${path}" is ignored: it is a pipe.`] };
    bytes = await readFile(path);
  } catch (error) {
    if (claim === "named") {
      return problemOf({ variable: ENV_FILE.flag.name, expected: `a file that can be read (${reason(error)})`, file: path });
    }
    // A file that was not there a moment ago may be by now; a link that leads nowhere has been there all along.
    const isThere = claim === "found" || await (hasCode(error, "ENOENT") ? isLink(path) : exists(path));
    if (!isThere) return { problems: [], warnings: [] };
    const isFolder = hasCode(error, "EISDIR");
    // Containers make one where the file to mount is missing.
    if (isFolder) return { problems: [], warnings: [`"${path}" is ignored: it is a directory, not a file.`] };
    if (claim === "found") return { problems: [], warnings: [`"${path}" is ignored: ${reason(error)}.`] };
    // Starting without a file that is there could mean starting without its PROXY_API_KEY.
    return problemOf({ variable: basename(path), expected: `a file that can be read (${reason(error)})`, file: path });
  }
  const text = decode(bytes);
  if (text === undefined) {
    return problemOf({ variable: basename(path), expected: "text in UTF-8 (this looks like another encoding)", file: path });
  }
  return readEnvText(path, text);
}

function readEnvText(path: string, text: string): FileReading {
  const lines = new Map<string, number>();
  const problems: Problem[] = [];
  for (const segment of scanEnv(text)) {
    if (segment.kind === "assignment") lines.set(segment.name, segment.line);
    if (segment.kind !== "broken") continue;
    const { line, expected } = segment;
    problems.push({ variable: `${basename(path)} line ${line}`, expected, file: path, line });
  }
  return { file: { path, variables: parse(text), lines }, problems, warnings: [] };
}

function problemOf(problem: Problem): FileReading {
  return { problems: [problem], warnings: [] };
}

/** Some editors and shells save UTF-16, which would read as one long broken line. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

async function isLink(path: string): Promise<boolean> {
  return await lstat(path).then((found) => found.isSymbolicLink(), () => false);
}

/** A directory that may not be looked into counts as empty: containers run under users that may not read it. */
async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(() => true, () => false);
}

/** What a file system error says, without the path it repeats. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function nonBlank(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

/** All variables by name: the environment over `.env` over other files. A blank value yields to any other. */
export function mergeVariables(sources: Pick<Sources, "env" | "files">): Variables {
  const merged = new Map<string, Variable>();
  const add = (name: string, value: string | undefined, origin: string) => {
    if (value === undefined) return;
    const isFree = nonBlank(merged.get(name)?.value) === undefined;
    if (!merged.has(name) || (isFree && nonBlank(value) !== undefined)) merged.set(name, Object.freeze({ value, origin }));
  };
  for (const [name, value] of Object.entries(sources.env)) add(name, value, "environment");
  for (const file of sources.files) {
    for (const [name, value] of Object.entries(file.variables)) add(name, value, file.path);
  }
  return frozenMap(merged);
}

/** The paths whose change means new sources, for `watchSources`. */
export function watchedPaths(sources: Pick<Sources, "cwd" | "envFile">): string[] {
  return [sources.envFile, join(sources.cwd, "*.env")];
}

/** What every setting means, or all that is wrong with them. Everything returned is frozen. */
export function parseConfig(sources: Sources, options: { readonly rows: readonly ProviderRow[] }): ConfigReading {
  const { problems, ...reading } = readConfig(sources, options);
  return Object.freeze(problems.length > 0 ? { problems } : reading);
}

/** A configuration in which every value that cannot be used gave way to its default, and what is wrong with each of them. */
export interface FullReading {
  readonly config: Config;
  readonly variables: Variables;
  readonly warnings: readonly string[];
  readonly problems: readonly Problem[];
}

/** As {@link parseConfig}, for those who look on when something is wrong. */
export function readConfig(sources: Sources, { rows }: { readonly rows: readonly ProviderRow[] }): FullReading {
  const variables = mergeVariables(sources);
  const problems: Problem[] = [...sources.problems];
  const warnings: string[] = [...sources.warnings];
  const names = providerNames(rows, variables);
  const blame = (variable: string, expected: string, value?: string) => {
    const origin = variables.get(variable)?.origin;
    const file = sources.files.find(({ path }) => path === origin);
    const line = file?.lines.get(variable);
    problems.push({
      variable,
      ...(value === undefined ? {} : { value: shown(value) }),
      expected,
      ...(file === undefined ? {} : { file: file.path }),
      ...(line === undefined ? {} : { line }),
    });
  };
  const read = <T>(setting: Setting<T>): T => {
    const found = findSetting(setting, sources.flags, variables);
    const reading = setting.kind.schema.safeParse(found?.text ?? setting.default);
    if (reading.success) return reading.data;
    blame(found?.name ?? setting.env, setting.kind.expected, setting.isSecret ? undefined : found?.text);
    return setting.kind.schema.parse(setting.default);
  };
  const providers = readProviderSettings({ variables, names, problem: blame, warn: (message) => warnings.push(message) });
  const config = assemble(read, { cwd: sources.cwd, providers, groups: readGroups(variables, blame) });
  warnings.push(...lookAlikeWarnings(variables, names));
  if (config.proxyKeys.some((key) => isPlaceholder(key.reveal()))) {
    warnings.push(`${SETTINGS.proxyKeys.env} still holds the text of an example: anybody could guess it.`);
  }
  return Object.freeze({ config: deepFrozen(config), variables, warnings: Object.freeze(warnings), problems: deepFrozen(problems) });
}

/** The strongest text given for a setting, and the name to blame for it. */
function findSetting(
  setting: Pick<Setting<unknown>, "env" | "aliases" | "flag">,
  flags: FlagValues,
  variables: Variables,
): { readonly name: string; readonly text: string } | undefined {
  const flagged = setting.flag === undefined ? undefined : flags[flagKey(setting.flag)];
  if (setting.flag !== undefined && flagged !== undefined) return { name: setting.flag.name, text: String(flagged) };
  for (const name of [setting.env, ...setting.aliases ?? []]) {
    const text = nonBlank(variables.get(name)?.value);
    if (text !== undefined) return { name, text };
  }
  return undefined;
}

function assemble(
  read: <T>(setting: Setting<T>) => T,
  known: { readonly cwd: string; readonly providers: Config["providers"]; readonly groups: Config["modelNames"]["groups"] },
): Config {
  return {
    host: read(SETTINGS.host),
    port: read(SETTINGS.port),
    proxyKeys: read(SETTINGS.proxyKeys),
    adminKeys: read(SETTINGS.adminKeys),
    corsOrigins: read(SETTINGS.corsOrigins),
    dataDir: resolve(known.cwd, read(SETTINGS.dataDir)),
    logLevel: read(SETTINGS.logLevel),
    logFormat: read(SETTINGS.logFormat),
    isRequestLogOn: read(SETTINGS.isRequestLogOn),
    logRetentionDays: read(SETTINGS.logRetentionDays),
    logMaxBytes: read(SETTINGS.logMaxBytes),
    globalTimeoutMs: read(SETTINGS.globalTimeoutMs),
    connectTimeoutMs: read(SETTINGS.connectTimeoutMs),
    streamIdleTimeoutMs: read(SETTINGS.streamIdleTimeoutMs),
    answerTimeoutMs: read(SETTINGS.answerTimeoutMs),
    heartbeatMs: read(SETTINGS.heartbeatMs),
    shutdownGraceMs: read(SETTINGS.shutdownGraceMs),
    rotationTolerance: read(SETTINGS.rotationTolerance),
    isAffinityOn: read(SETTINGS.isAffinityOn),
    maxQueue: read(SETTINGS.maxQueue),
    maxBodyBytes: read(SETTINGS.maxBodyBytes),
    dailyResetMinute: read(SETTINGS.dailyResetMinute),
    cooldownLadderMs: read(SETTINGS.cooldownLadderMs),
    oauthRefreshIntervalMs: read(SETTINGS.oauthRefreshIntervalMs),
    isOauthInitCheckSkipped: read(SETTINGS.isOauthInitCheckSkipped),
    embedding: {
      isBatched: read(SETTINGS.isEmbeddingBatched),
      maxItems: read(SETTINGS.embeddingMaxItems),
      windowMs: read(SETTINGS.embeddingWindowMs),
    },
    isModelInfoRefreshed: read(SETTINGS.isModelInfoRefreshed),
    isStrict: read(SETTINGS.isStrict),
    modelNames: { groups: known.groups, patterns: read(SETTINGS.modelMap) },
    upstreamProxy: { https: read(SETTINGS.httpsProxy), http: read(SETTINGS.httpProxy), noProxy: read(SETTINGS.noProxy) },
    providers: known.providers,
  };
}

/** The map with its writers taken away. */
function frozenMap<K, V>(map: Map<K, V>): ReadonlyMap<K, V> {
  const refuse = () => {
    throw new TypeError("this map is a snapshot and cannot be changed");
  };
  // Not enumerable, so that a printed map shows its entries only.
  for (const writer of ["set", "delete", "clear"]) Object.defineProperty(map, writer, { value: refuse });
  return Object.freeze(map);
}

/** Freezes a value and all it holds, maps included. */
function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const held of value.values()) deepFrozen(held);
    frozenMap(value);
    return value;
  }
  Object.freeze(value);
  if (!(value instanceof Secret)) Object.values(value).forEach((held) => deepFrozen(held));
  return value;
}

/**
 * Everything `keyproxy doctor` looks at, put together. Works with a configuration that is broken, and changes
 * nothing: no file is made, no login renewed.
 */
import process from "node:process";
import type { FullReading, Sources } from "../../config/load.ts";
import { Redactor } from "../../gateway/redact.ts";
import { providerNames } from "../../kernel/variables.ts";
import { NAME, VERSION } from "../../kernel/version.ts";
import { CATALOG } from "../../providers/catalog.ts";
import { rowInForce } from "../row_in_force.ts";
import { judgeAddress } from "./address.ts";
import { judgeClientKeys } from "./client_keys.ts";
import { type DatedAnswer, judgeClock } from "./clock.ts";
import { judgeConfiguration } from "./configuration.ts";
import { judgeData, judgeFiles } from "./files.ts";
import { AREAS, type Finding, findingsOf, printable } from "./finding.ts";
import { lookAtAddress } from "./look_at_address.ts";
import { lookAtData, lookAtFiles } from "./look_at_files.ts";
import { lookAtOutgoing } from "./look_at_outgoing.ts";
import { lookAtProvider, routeOf } from "./look_at_provider.ts";
import { judgeModelNames } from "./model_names.ts";
import { judgeOutgoing } from "./outgoing.ts";
import { ofWarning } from "./own_warnings.ts";
import { judgeNoCredentials, judgeProvider } from "./providers.ts";
import { type Check, runChecks, type RunOptions } from "./run_checks.ts";
import { type UsableCredentials, usableCredentials } from "./usable_credentials.ts";
import { judgeVersion } from "./version.ts";

const ADDRESS_ENDING = "_API_BASE";
const LOCAL_LIMIT_MS = 15_000;
/** A reach, and some credentials that all wait as long as they may. */
const PROVIDER_LIMIT_MS = 60_000;

export interface Examination extends RunOptions {
  readonly sources: Sources;
  readonly reading: FullReading;
  /** Only this provider and its credentials. */
  readonly provider?: string | undefined;
  readonly network: "online" | "offline";
}

/** All findings, by area. Never rejects. */
export async function examine(examination: Examination): Promise<Finding[]> {
  const { reading: { config, variables }, network } = examination;
  const redactor = new Redactor([...config.proxyKeys, ...config.adminKeys]);
  const credentials = await found(examination, redactor);
  const dates: DatedAnswer[] = [];
  const checks = [
    ...machineChecks(examination),
    ..."usable" in credentials ? providerChecks(credentials, { ...examination, onDate: (answer) => void dates.push(answer) }) : [],
  ];
  const findings = [
    ...await runChecks(checks, examination),
    ..."usable" in credentials
      ? [...new Set(credentials.warnings)].filter((it) => !isAboutDatabase(it)).map((it) => ofWarning(it, { area: "providers", variables }))
      : credentials.trouble,
    ...network === "online" && isAnybodyAsked(credentials) ? judgeClock(dates, process.platform) : [],
  ];
  const areas = Object.keys(AREAS);
  const clean = (text: string) => printable(redactor.text(text));
  return findings
    .map((it): Finding => it.fix === undefined ? { ...it, what: clean(it.what) } : { ...it, what: clean(it.what), fix: clean(it.fix) })
    .toSorted((left, right) => areas.indexOf(left.area) - areas.indexOf(right.area));
}

/** The database is looked at by itself. */
function isAboutDatabase(warning: string): boolean {
  return warning.startsWith("Cannot read what was used");
}

function isAnybodyAsked(credentials: UsableCredentials | { readonly trouble: readonly Finding[] }): boolean {
  return "usable" in credentials && credentials.usable.length > 0;
}

/** The credentials, or what kept them from being found. */
async function found(
  { sources, reading, clock, signal }: Examination,
  redactor: Redactor,
): Promise<UsableCredentials | { readonly trouble: readonly Finding[] }> {
  const outcome: { value?: UsableCredentials } = {};
  const check: Check = {
    name: "stored credentials",
    area: "providers",
    limitMs: LOCAL_LIMIT_MS,
    run: async () => {
      outcome.value = await usableCredentials({ sources, reading, clock, learn: (secrets) => redactor.learn(secrets) });
      return [];
    },
  };
  const trouble = await runChecks([check], { clock, signal, onProgress: () => {} });
  return outcome.value ?? { trouble };
}

/** What needs no credentials. */
function machineChecks({ sources, reading, network, clock }: Examination): Check[] {
  const { config } = reading;
  const { host, port, dataDir } = config;
  // Two checks look at the same answer.
  let asked: ReturnType<typeof lookAtAddress> | undefined;
  const address = () => asked ??= lookAtAddress({ host, port, network });
  const local = { limitMs: LOCAL_LIMIT_MS };
  return [
    {
      ...local,
      name: "the version",
      area: "version",
      run: async () => {
        const { portFact } = await address();
        const running = portFact?.kind === "ours" ? portFact.version : null;
        return judgeVersion({
          program: NAME,
          version: VERSION,
          runtime: runtime(),
          machine: `${process.platform} ${process.arch}`,
          running,
        });
      },
    },
    { ...local, name: "the settings", area: "configuration", run: () => judgeConfiguration({ sources, reading }) },
    { ...local, name: "the proxy key", area: "access", run: () => judgeClientKeys(reading) },
    { ...local, name: "the address", area: "address", run: async () => judgeAddress(await address()) },
    { ...local, name: "the data directory", area: "files", run: async () => judgeData(await lookAtData(dataDir)) },
    { ...local, name: "file modes", area: "files", run: async () => judgeFiles(await lookAtFiles({ sources, dataDir, now: clock.now() })) },
  ];
}

/** Under Bun the version of Node is given as well. */
function runtime(): string {
  const { deno, bun, node } = process.versions;
  return deno !== undefined ? `Deno ${deno}` : bun !== undefined ? `Bun ${bun}` : `Node ${node}`;
}

/** What is about providers: the way to them, each of them, and the names that lead to them. */
function providerChecks(
  { usable, found }: UsableCredentials,
  { reading, provider, network, clock, onDate }: Examination & { readonly onDate: (answer: DatedAnswer) => void },
): Check[] {
  const { config, variables } = reading;
  const byProvider = Map.groupBy(usable, ({ view }) => view.provider);
  const wanted = [...byProvider].filter(([id]) => provider === undefined || id === provider);
  const routes = wanted.flatMap(([id]) => {
    const row = rowInForce(id, { found, variables });
    return row === undefined || "missing" in row || !URL.canParse(row.baseUrl) ? [] : [{ id, ...routeOf(row) }];
  });
  const known = [...CATALOG.map(({ id }) => id), ...found.customProviders.map(({ id }) => id)];
  const names = { names: config.modelNames, variables: variables.keys(), usable: new Set(byProvider.keys()), known };
  const places = { reading, found, clock, onDate };
  const lost = misaddressed(reading);
  return [
    {
      name: "proxies",
      area: "network",
      limitMs: LOCAL_LIMIT_MS,
      run: async () => judgeOutgoing(await lookAtOutgoing({ config, providers: routes, network })),
    },
    ...wanted.map(([id, own]): Check => ({
      name: id,
      area: "providers",
      limitMs: PROVIDER_LIMIT_MS,
      // Where its address cannot be used, nobody knows whose servers would be sent the key.
      run: async (signal) =>
        judgeProvider(await lookAtProvider({ id, own, signal }, { ...places, network: lost.has(id) ? "offline" : network })),
    })),
    { name: "credentials", area: "providers", limitMs: LOCAL_LIMIT_MS, run: () => wanted.length > 0 ? [] : nobody(provider) },
    { name: "model names", area: "models", limitMs: LOCAL_LIMIT_MS, run: () => judgeModelNames(names) },
  ];
}

/** Providers with an address of their own that cannot be used. */
function misaddressed({ problems, variables }: FullReading): Set<string | undefined> {
  const names = providerNames(CATALOG, variables);
  return new Set(
    problems.flatMap(({ variable }) => variable.endsWith(ADDRESS_ENDING) ? [names.idOf(variable.slice(0, -ADDRESS_ENDING.length))] : []),
  );
}

function nobody(provider: string | undefined): Finding[] {
  if (provider === undefined) return judgeNoCredentials("keyproxy demo");
  return [findingsOf("providers").warning(`${provider} has no credential`, `keyproxy creds add ${provider}`)];
}

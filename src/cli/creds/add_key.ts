/**
 * Adding an API key: what is not given is asked for, the key is tried where that costs nothing, and only then
 * `.env` is written, in one edit.
 */
import { openChecker, type Verdict } from "../../app/check.ts";
import { rowInForce } from "../../app/row_in_force.ts";
import { closest } from "../../config/suggest.ts";
import { apiKeyCredential, type KeyCredential, keylessCredential } from "../../credentials/credential.ts";
import { credentialsFromEnv } from "../../credentials/from_env.ts";
import { BASE_URL_EXPECTED, readBaseUrl } from "../../kernel/base_url.ts";
import { systemClock } from "../../kernel/clock.ts";
import type { Variables } from "../../kernel/variables.ts";
import { CATALOG } from "../../providers/catalog.ts";
import type { ProviderRow } from "../../providers/row.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { whileBusy } from "../../terminal/busy.ts";
import { type Desk, type DeskFlags, shownPath } from "../desk.ts";
import { writeVariables } from "../write_variables.ts";
import { type KeyFlags, readKey } from "./key_input.ts";
import { freeKeyVariable, missingPlaces, prefixOf, priorityVariable, withChanges } from "./key_variables.ts";
import { askText, confirm } from "../../terminal/prompts.ts";
import { failed, missing, usage } from "../../terminal/stop.ts";
import { readPriority } from "./values.ts";

export interface AddKeyFlags extends DeskFlags, KeyFlags {
  readonly baseUrl?: string | undefined;
  /** `NAME=value`, any number of times. */
  readonly set?: readonly string[] | undefined;
  readonly priority?: string | undefined;
  /** False after `--no-verify`. */
  readonly verify?: boolean | undefined;
}

interface Adding {
  readonly row: ProviderRow;
  readonly flags: AddKeyFlags;
}

type Changes = Readonly<Record<string, string>>;

/** Adds a key to a provider, or announces one that needs none. */
export async function addKey(desk: Desk, adding: Adding): Promise<ExitCode> {
  const { row, flags } = adding;
  const { terminal, envFile } = desk;
  const isOptional = row.auth.kind === "bearer_optional" || row.auth.kind === "none";
  const priority = readPriority(flags.priority);
  if (row.note !== undefined) terminal.say(`${row.name}: ${row.note}`);
  const settings = await askSettings(desk, adding);
  const key = row.auth.kind === "none"
    ? undefined
    : await readKey(desk, { flags, name: row.name, need: isOptional ? "optional" : "needed" });
  const prefix = prefixOf(row.id, desk.names);
  const variable = key === undefined ? undefined : freeKeyVariable(prefix, desk.variables);
  const credential = key === undefined || variable === undefined
    ? keylessCredential(row.id, `${prefix}_API_BASE`)
    : apiKeyCredential({ provider: row.id, key, source: variable, priority: priority ?? 0 });
  const known = key === undefined ? undefined : knownAs(credential, desk.variables);
  const verdict = known === undefined ? await verify(desk, { ...adding, credential, settings }) : undefined;
  const added = await write(desk, (now) => placed({ key, prefix, priority, settings, credential }, now));
  report(desk, { adding, verdict, ...added, file: shownPath(envFile, desk) });
  return 0;
}

interface Placing {
  readonly key: string | undefined;
  readonly prefix: string;
  readonly priority: number | undefined;
  readonly settings: Changes;
  readonly credential: KeyCredential;
}

/** What is written, and under which name the key goes. */
interface Placed {
  readonly credential: KeyCredential;
  /** The variable that held the key before. */
  readonly known: string | undefined;
  readonly changes: Changes;
}

/** Decided at the last moment: other keys may have come while this one was tried. */
function placed({ key, prefix, priority, settings, credential }: Placing, { variables }: Desk): Placed {
  if (key === undefined) return { credential, known: undefined, changes: settings };
  const known = knownAs(credential, variables);
  if (known !== undefined) return { credential, known, changes: settings };
  const variable = freeKeyVariable(prefix, variables);
  return {
    credential: { ...credential, source: variable },
    known,
    changes: { ...settings, ...keyChanges({ key, variable, prefix, priority }) },
  };
}

function keyChanges(
  { key, variable, prefix, priority }: {
    readonly key: string;
    readonly variable: string;
    readonly prefix: string;
    readonly priority: number | undefined;
  },
): Changes {
  const rank = priorityVariable(variable, prefix);
  return { [variable]: key, ...(rank === undefined || priority === undefined ? {} : { [rank]: String(priority) }) };
}

/** Address and further variables, given or asked for. */
async function askSettings(desk: Desk, { row, flags }: Adding): Promise<Changes> {
  const { terminal, names, variables, envFile } = desk;
  const prefix = prefixOf(row.id, names);
  const baseVariable = `${prefix}_API_BASE`;
  const given = { ...givenSettings(flags.set ?? [], { row, desk }) };
  const base = flags.baseUrl ?? await askAddress(desk, { row, baseVariable });
  const settings: Record<string, string> = base === undefined ? given : { ...given, [baseVariable]: readAddress(base, "--base-url") };
  const after = withChanges(variables, settings, envFile);
  const hasOwnAddress = foundIn(after).apiBases.has(row.id);
  for (const name of hasOwnAddress ? [] : missingPlaces(row, after)) {
    if (!terminal.isInteractive) throw missing(`${name}, which ${row.name} needs,`, `--set ${name}=<value>`);
    settings[name] = await askText(name, { check: (text) => text === "" ? "a value is needed" : undefined });
  }
  return settings;
}

/** A server on the user's machine is announced by its address; every other one only when asked. */
async function askAddress(
  { terminal, variables }: Desk,
  { row, baseVariable }: { readonly row: ProviderRow; readonly baseVariable: string },
): Promise<string | undefined> {
  const isAnnounced = row.isLocal !== true && row.auth.kind !== "none" && row.auth.kind !== "bearer_optional";
  if (isAnnounced || (variables.get(baseVariable)?.value ?? "").trim() !== "") return undefined;
  if (!terminal.isInteractive) return row.baseUrl;
  const check = (text: string) => readBaseUrl(text).kind === "ok" ? undefined : `expected ${BASE_URL_EXPECTED}`;
  return await askText(`Address of ${row.name}`, { check, initial: row.baseUrl });
}

function readAddress(text: string, flag: string): string {
  const reading = readBaseUrl(text);
  if (reading.kind === "ok") return reading.url;
  throw usage(`${flag}${reading.shown === undefined ? "" : ` "${reading.shown}"`}: expected ${BASE_URL_EXPECTED}`);
}

/** `NAME=value` of a variable that belongs to the provider. */
function givenSettings(texts: readonly string[], { row, desk }: { readonly row: ProviderRow; readonly desk: Desk }): Changes {
  const places = missingPlaces(row, new Map());
  const prefixes = desk.names.namesOf(row.id);
  return Object.fromEntries(texts.map((text) => {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw usage("--set: expected NAME=value");
    if (places.includes(name) || prefixes.some((prefix) => name.startsWith(`${prefix}_`))) return [name, value.trim()] as const;
    const wanted = places.length > 0 ? places.join(", ") : `a name that begins with ${prefixes[0] ?? ""}_`;
    throw usage(`--set ${name}: it is no variable of ${row.name}; expected ${wanted}`);
  }));
}

function foundIn(variables: Variables) {
  return credentialsFromEnv({ variables, rows: CATALOG, closest });
}

/** The variable that holds this key already. */
function knownAs({ id }: KeyCredential, variables: Variables): string | undefined {
  return foundIn(variables).credentials.find((it) => it.id === id)?.source;
}

interface Verifying extends Adding {
  readonly credential: KeyCredential;
  readonly settings: Changes;
}

/** Tries the key. Ends the action when it is rejected and nobody wants to keep it. */
async function verify(desk: Desk, { row, flags, credential, settings }: Verifying): Promise<Verdict> {
  if (flags.verify === false) return { kind: "not_checkable", reason: "--no-verify was given" };
  const variables = withChanges(desk.variables, settings, desk.envFile);
  const inForce = rowInForce(row.id, { found: foundIn(variables), variables });
  if (inForce === undefined || "missing" in inForce) return { kind: "not_checkable", reason: "its address is not complete" };
  const checker = openChecker(systemClock);
  try {
    const signal = new AbortController().signal;
    const ask = { row: inForce, credential, model: undefined, depth: "list_only" as const, signal };
    const verdict = await whileBusy(desk.terminal, `Asking ${row.name} …`, () => checker.check(ask));
    if (verdict.kind === "rejected") await keepRejected(desk, verdict);
    return verdict;
  } finally {
    checker.close();
  }
}

async function keepRejected({ terminal }: Desk, { reason }: Verdict): Promise<void> {
  if (!terminal.isInteractive) throw failed(`The key was rejected: ${reason}\nNothing was written. --no-verify keeps it all the same.`);
  terminal.say(terminal.paintMessage("red", `The key was rejected: ${reason}`));
  if (!await confirm("Keep it all the same?", "no")) throw failed("Nothing was written");
}

async function write(desk: Desk, decide: (now: Desk) => Placed): Promise<Placed> {
  const { terminal, envFile } = desk;
  let decided = decide(desk);
  if (Object.keys(decided.changes).length === 0) return decided;
  await writeVariables(envFile, async () => {
    decided = decide(await desk.read());
    return decided.changes;
  });
  for (const [name, value] of Object.entries(decided.changes)) {
    const before = desk.variables.get(name);
    const isHidden = before?.origin === "environment" && before.value.trim() !== "" && before.value.trim() !== value;
    if (isHidden) terminal.say(terminal.paintMessage("yellow", `${name} is also set in the environment, which wins over ${envFile}`));
  }
  return decided;
}

interface Added extends Placed {
  readonly adding: Adding;
  readonly verdict: Verdict | undefined;
  readonly file: string;
}

function report(desk: Desk, { adding: { row, flags }, credential, known, verdict, changes, file }: Added): void {
  const { terminal, variables } = desk;
  const written = Object.keys(changes);
  if (flags.json) {
    terminal.print(JSON.stringify(
      {
        result: known === undefined ? "added" : "already_there",
        provider: row.id,
        id: credential.id,
        display: credential.display,
        variable: known ?? (credential.kind === "none" ? null : credential.source),
        file: written.length === 0 ? null : file,
        written,
        check: verdict?.kind ?? null,
        reason: verdict?.reason ?? null,
      },
      null,
      2,
    ));
    return;
  }
  if (known !== undefined) terminal.print(`This key is there already: ${known} (${variables.get(known)?.origin ?? "environment"})`);
  if (written.length > 0) terminal.print(`Saved ${written.join(", ")} in ${file}`);
  if (verdict !== undefined) terminal.print(verdictLine(row, verdict, credential));
  if (terminal.isInteractive) terminal.say(`Next: keyproxy models --provider ${row.id}, keyproxy serve`);
}

function verdictLine({ name }: ProviderRow, { kind, reason }: Verdict, credential: KeyCredential): string {
  const what = credential.kind === "none" ? name : "The key";
  const why = reason === "" ? "" : `: ${reason}`;
  switch (kind) {
    case "valid":
      return `${what} works${reason === "" ? "" : ` (${reason})`}`;
    case "rejected":
      return `${what} is kept although it was rejected`;
    case "limited":
      return `${what} is known to ${name}, but limited at present${why}`;
    case "unreachable":
      return `Not verified, ${name} cannot be reached${why}`;
    case "not_checkable":
      return `Not verified${why}`;
  }
}

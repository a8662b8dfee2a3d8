/**
 * `config set` and `config unset`: all changes in one atomic write, after the configuration they make was read; or
 * none. A running server is told, as the screens do it.
 */
import process from "node:process";
import { knownVariable } from "../../app/known_variables.ts";
import { fileValue, needRestart, NOTHING_PENDING, type Pending, shownValue, withChange, withPending } from "../../app/pending.ts";
import { reloadServer } from "../../app/reload_server.ts";
import { newProblems, openness, problemsOf } from "../../app/save_check.ts";
import { type BrokenSetup, readSetup, type Setup } from "../../app/setup.ts";
import { mergeVariables, parseConfig } from "../../config/load.ts";
import { SETTINGS } from "../../config/schema.ts";
import { providerNames } from "../../kernel/variables.ts";
import { CATALOG } from "../../providers/catalog.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { harmless, harmlessJson } from "../../terminal/harmless.ts";
import { usage } from "../../terminal/stop.ts";
import { readStdin } from "../../terminal/terminal.ts";
import { counted } from "../../terminal/words.ts";
import { performBare, shownPath } from "../desk.ts";
import { writeVariables } from "../write_variables.ts";
import { assignments, inputFault, refuseUnknown, stdinName } from "./assignments.ts";
import { settingRow } from "./rows.ts";

interface Flags {
  readonly envFile?: string | undefined;
  readonly json?: true | undefined;
}

/** `words`: `NAME=value`, or one `NAME` whose value comes from standard input. */
export function setVariables(words: readonly string[], { stdin, ...flags }: Flags & { readonly stdin?: true | undefined }) {
  return change(flags, async (setup) => {
    const asked = stdin === true ? await fromStdin(stdinName(words)) : assignments(words);
    refuseUnknown(asked.keys(), namesWith(setup, asked));
    return asked;
  });
}

/** Takes variables out of the file. */
export function unsetVariables(names: readonly string[], flags: Flags) {
  return change(flags, (setup) => {
    // What stands in the file may go even when nobody reads it: it may be a slip.
    refuseUnknown(names.filter((name) => fileValue(setup.sources, setup.envFile, name) === undefined), setup.names);
    return Promise.resolve(new Map(names.map((name) => [name, null])));
  });
}

async function fromStdin(name: string): Promise<Pending> {
  const text = await readStdin(`the value of ${name}`);
  const fault = inputFault(name, text);
  if (fault !== undefined) throw usage(`Cannot use what standard input holds for ${name}: ${fault}`);
  return new Map([[name, text]]);
}

function namesWith({ sources, envFile }: Setup | BrokenSetup, pending: Pending) {
  return providerNames(CATALOG, mergeVariables(withPending(sources, envFile, pending)));
}

/** What was written, and over what. */
interface Saved {
  readonly before: Setup | BrokenSetup;
  readonly pending: Pending;
}

function change({ envFile, json }: Flags, decide: (setup: Setup | BrokenSetup) => Promise<Pending>): Promise<ExitCode> {
  return performBare(async (terminal) => {
    const read = () => readSetup({ cwd: process.cwd(), env: process.env, envFile });
    const asked = await decide(await read());
    const { before, pending } = await save(asked, read);
    const after = await read();
    const news = pending.size === 0 ? [] : await newsOf({ before, pending }, after);
    const warnings = [...asked.keys()].flatMap((name) => withoutEffect(name, { asked, after }) ?? []).concat(newWarnings(before, after));
    const isGuardChanged = pending.has(SETTINGS.host.env) || pending.has(SETTINGS.proxyKeys.env);
    const open = isGuardChanged ? openness(after.sources) : undefined;
    if (open !== undefined) warnings.push(open);
    const file = shownPath(after.envFile, after);
    const changes = [...pending].map(([name, value]) => ({
      name,
      old: masked(name, fileValue(before.sources, before.envFile, name)),
      new: masked(name, value),
    }));
    if (json) terminal.print(harmlessJson({ result: changes.length === 0 ? "same" : "saved", file, changes, news, warnings }));
    else {
      for (const { name, old, new: value } of changes) {
        terminal.print(`${terminal.paint("bold", name)}  ${harmless(old ?? "(not set)")} → ${harmless(value ?? "(not set)")}`);
      }
      terminal.say(changes.length === 0 ? `Nothing to change in ${file}` : `Saved in ${file}. ${news.join(" ")}`);
      for (const warning of warnings) terminal.say(terminal.paintMessage("yellow", warning));
    }
    return 0;
  });
}

/** Writes what differs from the file, decided while nobody else can write to it. */
async function save(asked: Pending, read: () => Promise<Setup | BrokenSetup>): Promise<Saved> {
  let before = await read();
  let pending = NOTHING_PENDING;
  const decide = async () => {
    before = await read();
    const { sources, envFile } = before;
    pending = [...asked].reduce(
      (changes, [name, value]) => withChange(changes, { name, value, before: fileValue(sources, envFile, name) }),
      NOTHING_PENDING,
    );
    const problems = newProblems(withPending(sources, envFile, pending), problemsOf(before));
    if (problems.length > 0) {
      const what = `With ${counted(pending.size, "change")} the configuration could not be used, so nothing was saved:`;
      throw usage([what, ...problems.map((it) => `  ${it}`)].join("\n"));
    }
    return Object.fromEntries(pending);
  };
  if (sameAsFile(asked, before)) return { before, pending };
  await writeVariables(before.envFile, decide);
  return { before, pending };
}

/** Nothing to write: a file that may not even be there is left alone. */
function sameAsFile(asked: Pending, { sources, envFile }: Setup | BrokenSetup): boolean {
  return [...asked].every(([name, value]) => (value ?? "") === (fileValue(sources, envFile, name) ?? "").trim());
}

async function newsOf({ before, pending }: Saved, after: Setup | BrokenSetup): Promise<string[]> {
  // A running server is where it was before.
  const place = "problems" in before ? after : before;
  const news = "problems" in after || "problems" in place
    ? "The configuration still has problems: a running server keeps what it had."
    : await reloadServer(place);
  const later = needRestart(pending.keys());
  return [news, ...(later.length === 0 ? [] : [`Only at the next start: ${later.join(", ")}.`])];
}

/** Why a change has no effect here; undefined when it has one. */
function withoutEffect(
  name: string,
  { asked, after }: { readonly asked: Pending; readonly after: Setup | BrokenSetup },
): string | undefined {
  const known = knownVariable(name, after.names);
  const file = fileValue(after.sources, after.envFile, name);
  const found = after.variables.get(name);
  const isOther = found !== undefined && found.value.trim() !== "" && found.origin !== after.envFile;
  if (isOther) {
    const place = found.origin === "environment" ? "the environment" : shownPath(found.origin, after);
    if (asked.get(name) === null) return `${name} is still set in ${place}: change it there.`;
    return `${name} comes from ${place} too, which is stronger than ${shownPath(after.envFile, after)}: change it there.`;
  }
  if (known?.kind !== "setting" || file === undefined) return undefined;
  const { name: inForce } = settingRow(name, known, after);
  return inForce === name ? undefined : `${inForce} says the same and is stronger than ${name}.`;
}

function newWarnings(before: Setup | BrokenSetup, after: Setup | BrokenSetup): string[] {
  const warningsOf = ({ sources }: Setup | BrokenSetup) => {
    const reading = parseConfig(sources, { rows: CATALOG });
    return "problems" in reading ? [] : reading.warnings;
  };
  const known = warningsOf(before);
  return warningsOf(after).filter((it) => !known.includes(it));
}

function masked(name: string, value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : shownValue(name, value);
}

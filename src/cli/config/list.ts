/** `config list` and `config get`: what is in force and where it comes from. Reads only, and a configuration with problems too. */
import process from "node:process";
import { knownVariable, unknownVariable } from "../../app/known_variables.ts";
import { problemsOf } from "../../app/save_check.ts";
import { type BrokenSetup, readSetup, type Setup } from "../../app/setup.ts";
import { isSecretVariable } from "../../app/pending.ts";
import { describeProblem } from "../../config/problem.ts";
import { ALL_SETTINGS, GROUPS } from "../../config/schema.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { harmless, harmlessJson } from "../../terminal/harmless.ts";
import { type NamedRow, namedRows } from "../../terminal/named_rows.ts";
import { failed, usage } from "../../terminal/stop.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { performBare } from "../desk.ts";
import { asJson, PROVIDERS_TITLE, type SettingRow, settingRow, settingRows, shownText } from "./rows.ts";

const LONGEST_NAME = Math.max(...ALL_SETTINGS.map(({ env }) => env.length));

interface Flags {
  readonly envFile?: string | undefined;
  readonly json?: true | undefined;
}

/** Lists everything; `changed` leaves defaults out. */
export function listSettings({ changed, ...flags }: Flags & { readonly changed?: true | undefined }): Promise<ExitCode> {
  return look(flags, (setup, terminal) => {
    const rows = settingRows(setup).filter(({ origin }) => changed !== true || origin.place !== "default");
    if (flags.json) terminal.print(harmlessJson(rows.map((row) => asJson(row))));
    else print(rows, terminal);
    if (rows.length === 0) terminal.say("Everything is as it comes: keyproxy config set NAME=value changes it");
    return 0;
  });
}

/** Prints one value; a key by its ends unless `show`. */
export function getSetting(name: string, { show, ...flags }: Flags & { readonly show?: true | undefined }): Promise<ExitCode> {
  return look(flags, (setup, terminal) => {
    const known = knownVariable(name, setup.names);
    if (known === undefined) throw usage(unknownVariable(name, setup.names));
    const row = settingRow(name, known, setup);
    const { text } = row.origin;
    const value = show === true ? text : shownText(row);
    if (flags.json) terminal.print(harmlessJson(asJson(row, value)));
    else if (text === "") throw failed(`${name} is not set, and has no default`);
    else terminal.print(terminal.isOutputShown ? harmless(value) : value);
    if (show !== true && !flags.json && isSecretVariable(row.name)) terminal.say("--show prints it whole");
    return text === "" ? 1 : 0;
  });
}

function look({ envFile }: Flags, action: (setup: Setup | BrokenSetup, terminal: Terminal) => ExitCode): Promise<ExitCode> {
  return performBare(async (terminal) => {
    const setup = await readSetup({ cwd: process.cwd(), env: process.env, envFile });
    const isRead = envFile === undefined || setup.sources.files.some(({ path }) => path === setup.envFile);
    if (!isRead) {
      const problem = setup.sources.problems.find(({ file }) => file === setup.envFile);
      throw usage(
        `Cannot read the file of --env-file: ${problem === undefined ? `there is no ${setup.envFile}` : describeProblem(problem)}`,
      );
    }
    const code = action(setup, terminal);
    for (const problem of problemsOf(setup)) terminal.say(terminal.paintMessage("yellow", problem));
    return code;
  });
}

function print(rows: readonly SettingRow[], { isOutputShown, paint, width, print }: Terminal): void {
  const columns = [{ shrinks: "yes" }, { shrinks: "no" }] as const;
  if (!isOutputShown) {
    for (const line of namedRows(rows.map(lineOf), { columns, width: Infinity, paint })) print(line.trim());
    return;
  }
  const groups = [...new Set(rows.map(({ group }) => group))];
  for (const [at, group] of groups.entries()) {
    const title = group === "providers" ? PROVIDERS_TITLE : GROUPS[group].title;
    print(`${at === 0 ? "" : "\n"}${paint("bold", title)}`);
    const own = rows.filter((row) => row.group === group).map(lineOf);
    for (const line of namedRows(own, { columns, width, paint })) print(line);
  }
}

function lineOf(row: SettingRow): NamedRow {
  const { place } = row.origin;
  const text = harmless(shownText(row));
  const isDefault = place === "default";
  return {
    // Values of all groups stand below each other.
    name: { text: row.name.padEnd(LONGEST_NAME) },
    cells: [{ text: text === "" ? "–" : text, ...(isDefault ? { style: "dim" } : {}) }, {
      text: harmless(place),
      style: isDefault ? "dim" : "cyan",
    }],
  };
}

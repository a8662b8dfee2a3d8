/**
 * `creds import`: the logins of the vendors' own tools, or everything of an LLM-API-Key-Proxy folder. What is
 * read is never changed, and what is there already is kept.
 */
import process from "node:process";
import { toolLogins } from "../../credentials/oauth/import_tools.ts";
import { OAUTH_ROWS } from "../../credentials/oauth/rows.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { type Desk, type DeskFlags, perform } from "../desk.ts";
import { applyImport, type ImportItem, planFromFolder, planFromTools } from "./import_plan.ts";
import { askText, choose } from "../../terminal/prompts.ts";
import { missing, usage } from "../../terminal/stop.ts";

export interface ImportFlags extends DeskFlags {
  /** A provider, or `all`. */
  readonly fromTool?: string | undefined;
  readonly fromFolder?: string | undefined;
  readonly dryRun?: true | undefined;
}

/** Imports from one place. Exit code 1 when nothing could be taken over. */
export function importCredentials(flags: ImportFlags): Promise<ExitCode> {
  return perform(flags, async (desk) => {
    const { terminal } = desk;
    const items = await plan(desk, flags);
    const done = flags.dryRun ? items : await applyImport(items, desk);
    if (flags.json) terminal.print(JSON.stringify(done.map(({ result, what, place, note }) => ({ result, what, place, note })), null, 2));
    else for (const item of done) terminal.print(lineOf(item, flags.dryRun ? "planned" : "done"));
    if (flags.dryRun && !flags.json) terminal.say("Nothing was changed: this was a dry run");
    return done.some(({ result }) => result !== "problem") ? 0 : 1;
  });
}

async function plan(desk: Desk, flags: ImportFlags): Promise<readonly ImportItem[]> {
  const { fromTool, fromFolder } = flags.fromTool === undefined && flags.fromFolder === undefined ? await ask(desk) : flags;
  if (fromTool !== undefined && fromFolder !== undefined) throw usage("Give --from-tool or --from-folder, not both");
  if (fromFolder !== undefined) return await planFromFolder(fromFolder, desk);
  const rows = fromTool === "all" ? OAUTH_ROWS : OAUTH_ROWS.filter(({ provider }) => provider === fromTool);
  if (rows.length === 0) {
    throw usage(`--from-tool "${fromTool}": expected all or one of ${OAUTH_ROWS.map(({ provider }) => provider).join(", ")}`);
  }
  const home = process.env["HOME"] ?? process.env["USERPROFILE"];
  const found = home === undefined ? [] : await toolLogins({ home, rows });
  if (found.length === 0) {
    throw usage(`No login of ${rows.map(({ toolName }) => toolName).join(", ")} was found below ${home ?? "the home directory"}`);
  }
  return await planFromTools(found, desk);
}

async function ask({ terminal }: Desk): Promise<Pick<ImportFlags, "fromTool" | "fromFolder">> {
  if (!terminal.isInteractive) throw missing("Where to import from", "--from-tool <provider> or --from-folder <path>");
  const place = await choose("Where do you want to import from?", [
    { value: "all", label: "The vendors' tools on this machine", hint: OAUTH_ROWS.map(({ toolName }) => toolName).join(", ") },
    { value: "folder", label: "The folder of an LLM-API-Key-Proxy", hint: ".env, oauth_creds/, key_usage.json" },
  ]);
  if (place === "all") return { fromTool: "all" };
  return { fromFolder: await askText("Path of the folder", { check: (text) => text === "" ? "a path is needed" : undefined }) };
}

function lineOf({ result, what, place, note }: ImportItem, how: "planned" | "done"): string {
  const tail = note === "" ? "" : ` (${note})`;
  switch (result) {
    case "new":
      return `${how === "done" ? "Imported" : "Would import"} ${what} → ${place}${tail}`;
    case "there_already":
      return `Already there: ${what}, ${place}${tail}`;
    case "kept_ours":
      return `Left out: ${what}, ${place}${tail}`;
    case "problem":
      return `Cannot import ${what}${tail}`;
  }
}

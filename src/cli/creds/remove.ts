/**
 * `creds remove`: a key's variable leaves its file; a login's file is moved aside, never deleted. What the real
 * environment holds can only be removed there.
 */
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import type { CredentialView } from "../../app/credential_view.ts";
import type { EnvChanges } from "../../config/env_file.ts";
import { setAside } from "../../credentials/oauth/grant_files.ts";
import { oauthRow } from "../../credentials/oauth/rows.ts";
import { systemClock } from "../../kernel/clock.ts";
import type { Variables } from "../../kernel/variables.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { type Desk, type DeskFlags, perform, shownPath } from "../desk.ts";
import { writeVariables } from "../write_variables.ts";
import { prefixOf, priorityVariable } from "./key_variables.ts";
import { lookAtAll } from "./list.ts";
import { confirm } from "../../terminal/prompts.ts";
import { chooseView, shortName } from "./select.ts";
import { failed, missing } from "../../terminal/stop.ts";

export interface RemoveFlags extends DeskFlags {
  readonly yes?: true | undefined;
}

/** What will be done, in words and as a deed that tells where the credential is now. */
interface Removal {
  readonly words: string;
  readonly run: () => Promise<string>;
}

/** Removes one credential. */
export function remove(which: string | undefined, flags: RemoveFlags): Promise<ExitCode> {
  return perform(flags, async (desk) => {
    const { terminal } = desk;
    const { views } = await lookAtAll(desk);
    const view = await chooseView(which, { views, terminal, question: "Which one do you want to remove?" });
    const { words, run } = plan(view, desk);
    if (!flags.yes) {
      if (!terminal.isInteractive) throw missing(`Your consent to ${words}`, "--yes");
      if (!await confirm(`${view.display}: ${words}?`, "no")) throw failed("Nothing was removed");
    }
    const done = await run();
    const left = await whereElse(view, desk);
    if (flags.json) terminal.print(JSON.stringify({ result: "removed", provider: view.provider, id: view.id, done }, null, 2));
    else terminal.print(`Removed ${shortName(view)} (${view.display}): ${done}`);
    if (left !== undefined) terminal.say(terminal.paintMessage("yellow", `It is still there by way of ${left}`));
    return 0;
  });
}

function plan(view: CredentialView, desk: Desk): Removal {
  const { login, source } = view;
  if (login?.kind === "file") {
    const folder = shownPath(join(dirname(source), "removed"), desk);
    return {
      words: `move ${shownPath(source, desk)} to ${folder}`,
      run: async () => `its file is now ${shownPath(await setAside(source, systemClock.now()), desk)}`,
    };
  }
  const names = namesToRemove(view, desk);
  const origin = desk.variables.get(names[0] ?? "")?.origin;
  if (origin === undefined) throw failed(`Cannot remove ${shortName(view)}: no variable is known that names ${source}`);
  if (origin === "environment") {
    throw failed(`Cannot remove ${shortName(view)}: it comes from the environment of this process; unset ${names.join(", ")} there`);
  }
  const own = names.filter((name) => desk.variables.get(name)?.origin === origin);
  const changes: EnvChanges = Object.fromEntries(own.map((name) => [name, null]));
  const file = shownPath(origin, desk);
  return {
    words: `take ${own.join(", ")} out of ${file}`,
    run: async () => {
      await writeVariables(origin, changes);
      return `${own.join(", ")} left ${file}`;
    },
  };
}

/** The variables that make a credential, the one that decides first. */
function namesToRemove(view: CredentialView, desk: Desk): string[] {
  const { login, source, provider, kind } = view;
  const { variables, names } = desk;
  if (login?.kind === "env") {
    const head = source.slice(0, -"ACCESS_TOKEN".length);
    return [source, ...bundleNames(head, variables, provider).filter((name) => name !== source)];
  }
  if (login?.kind === "path") return pathVariables(view, desk);
  const rank = kind === "api_key" ? priorityVariable(source, prefixOf(provider, names)) : undefined;
  return [source, ...(rank !== undefined && variables.has(rank) ? [rank] : [])];
}

/** The parts of a login that keyproxy exports; other variables of the provider have the same head. */
const BUNDLE_PARTS = [
  ...["ACCESS_TOKEN", "REFRESH_TOKEN", "EXPIRY_DATE", "TOKEN_TYPE", "SCOPE", "ID_TOKEN", "EMAIL", "API_KEY", "RESOURCE_URL", "TIER"],
  ...["PROJECT_ID", "CLIENT_ID", "CLIENT_SECRET", "TOKEN_URI", "UNIVERSE_DOMAIN"],
];
/** Without a number these are settings of all logins of the provider, and stay. */
const SHARED_PARTS = new Set(["PROJECT_ID", "CLIENT_ID", "CLIENT_SECRET"]);

function bundleNames(head: string, variables: Variables, provider: string): string[] {
  const isNumbered = head !== `${oauthRow(provider)?.prefix}_`;
  const parts = isNumbered ? BUNDLE_PARTS : BUNDLE_PARTS.filter((part) => !SHARED_PARTS.has(part));
  return parts.map((part) => head + part).filter((name) => variables.has(name));
}

/** The variables that name the login's file. */
function pathVariables({ provider, source }: CredentialView, { variables, sources: { cwd } }: Desk): string[] {
  const pattern = new RegExp(`^${oauthRow(provider)?.prefix}_OAUTH_\\d+$`);
  const home = process.env["HOME"] ?? homedir();
  return [...variables].flatMap(([name, { value }]) =>
    pattern.test(name) && resolve(cwd, value.trim().replace(/^~(?=$|[/\\])/, home)) === source ? [name] : []
  );
}

/** Another place that holds the same credential, which now counts. */
async function whereElse({ id }: CredentialView, desk: Desk): Promise<string | undefined> {
  const again = await desk.read();
  const { views } = await lookAtAll(again);
  const left = views.find((view) => view.id === id);
  return left === undefined ? undefined : `${left.source}${left.origin === null ? "" : ` (${left.origin})`}`;
}

/** `creds export`: logins as text that loads again elsewhere, on standard output or in a file only its owner can read. */
import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import type { CredentialView } from "../../app/credential_view.ts";
import { findClient } from "../../credentials/oauth/client.ts";
import { oauthEndpoints } from "../../credentials/oauth/endpoints.ts";
import { EXPORT_FORMATS, type ExportedGrant, type ExportFormat, exportGrants } from "../../credentials/oauth/grant_export.ts";
import { oauthRow } from "../../credentials/oauth/rows.ts";
import { writeFileAtomic } from "../../kernel/atomic_file.ts";
import { systemClock } from "../../kernel/clock.ts";
import { writeFault } from "../../kernel/write_fault.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { type Desk, type DeskFlags, perform, shownPath } from "../desk.ts";
import { lookAtAll } from "./list.ts";
import { choose } from "../../terminal/prompts.ts";
import { findView, shortName } from "./select.ts";
import { failed, missing, usage } from "../../terminal/stop.ts";
import { counted } from "../../terminal/words.ts";

export interface ExportFlags extends Omit<DeskFlags, "json"> {
  readonly unnumbered?: true | undefined;
  readonly output?: string | undefined;
  readonly force?: true | undefined;
  readonly format?: string | undefined;
}

/** Exports one login, those of a provider, or all. */
export function exportLogins(which: string | undefined, flags: ExportFlags): Promise<ExitCode> {
  return perform(flags, async (desk) => {
    const format = readFormat(flags.format);
    const output = flags.output === undefined ? undefined : await freePath(flags.output, flags);
    const { views } = await lookAtAll(desk);
    const logins = views.filter(({ login }) => login !== null);
    const chosen = await chosenLogins(which, { logins, views, desk });
    const items = await Promise.all(chosen.map((view) => itemOf(view, { desk, flags })));
    const exported = exportGrants(items, { format, now: systemClock.now() });
    if ("problem" in exported) throw usage(exported.problem);
    await hand(exported.text, { desk, output, count: items.length });
    return 0;
  });
}

function readFormat(text: string | undefined): ExportFormat {
  const found = EXPORT_FORMATS.find((format) => format === (text ?? "env"));
  if (found === undefined) throw usage(`--format "${text}": expected one of ${EXPORT_FORMATS.join(", ")}`);
  return found;
}

async function freePath(output: string, { force }: ExportFlags): Promise<string> {
  const path = resolve(process.cwd(), output);
  const isThere = await lstat(path).then(() => true, () => false);
  if (isThere && !force) throw usage(`${output} exists already: choose another name, or give --force to replace it`);
  return path;
}

interface Choosing {
  readonly logins: readonly CredentialView[];
  readonly views: readonly CredentialView[];
  readonly desk: Desk;
}

async function chosenLogins(
  which: string | undefined,
  { logins, views, desk: { terminal } }: Choosing,
): Promise<readonly CredentialView[]> {
  if (logins.length === 0) throw failed("There are no logins to export. API keys stand in .env already");
  const name = which ?? await ask(logins, terminal.isInteractive);
  if (name === "all") return logins;
  const ofProvider = logins.filter(({ provider }) => provider === name);
  if (ofProvider.length > 0) return ofProvider;
  if (views.some(({ provider }) => provider === name)) {
    throw usage(`${name} has keys, not logins: they stand in .env or the environment already`);
  }
  const view = findView(name, views);
  const what = view.kind === "oauth" ? "service account" : "key";
  if (view.login === null) throw usage(`${shortName(view)} is a ${what}, not a login: it stands in ${view.origin ?? view.source} already`);
  return [view];
}

async function ask(logins: readonly CredentialView[], isInteractive: boolean): Promise<string> {
  if (!isInteractive) throw missing("What to export", "a provider, provider:n, or all");
  return await choose("Which login do you want to export?", [
    ...logins.map((view) => ({ value: shortName(view), label: `${shortName(view)}  ${view.display}` })),
    { value: "all", label: "All of them" },
  ]);
}

/** With the client where it can be found: elsewhere there may be no tool to read its secret from. */
async function itemOf(
  { login, provider }: CredentialView,
  { desk, flags }: { readonly desk: Desk; readonly flags: ExportFlags },
): Promise<ExportedGrant> {
  const row = oauthRow(provider);
  if (login === null || row === undefined) throw failed(`${provider} has no login to export`);
  const { grant } = login;
  const number = flags.unnumbered ? null : login.number;
  if (row.clientAuth === "none" || grant.clientSecret !== null) return { row, grant, number };
  const endpoints = oauthEndpoints(row, desk.variables);
  const client = await findClient({ endpoints, grant, path: process.env["PATH"] ?? "" });
  if (!("missing" in client)) return { row, grant: { ...grant, clientId: client.id, clientSecret: client.secret }, number };
  desk.terminal.say(`${row.name}: the client's secret is not known here; where the login is used, set ${row.prefix}_CLIENT_SECRET`);
  return { row, grant, number };
}

async function hand(
  text: string,
  { desk, output, count }: { readonly desk: Desk; readonly output: string | undefined; readonly count: number },
): Promise<void> {
  const { terminal } = desk;
  if (output === undefined) {
    process.stdout.write(text);
    if (terminal.isOutputShown) terminal.say("\nThese lines are secrets: whoever has them can use the login.");
    return;
  }
  await writeFileAtomic(output, text, 0o600).catch((error: unknown) => {
    throw failed(`Cannot write ${output}: ${writeFault(error)}`);
  });
  terminal.say(`Wrote ${counted(count, "login")} to ${shownPath(output, desk)}, which only you can read. Keep it secret.`);
}

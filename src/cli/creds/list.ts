/** `creds list`: every credential, where it came from and how it stands. Calls nobody; a server may be running. */
import process from "node:process";
import { statusOf } from "../../app/credential_status.ts";
import { type CredentialView, viewCredentials } from "../../app/credential_view.ts";
import { systemClock } from "../../kernel/clock.ts";
import { countersJson } from "../../kernel/day_counters.ts";
import { loginStatus } from "../../providers/login_status.ts";
import type { Paint } from "../../terminal/text.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { type Desk, type DeskFlags, perform, shownPath } from "../desk.ts";
import { harmless } from "../../terminal/harmless.ts";
import { usage } from "../../terminal/stop.ts";
import { freeWords, sequelWords, stateStyle, stateWords } from "../../terminal/state_words.ts";
import { type Column, fitted } from "../../terminal/table.ts";
import { cutTo } from "../../terminal/width.ts";
import { counted, inWords } from "../../terminal/words.ts";

export interface ListFlags extends DeskFlags {
  readonly provider?: string | undefined;
}

/** Lists all credentials, or those of one provider. */
export function list(flags: ListFlags): Promise<ExitCode> {
  return perform(flags, async (desk) => {
    const now = systemClock.now();
    const { views, warnings } = await lookAtAll(desk);
    const shown = flags.provider === undefined ? views : viewsOf(flags.provider, views);
    for (const warning of warnings) desk.terminal.say(desk.terminal.paintMessage("yellow", warning));
    if (flags.json) desk.terminal.print(JSON.stringify(shown.map(asJson), null, 2));
    else if (shown.length === 0) desk.terminal.print("No credentials yet. Add the first one with keyproxy creds add");
    else for (const line of listLines(shown, { desk, now })) desk.terminal.print(line);
    return 0;
  });
}

/** Everything there is, as it stands now. */
export function lookAtAll({ config, variables, sources }: Desk) {
  return viewCredentials({ config, variables, cwd: sources.cwd, env: process.env, now: systemClock.now() });
}

/** The credentials of a provider; a usage error names the providers there are. */
export function viewsOf(provider: string, views: readonly CredentialView[]): readonly CredentialView[] {
  const own = views.filter((view) => view.provider === provider);
  if (own.length > 0) return own;
  const known = [...new Set(views.map((view) => view.provider))].join(", ") || "none";
  throw usage(`"${provider}" has no credentials; those with credentials: ${known}`);
}

interface Page {
  readonly desk: Desk;
  readonly now: number;
}

/** Number, name, kind and state in columns; id, place and what rests on lines of their own below. */
const COLUMNS: readonly Column[] = [{ shrinks: "no" }, { shrinks: "yes" }, { shrinks: "no" }, { shrinks: "yes" }, { shrinks: "no" }];

function listLines(views: readonly CredentialView[], { desk, now }: Page): string[] {
  const { paint, width } = desk.terminal;
  const rows = fitted(views.map((view) => cellsOf(view, now)), { columns: COLUMNS, width, paint });
  const lines: string[] = [];
  views.forEach((view, at) => {
    if (view.provider !== views[at - 1]?.provider) lines.push(...(at === 0 ? [] : [""]), ...headLines(view, paint));
    lines.push(rows[at] ?? "", ...detailLines(view, { desk, now }).map((line) => paint("dim", cutTo(`     ${harmless(line)}`, width))));
  });
  return lines;
}

function headLines({ provider, providerName, login }: CredentialView, paint: Paint): string[] {
  const status = login === null ? undefined : loginStatus(provider);
  const title = `${paint("bold", harmless(provider))}  ${harmless(providerName)}`;
  if (status === undefined || status.status === "open") return [title];
  return [
    title,
    paint(
      "yellow",
      `  Login ${status.status === "ended" ? "ended by the provider on" : "restricted by the provider since"} ${status.since}`,
    ),
  ];
}

function cellsOf(view: CredentialView, now: number) {
  const { number, display, today } = view;
  const used = today.requestCount === 0 ? "" : `${today.requestCount} today`;
  const failedCount = today.failureCount === 0 ? "" : `, ${today.failureCount} failed`;
  return [
    { text: `${number}`, align: "right" as const },
    { text: harmless(display) },
    { text: kindWord(view) },
    { text: standingWords(view, now), style: colourOf(view) },
    { text: used + failedCount },
  ];
}

function kindWord({ kind, login }: CredentialView): string {
  if (kind !== "oauth") return kind === "none" ? "open" : "key";
  return login === null ? "account" : "login";
}

/** `ready, ends in 42m10s`, `cooling 4m10s`, and for logins what becomes of their token. */
function standingWords(view: CredentialView, now: number): string {
  const { word, untilAt } = view.standing;
  const ends = untilAt === null ? undefined : `ends ${inWords(untilAt - now)}`;
  switch (word) {
    case "ready":
      return ends === undefined ? "ready" : `ready, ${ends}`;
    case "due":
      return ends === undefined ? "due for renewal" : `due, ${ends}`;
    case "expired":
      return "expired, renewed at use";
    default:
      return stateWords(statusOf(view), now);
  }
}

function colourOf(view: CredentialView) {
  const { word } = view.standing;
  return word === "due" || word === "expired" ? "yellow" as const : stateStyle(statusOf(view));
}

function detailLines(view: CredentialView, { desk, now }: Page): string[] {
  const { id, source, origin, priority, standing, resting, login } = view;
  const place = origin === null
    ? shownPath(source, desk)
    : `${source} in ${origin === "environment" ? "the environment" : shownPath(origin, desk)}`;
  const rank = priority === 0 ? "" : `, priority ${priority}`;
  const account = login !== null && login.label !== null && login.grant.account !== null ? `account ${login.grant.account}` : "";
  const cloud = login === null ? "" : [login.grant.tier, login.grant.projectId].filter((it) => it !== null).join(", ");
  const isSaid = standing.reason === "" || standing.word === "due" || standing.word === "expired";
  return [
    `${id} · ${place}${rank}`,
    ...[account, cloud].filter((it) => it !== ""),
    ...(isSaid ? [] : [standing.reason + sequelWords(statusOf(view))]),
    ...resting.slice(0, MAX_RESTING).map(({ model, reason, untilAt }) => `${model}: ${reason}, ${freeWords(untilAt, now)}`),
    ...(resting.length > MAX_RESTING ? [`and ${counted(resting.length - MAX_RESTING, "model")} more`] : []),
  ];
}

const MAX_RESTING = 5;

/** The stable form: snake case, instants in ISO 8601. */
export function asJson(view: CredentialView) {
  const { id, provider, number, display, kind, source, origin, priority, standing, resting, today, login } = view;
  const isAccount = kind === "oauth" && login === null;
  const iso = (at: number | null) => at === null ? null : new Date(at).toISOString();
  return {
    id,
    provider,
    number,
    display,
    kind: isAccount ? "service_account" : kind,
    source,
    origin,
    priority,
    state: standing.word,
    reason: standing.reason,
    until: iso(standing.word === "resting" || standing.word === "quarantined" ? standing.untilAt : null),
    expires_at: iso(login?.grant.expiresAt ?? null),
    account: login?.grant.account ?? (isAccount ? display : null),
    label: login?.label ?? null,
    tier: login?.grant.tier ?? null,
    project_id: login?.grant.projectId ?? null,
    login_status: login === null ? null : loginStatus(provider)?.status ?? null,
    resting: resting.map(({ model, reason, untilAt }) => ({ model, reason, until: iso(untilAt) })),
    today: countersJson(today),
  };
}

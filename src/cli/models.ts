/** `keyproxy models`: what can be called with the present configuration, what is hidden, and by which rule. */
import { startApp } from "../app.ts";
import type { ModelOverview, ModelRow } from "../app/model_overview.ts";
import { rememberModels } from "../app/seen_models.ts";
import { describeProblem } from "../config/problem.ts";
import { PATTERNS } from "../config/provider_patterns.ts";
import { oauthRow } from "../credentials/oauth/rows.ts";
import { NAME } from "../kernel/version.ts";
import { findRow } from "../providers/catalog.ts";
import { whileBusy } from "../terminal/busy.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { harmless, harmlessJson } from "../terminal/harmless.ts";
import { usage } from "../terminal/stop.ts";
import { counted } from "../terminal/words.ts";
import { type Desk, type DeskFlags, look } from "./desk.ts";
import { lookAtAll } from "./creds/list.ts";
import { hiddenTable, modelTable } from "./models/table.ts";

export interface ModelsFlags extends DeskFlags {
  readonly provider?: string | undefined;
  readonly search?: string | undefined;
  readonly hidden?: true | undefined;
}

export function models(flags: ModelsFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const { ids, overview } = await overviewOf(desk, flags);
    if (flags.hidden === true) showHidden(overview, { desk, flags });
    else showModels(overview, { desk, flags });
    if (!flags.json) tellSilent(overview, { desk, flags });
    await rememberModels(desk.config.dataDir, ids);
    return 0;
  });
}

interface Looked {
  /** Of everything that can be called, whatever the flags ask for. */
  readonly ids: readonly string[];
  /** What the flags ask for. */
  readonly overview: ModelOverview;
}

async function overviewOf(desk: Desk, flags: ModelsFlags): Promise<Looked> {
  const { sources, terminal } = desk;
  if (flags.provider !== undefined) await refuseUnknown(flags.provider, desk);
  const app = await startApp({ sources });
  if ("problems" in app) throw usage(app.problems.map(describeProblem).join("\n"));
  try {
    const known = [...app.snapshot().providers.keys()];
    if (flags.provider !== undefined && !known.includes(flags.provider)) throw usage(notConfigured(flags.provider, known));
    const overview = await whileBusy(terminal, `Asking ${counted(known.length, "provider")} …`, () => app.models());
    return { ids: overview.shown.map(({ id }) => id), overview: narrowed(overview, flags) };
  } finally {
    await app.close();
  }
}

/** Before anything is opened or written. Logins of other tools are found only by the application itself. */
async function refuseUnknown(provider: string, desk: Desk): Promise<void> {
  if (oauthRow(provider) !== undefined) return;
  const { views } = await lookAtAll(desk);
  const known = [...new Set(views.map((view) => view.provider))];
  if (!known.includes(provider)) throw usage(notConfigured(provider, known));
}

function notConfigured(provider: string, known: readonly string[]): string {
  const what = `Provider "${provider}" is not configured; configured are: ${known.join(", ") || "none"}`;
  return findRow(provider) === undefined ? what : `${what}\nkeyproxy creds add ${provider} adds a key for it`;
}

function narrowed({ shown, hidden, silent }: ModelOverview, { provider, search = "" }: ModelsFlags): ModelOverview {
  const isFound = (id: string) => id.toLowerCase().includes(search.toLowerCase());
  const isOf = (owner: string) => provider === undefined || owner === provider;
  return {
    shown: shown.filter((row) => isOf(row.owned_by) && isFound(row.id)),
    hidden: hidden.filter((it) => isOf(it.provider) && isFound(it.id)),
    silent: silent.filter((it) => isOf(it.provider)),
  };
}

interface Showing {
  readonly desk: Desk;
  readonly flags: ModelsFlags;
}

function showModels({ shown, hidden }: ModelOverview, { desk, flags }: Showing): void {
  const { terminal } = desk;
  if (flags.json) {
    terminal.print(harmlessJson(shown));
    return;
  }
  const { isOutputShown, paint } = terminal;
  const width = isOutputShown ? terminal.width : Infinity;
  const lines = shown.length === 0 ? [] : modelTable(shown, { paint, width, header: isOutputShown ? "yes" : "no" });
  // Who reads with a program wants the id first on the line.
  for (const line of lines) terminal.print(isOutputShown ? line : line.trimStart());
  terminal.say(tail(shown, hidden.length, flags));
}

function tail(shown: readonly ModelRow[], hiddenCount: number, { search }: ModelsFlags): string {
  const hidden = hiddenCount === 0
    ? ""
    : `${counted(hiddenCount, "model")} hidden by filters: --hidden shows ${hiddenCount === 1 ? "it" : "them"}`;
  if (shown.length > 0) {
    // Aliases and groups are keyproxy's own.
    const providers = new Set(shown.flatMap(({ owned_by }) => owned_by === NAME ? [] : [owned_by])).size;
    const prices = shown.some(({ pricing }) => pricing !== undefined) ? "; prices in US dollars per million tokens" : "";
    return `${counted(shown.length, "model")} of ${counted(providers, "provider")}${prices}${hidden === "" ? "" : `; ${hidden}`}`;
  }
  if (search !== undefined) {
    const what = `No model that can be called has "${harmless(search)}" in its id`;
    return hidden === ""
      ? what
      : `${what}, but of those that do ${hiddenCount === 1 ? "1 is" : `${hiddenCount} are`} hidden: --hidden tells why`;
  }
  return hidden === "" ? "No model: no provider is configured, or none lists its models" : `No model that can be called; ${hidden}`;
}

function showHidden({ hidden }: ModelOverview, { desk, flags }: Showing): void {
  const { terminal } = desk;
  const variable = (provider: string) => variableOf(desk, provider);
  if (flags.json) {
    terminal.print(harmlessJson(hidden.map((it) => ({ ...it, variable: variable(it.provider) }))));
    return;
  }
  const { isOutputShown, paint } = terminal;
  const lines = hiddenTable(hidden, { paint, width: isOutputShown ? terminal.width : Infinity, variable });
  for (const line of lines) terminal.print(isOutputShown ? line : line.trimStart());
  if (hidden.length === 0) terminal.say("No filter hides a model of these");
  else {terminal.say(
      `${counted(hidden.length, "model")} hidden. ${PATTERNS.whitelistModels.name} (P: the provider) shows single ones all the same`,
    );}
}

/** The variable the provider's ignore list is from. */
function variableOf({ names, variables }: Desk, provider: string): string {
  const family = PATTERNS.ignoreModels.name.slice(0, -1);
  const own = names.namesOf(provider).map((name) => family + name);
  return own.find((name) => (variables.get(name)?.value.trim() ?? "") !== "") ?? own[0] ?? family;
}

function tellSilent({ silent }: ModelOverview, { desk: { terminal } }: Showing): void {
  for (const { provider, reason } of silent) {
    terminal.say(terminal.paintMessage("yellow", `${provider} could not list its models: ${reason}`));
  }
}

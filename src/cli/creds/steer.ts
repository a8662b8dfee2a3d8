/**
 * `creds reset`, `creds disable` and `creds enable`: the running server changes how one of its credentials stands. Nothing
 * is written here, so without a server nothing is changed.
 */
import type { Steering } from "../../app/admin_client.ts";
import type { ChangeReport, CredentialStatus, StatusReport } from "../../gateway/status_report.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { harmless, harmlessJson } from "../../terminal/harmless.ts";
import { stateWords } from "../../terminal/state_words.ts";
import { failed } from "../../terminal/stop.ts";
import { askServer } from "../ask_server.ts";
import { type Desk, type DeskFlags, look } from "../desk.ts";
import { lookAtAll } from "./list.ts";
import { chooseView, meantBy, type Named, shortName } from "./select.ts";

export interface SteerFlags extends DeskFlags {
  readonly url?: string | undefined;
}

/** A credential of the server. */
interface Steered extends Named {
  readonly status: CredentialStatus;
}

/** Does it to one credential, and says how that one is now. */
export function steer(action: Steering, which: string | undefined, flags: SteerFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const done = await askServer(desk, {
      url: flags.url,
      need: "Only a running server can do this",
      async ask(server) {
        const report = await server.status();
        const chosen = await choose(which, { action, desk, flags, report });
        return { report, chosen, now: await server.change(chosen.id, action) };
      },
    });
    show(done, { action, desk, flags });
    if (action === "disable") warnOfLast(done, desk);
    return 0;
  });
}

interface Done {
  /** Before the change. */
  readonly report: StatusReport;
  readonly chosen: Steered;
  readonly now: ChangeReport;
}

interface Choosing {
  readonly action: Steering;
  readonly desk: Desk;
  readonly flags: SteerFlags;
  readonly report: StatusReport;
}

async function choose(which: string | undefined, { action, desk, flags, report }: Choosing): Promise<Steered> {
  const views = report.providers.flatMap(({ id: provider, credentials }) =>
    credentials.map((status) => ({ ...status, provider, login: null, status }))
  );
  const isUnheard = which !== undefined && flags.url === undefined && meantBy(which, views).length === 0;
  const known = isUnheard ? await knownHere(which, { views, desk }) : undefined;
  return known ?? await chooseView(which, { views, terminal: desk.terminal, question: `Which one do you want to ${action}?` });
}

/** By a name that only this folder knows, such as the account of a login with another name; undefined when it is no name here either. */
async function knownHere(
  which: string,
  { views, desk }: { readonly views: readonly Steered[]; readonly desk: Desk },
): Promise<Steered | undefined> {
  const [own, ...others] = meantBy(which, (await lookAtAll(desk)).views);
  if (own === undefined || others.length > 0) return undefined;
  const steered = views.find(({ id }) => id === own.id);
  // What was added since the server read its configuration is no slip.
  if (steered !== undefined) return steered;
  throw failed(`The running server does not know ${shortName(own)}: keyproxy reload makes it read its configuration anew`);
}

const RESULTS = { reset: "reset", disable: "disabled", enable: "enabled" } as const;

function show({ report, chosen, now }: Done, { action, desk, flags }: Omit<Choosing, "report">): void {
  const { provider, number, status } = chosen;
  const { id, display, state, reason, until_at: untilAt } = now;
  if (flags.json) {
    const until = untilAt === null ? null : new Date(untilAt).toISOString();
    desk.terminal.print(harmlessJson({ result: RESULTS[action], provider, id, number, display, state, reason, until }));
    return;
  }
  const words = stateWords({ ...now, login: status.login }, report.at);
  const why = reason === "" ? "" : `: ${harmless(reason)}`;
  desk.terminal.print(`${harmless(shortName(chosen))} (${harmless(display)}) is now ${words}${why}`);
}

function warnOfLast({ report, chosen: { id, provider, number } }: Done, { terminal }: Desk): void {
  const others = report.providers.flatMap((it) => it.id === provider ? it.credentials : []).filter((it) => it.id !== id);
  if (others.some(({ state }) => state === "ready" || state === "busy")) return;
  const name = harmless(shortName({ provider, number }));
  terminal.say(
    terminal.paintMessage(
      "yellow",
      `No credential of ${harmless(provider)} is left that can be used now; keyproxy creds enable ${name} brings this one back`,
    ),
  );
}

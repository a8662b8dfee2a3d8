/**
 * Adding a login: how it stands is told first, then a person logs in, then everything the provider needs beside
 * the tokens is asked for, and only then the login is kept.
 */
import process from "node:process";
import type { Grant } from "../../credentials/grant.ts";
import { findClient } from "../../credentials/oauth/client.ts";
import { completionOf } from "../../credentials/oauth/completions.ts";
import { oauthEndpoints } from "../../credentials/oauth/endpoints.ts";
import { isRefusal, type OAuthCall, type Refusal } from "../../credentials/oauth/flow.ts";
import { saveNewGrant } from "../../credentials/oauth/grant_files.ts";
import { oauthRow } from "../../credentials/oauth/rows.ts";
import { systemClock } from "../../kernel/clock.ts";
import { credentialId } from "../../credentials/credential.ts";
import { identityOf } from "../../credentials/grant.ts";
import { listenForInterrupts } from "../../terminal/interrupts.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { acceptStatus } from "./acceptance.ts";
import { whileBusy } from "../../terminal/busy.ts";
import { type Desk, type DeskFlags, shownPath } from "../desk.ts";
import { type FlowFlags, runFlow } from "./login_flow.ts";
import { failed, interrupted, Stop, usage } from "../../terminal/stop.ts";
import { readPriority, readTimeoutMs } from "./values.ts";

export interface AddLoginFlags extends DeskFlags, FlowFlags {
  readonly label?: string | undefined;
  readonly priority?: string | undefined;
  /** Seconds. */
  readonly timeout?: string | undefined;
  readonly acceptStatus?: true | undefined;
}

/** Logs in at a provider and keeps the login. */
export async function addLogin(
  desk: Desk,
  { provider, flags }: { readonly provider: string; readonly flags: AddLoginFlags },
): Promise<ExitCode> {
  const row = oauthRow(provider);
  if (row === undefined) throw usage(`${provider} has no login that keyproxy can make`);
  const priority = readPriority(flags.priority);
  const timeoutMs = readTimeoutMs(flags.timeout);
  await acceptStatus(desk, provider, { isAccepted: flags.acceptStatus === true });
  const endpoints = oauthEndpoints(row, desk.variables);
  const client = await findClient({ endpoints, path: process.env["PATH"] ?? "" });
  if ("missing" in client) throw usage(`Cannot log in at ${row.name}. ${client.missing}`);
  const interrupts = listenForInterrupts();
  const call: OAuthCall = { endpoints, client, fetch, clock: systemClock, signal: interrupts.first };
  try {
    const bindHost = flags.bindHost ?? (desk.variables.get("OAUTH_CALLBACK_HOST")?.value.trim() || undefined);
    const login = runFlow(call, { terminal: desk.terminal, flags: { ...flags, bindHost }, timeoutMs });
    const grant = granted(await Promise.race([login, interrupts.second.then(() => Promise.reject(interrupted()))]));
    const whole = await complete(desk, withClient(grant, call), call);
    await keep(desk, { provider, grant: whole, notes: { label: flags.label, priority }, flags });
    return 0;
  } finally {
    interrupts.stop();
  }
}

/** With the client beside the tokens the login can be renewed on a machine that knows nothing of it. */
function withClient(grant: Grant, { client }: OAuthCall): Grant {
  return client.secret === null ? grant : { ...grant, clientId: client.id, clientSecret: client.secret };
}

/** What passes by itself is asked for again when the login is used; everything else would make it useless. */
async function complete({ terminal }: Desk, grant: Grant, call: OAuthCall): Promise<Grant> {
  const { row } = call.endpoints;
  const completion = completionOf(row.provider);
  if (completion === undefined) return grant;
  const got = await whileBusy(terminal, `Asking ${row.name} who you are …`, () => completion.complete(grant, call, "login"));
  if (!isRefusal(got)) return got;
  if (got.kind !== "transient" && got.kind !== "rate_limited") return granted(got);
  terminal.say(terminal.paintMessage("yellow", `${got.reason}; it is asked for again when the login is used`));
  return grant;
}

function granted(got: Grant | Refusal): Grant {
  if (!isRefusal(got)) return got;
  switch (got.kind) {
    case "cancelled":
      throw interrupted();
    case "misconfigured":
      throw new Stop(2, `Cannot log in: ${got.reason}`);
    default:
      throw failed(`Not logged in: ${got.reason}`);
  }
}

interface Keeping {
  readonly provider: string;
  readonly grant: Grant;
  readonly notes: { readonly label: string | undefined; readonly priority: number | undefined };
  readonly flags: AddLoginFlags;
}

async function keep(desk: Desk, { provider, grant, notes: { label, priority }, flags }: Keeping): Promise<void> {
  const { terminal, config: { dataDir } } = desk;
  const notes = { ...(label === undefined ? {} : { label }), ...(priority === undefined ? {} : { priority }) };
  const { path, how } = await saveNewGrant({ dataDir, provider, grant, notes }).catch((error: unknown) => {
    throw failed(`The login succeeded but cannot be kept in ${dataDir}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const { account, tier, projectId } = grant;
  if (flags.json) {
    const id = credentialId(provider, identityOf(grant));
    terminal.print(JSON.stringify({ result: how, provider, id, account, tier, project_id: projectId, file: path }, null, 2));
    return;
  }
  const about = [tier === null ? "" : `tier ${tier}`, projectId === null ? "" : `project ${projectId}`].filter((it) => it !== "");
  terminal.print(`Logged in${account === null ? "" : ` as ${account}`}${about.length === 0 ? "" : ` (${about.join(", ")})`}`);
  const place = shownPath(path, desk);
  terminal.print(how === "added" ? `Saved in ${place}` : `This account was there already: its login in ${place} was renewed`);
}

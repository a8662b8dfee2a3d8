/**
 * Logins that are not open to everybody any more are told of before they are made, and confirmed once per
 * status. What was confirmed is kept in `accepted.json` of the data directory.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../kernel/atomic_file.ts";
import { systemClock } from "../../kernel/clock.ts";
import { asObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import { type LoginStatus, loginStatus } from "../../providers/login_status.ts";
import type { Desk } from "../desk.ts";
import { confirm } from "../../terminal/prompts.ts";
import { failed, missing } from "../../terminal/stop.ts";

const FILE_NAME = "accepted.json";

/** Says how the login stands, and returns when nothing, or a person's consent, speaks for going on. */
export async function acceptStatus(desk: Desk, provider: string, { isAccepted }: { readonly isAccepted: boolean }): Promise<void> {
  const status = loginStatus(provider);
  if (status === undefined || status.status === "open") return;
  const { terminal, config: { dataDir } } = desk;
  for (const line of statusLines(status)) terminal.say(line);
  const path = join(dataDir, FILE_NAME);
  const record = await readRecord(path);
  if (isRecorded(record, status)) return;
  if (!isAccepted) {
    if (!terminal.isInteractive) throw missing("Your consent to use a login that is not open any more", "--accept-status");
    if (!await confirm("Go on all the same?", "no")) throw failed("Nothing was added");
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { status: word, since } = status;
  const next = { ...record, [provider]: { status: word, since, accepted_at: new Date(systemClock.now()).toISOString() } };
  await writeFileAtomic(path, `${JSON.stringify(next, null, 2)}\n`, 0o600);
}

/** A status as it is told: what, why, what instead, and who says so. */
export function statusLines({ provider, status, since, source, summary, advice }: LoginStatus): string[] {
  const word = status === "ended" ? "ended on" : "has been restricted since";
  return [`The login of ${provider} ${word} ${since}.`, summary, advice, `Source: ${source.title}`, `  ${source.url}`, ""];
}

async function readRecord(path: string): Promise<JsonObject> {
  const text = await readFile(path, "utf8").catch(() => "");
  return asObject(parseJson(text)) ?? {};
}

/** A newer status wants a new consent. */
function isRecorded(record: JsonObject, { provider, status, since }: LoginStatus): boolean {
  const found = Object.hasOwn(record, provider) ? asObject(record[provider]) : undefined;
  return found?.status === status && found.since === since;
}

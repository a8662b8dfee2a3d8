/**
 * One list of what several credentials have: each is asked with a lease of its own, a few at a time, and their answers
 * stand one behind the other, so that an id says where the list goes on. A credential that fails is named in the answer
 * and hides nobody else's entries.
 */
import { Buffer } from "node:buffer";
import type { OwnedList } from "../canonical/request.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asArray, asObject, asString, type Json, type JsonObject, parseJson } from "../kernel/json.ts";
import type { Credential } from "../credentials/credential.ts";
import type { Deps } from "./deps.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { askJson } from "./ask_json.ts";
import { commit } from "./handle.ts";
import { withMarks } from "./owned_ids.ts";
import { refuse } from "./refuse.ts";
import { ownHeaders } from "./reply_headers.ts";
import { reasonOf } from "./send.ts";

const AT_ONCE = 4;

interface Member {
  readonly provider: string;
  readonly credential: Credential;
}

interface Page {
  readonly entries: readonly Json[];
  readonly hasMore: boolean;
}

/** Answers a request for a list. */
export async function listOwned(exchange: Exchange, list: OwnedList, deps: Deps): Promise<Ending> {
  const members = membersOf(exchange, list);
  if (isFailure(members)) return refuse(exchange, members);
  const gathered = await gather(members, { exchange, list, deps });
  if (exchange.signal.aborted) return refuse(exchange, reasonOf(exchange.signal));
  const { entries, failures, isAnswered } = gathered;
  const [worst] = failures.filter(({ failed }) => !isLacking(failed));
  if (!isAnswered) return refuse(exchange, worst?.failed ?? failures[0]?.failed ?? nobody());
  const told = failures.filter(({ failed }) => list.choice === "named" || !isLacking(failed));
  const body = JSON.stringify({
    object: "list",
    data: entries,
    first_id: idOf(entries[0]),
    last_id: idOf(entries.at(-1)),
    has_more: gathered.hasMore,
    ...(told.length === 0 ? {} : { unlisted: told.map(unlisted) }),
  });
  const { "x-keyproxy-credential": _one, ...headers } = ownHeaders(exchange, undefined);
  exchange.out.writeHead(200, { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)), ...headers });
  exchange.out.end(body);
  return { status: 200, body };
}

/** Who is asked, in the list's order; after an entry only its credential and those behind it. */
function membersOf({ snapshot }: Exchange, { providers, after }: OwnedList): readonly Member[] | Failure {
  const all = providers.flatMap((provider) => {
    const credentials = snapshot.providers.get(provider)?.pool.credentials() ?? [];
    return [...credentials].sort((one, other) => one.id < other.id ? -1 : 1).map((credential) => ({ provider, credential }));
  });
  if (after === undefined) return all.length === 0 ? nobody() : all;
  const at = all.findIndex(({ credential }) => credential.id.endsWith(`:${after.owner}`));
  if (at >= 0) return all.slice(at);
  return failure({
    scope: "request",
    kind: "not_found",
    status: 404,
    message: `The credential that made the entry in "after" (…${after.owner}) is not configured here any more`,
    param: "after",
  });
}

interface Gathered {
  readonly entries: Json[];
  readonly failures: { readonly member: Member; readonly failed: Failure }[];
  hasMore: boolean;
  isAnswered: boolean;
}

async function gather(
  members: readonly Member[],
  at: { readonly exchange: Exchange; readonly list: OwnedList; readonly deps: Deps },
): Promise<Gathered> {
  const { exchange, list: { limit = Infinity, after } } = at;
  const gathered: Gathered = { entries: [], failures: [], hasMore: false, isAnswered: false };
  for (let from = 0; from < members.length && !exchange.signal.aborted; from += AT_ONCE) {
    const wanted = limit - gathered.entries.length;
    if (wanted <= 0 || gathered.hasMore) return { ...gathered, hasMore: true };
    const group = members.slice(from, from + AT_ONCE);
    const pages = await Promise.all(group.map((member) => {
      const isFirst = after !== undefined && member.credential.id.endsWith(`:${after.owner}`);
      return pageOf(member, { ...at, limit: wanted, after: isFirst ? after.id : undefined });
    }));
    for (const [index, page] of pages.entries()) {
      const member = group[index];
      if (isFailure(page)) {
        if (member !== undefined) gathered.failures.push({ member, failed: page });
        continue;
      }
      gathered.isAnswered = true;
      // What stands behind an unfinished page comes when that one is through.
      if (gathered.hasMore) continue;
      const room = limit - gathered.entries.length;
      gathered.entries.push(...page.entries.slice(0, room));
      gathered.hasMore = page.hasMore || page.entries.length > room;
    }
  }
  return gathered;
}

interface Asked {
  readonly exchange: Exchange;
  readonly deps: Deps;
  readonly limit: number;
  readonly after: string | undefined;
}

/** What one credential has. */
async function pageOf({ provider, credential }: Member, { exchange, deps, limit, after }: Asked): Promise<Page | Failure> {
  const { raw } = exchange.request.native;
  if (raw === undefined) return nobody();
  const { list: _list, ...asked } = { ...raw, path: pathOf(raw.path, { limit, after }) };
  const part: Exchange = {
    ...exchange,
    request: { ...exchange.request, model: `${provider}/files`, native: { ...exchange.request.native, raw: asked } },
    only: credential.id.slice(credential.id.indexOf(":") + 1),
  };
  const got = await askJson(part, { clock: deps.clock, commit: (it) => commit(it, deps) });
  exchange.waitedMs = Math.max(exchange.waitedMs, part.waitedMs);
  if (isFailure(got)) return got;
  const page = asObject(parseJson(withMarks(got.text, got.credential)));
  return Array.isArray(page?.data) ? { entries: asArray(page.data), hasMore: page.has_more === true } : noList();
}

function pathOf(path: string, { limit, after }: { readonly limit: number; readonly after: string | undefined }): string {
  const [place = "", text = ""] = path.split("?", 2);
  const query = new URLSearchParams(text);
  if (limit < Infinity) query.set("limit", String(limit));
  if (after !== undefined) query.set("after", after);
  const rest = query.toString();
  return rest === "" ? place : `${place}?${rest}`;
}

/** The provider has no such thing at all. */
function isLacking({ upstreamStatus, scope }: Failure): boolean {
  return upstreamStatus === 404 || upstreamStatus === 405 || scope === "model";
}

function unlisted({ member, failed }: Gathered["failures"][number]): JsonObject {
  return { provider: member.provider, credential: member.credential.id, status: failed.status, message: failed.message };
}

function idOf(entry: Json | undefined): string | null {
  return asString(asObject(entry)?.id) ?? null;
}

function nobody(): Failure {
  return failure({
    scope: "gateway",
    kind: "no_credential",
    status: 503,
    message: "There is no credential whose files or batches could be listed",
  });
}

function noList(): Failure {
  return failure({ scope: "provider", kind: "malformed_answer", status: 502, message: "The provider's answer is no list" });
}

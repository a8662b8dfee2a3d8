/**
 * `GET /v1/files` and `GET /v1/batches`: one list of what all credentials have. A provider may be named, as elsewhere;
 * `after` is an id from an earlier list, which knows its credential.
 */
import { withoutMarks } from "../gateway/owned_ids.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import { type Failure, isFailure } from "../kernel/failure.ts";
import { badRequest, type ReadRequest } from "./ingress.ts";
import { ownedRequestOf, PROVIDER_HEADER } from "./raw.ts";

/** The addresses that list, after `/v1`. */
export const LISTED_PATHS: ReadonlySet<string> = new Set(["/files", "/batches"]);

/** As OpenAI has it for files. */
const MAX_LIMIT = 10_000;
/** Protocols that have files and batches under OpenAI's names. */
const LISTING_PROTOCOLS: ReadonlySet<string> = new Set(["openai", "azure"]);

/** Reads a request for a list. `target`: the rest of the address, its query included. */
export function ownedList(target: string, snapshot: Snapshot): ReadRequest {
  return ({ headers }) => {
    const [path = "", text = ""] = target.split("?", 2);
    const query = new URLSearchParams(text);
    const header = headers[PROVIDER_HEADER];
    const named = (take(query, "provider") ?? (typeof header === "string" ? header : "")).trim().toLowerCase();
    const limit = limitOf(take(query, "limit"));
    if (isFailure(limit)) return Promise.resolve(limit);
    const after = afterOf(take(query, "after"));
    if (isFailure(after)) return Promise.resolve(after);
    const providers = providersOf(named, snapshot);
    if (isFailure(providers)) return Promise.resolve(providers);
    const list = { providers, choice: named === "" ? "all" as const : "named" as const, limit: limit ?? undefined, after };
    const rest = query.toString();
    const raw = { method: "GET" as const, path: rest === "" ? path : `${path}?${rest}`, isOwned: true, list };
    return Promise.resolve({ request: ownedRequestOf(providers[0] ?? "", { body: {}, raw }), body: {} });
  };
}

function take(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name) ?? undefined;
  query.delete(name);
  return value === "" ? undefined : value;
}

function limitOf(text: string | undefined): number | undefined | Failure {
  if (text === undefined) return undefined;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  return badRequest(`Invalid query field "limit": a whole number from 1 to ${MAX_LIMIT} is expected`, "limit");
}

function afterOf(text: string | undefined): { readonly id: string; readonly owner: string } | undefined | Failure {
  if (text === undefined) return undefined;
  const { text: id, owner } = withoutMarks(text);
  if (owner !== undefined && /^[A-Za-z0-9_-]+$/.test(id)) return { id, owner };
  return badRequest('Invalid query field "after": an id from a list of this server is expected', "after");
}

function providersOf(named: string, { providers }: Snapshot): readonly string[] | Failure {
  const all = [...providers.values()].filter(({ row }) => LISTING_PROTOCOLS.has(row.protocol)).map(({ row }) => row.id);
  if (named === "") return all.length > 0 ? all : badRequest("No configured provider has files or batches", "provider");
  if (providers.has(named)) return [named];
  const known = all.join(", ") || "none";
  return badRequest(`provider "${named.slice(0, 64)}" is not configured; those with files and batches are: ${known}`, "provider");
}

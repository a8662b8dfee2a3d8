/**
 * From a request in the provider's dialect to the HTTP call that carries it: where it goes, how the key
 * travels, what the row's quirks change. Pure; nothing is sent here.
 */
import type { Credential } from "../credentials/credential.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { JsonObject } from "../kernel/json.ts";
import { NAME, VERSION } from "../kernel/version.ts";
import { allowsStreamUsage, applyRequestQuirks } from "./quirks.ts";
import type { ProviderRow } from "./row.ts";

/** One HTTP call to a provider, ready to send. */
export interface UpstreamCall {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; one text with the head leaves in one write, where bytes would take a second. */
  readonly body: string | undefined;
}

export interface Prepared {
  readonly call: UpstreamCall;
  /** The provider was asked for usage in its stream. */
  readonly asksStreamUsage: boolean;
}

/** The call for one attempt at a chat, completion or embeddings request. `body` names the provider's model already. */
export function prepareCall(
  input: {
    readonly row: ProviderRow;
    readonly dialect: Dialect;
    readonly body: JsonObject;
    readonly isStream: boolean;
    readonly credential: Credential;
    readonly requestId: string;
  },
): Prepared {
  const { row, dialect, isStream } = input;
  const asksStreamUsage = isStream && allowsStreamUsage(row);
  const streamed = isStream
    ? asksStreamUsage ? { ...input.body, stream_options: { ...asOptions(input.body.stream_options), include_usage: true } } : input.body
    : withoutStream(input.body);
  const body = applyRequestQuirks(row.quirks ?? [], streamed);
  const headers = {
    ...callHeaders(row, input.credential),
    "content-type": "application/json",
    accept: isStream ? "text/event-stream" : "application/json",
    "x-request-id": input.requestId,
  };
  return {
    call: { url: endpoint(row, dialect.upstreamPath), method: "POST", headers, body: JSON.stringify(body) },
    asksStreamUsage,
  };
}

/** The call that asks for the provider's list of models, or undefined when it has none. */
export function listingCall(row: ProviderRow, credential: Credential): UpstreamCall | undefined {
  if (row.listing === null) return undefined;
  const { path } = row.listing;
  const url = /^https?:\/\//.test(path) ? new URL(path) : endpoint(row, `/${path}`);
  return { url, method: "GET", headers: { ...callHeaders(row, credential), accept: "application/json" }, body: undefined };
}

function callHeaders(row: ProviderRow, credential: Credential): Record<string, string> {
  return {
    ...row.headers,
    ...authHeader(row, credential),
    "user-agent": row.headers?.["user-agent"] ?? `${NAME}/${VERSION}`,
    // Answers are relayed as they come and read in passing, so they must not be compressed.
    "accept-encoding": "identity",
  };
}

function authHeader(row: ProviderRow, credential: Credential): Record<string, string> {
  const key = credential.secret.reveal();
  if (key === "" || row.auth.kind === "none") return key === "" ? {} : { authorization: `Bearer ${key}` };
  return row.auth.kind === "header"
    ? { [row.auth.name.toLowerCase()]: `${row.auth.prefix ?? ""}${key}` }
    : { authorization: `Bearer ${key}` };
}

/** Addresses already made: parsing one costs more than the rest of a call's preparation. */
const ENDPOINTS = new WeakMap<ProviderRow, Map<string, URL>>();

function endpoint(row: ProviderRow, path: string): URL {
  let known = ENDPOINTS.get(row);
  if (known === undefined) {
    known = new Map();
    ENDPOINTS.set(row, known);
  }
  let url = known.get(path);
  if (url === undefined) {
    url = new URL(row.baseUrl);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}${path}`;
    known.set(path, url);
  }
  return url;
}

function withoutStream(body: JsonObject): JsonObject {
  if (body.stream === undefined && body.stream_options === undefined) return body;
  const { stream: _stream, stream_options: _options, ...rest } = body;
  return rest;
}

function asOptions(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

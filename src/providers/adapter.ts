/**
 * From a request in the client's dialect to the HTTP call that carries it: where it goes, how the key
 * travels, what the row's quirks change, and how the answer is read. Pure; nothing is sent here.
 */
import { OPENAI_UPSTREAM_CODEC } from "../dialects/openai_upstream/codec.ts";
import type { Recall } from "../dialects/codec.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { crossEmbeddings, type EmbedFormat } from "../dialects/embed/format.ts";
import type { RawRequest } from "../canonical/request.ts";
import { assertNever, type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asObject, type JsonObject } from "../kernel/json.ts";
import { NAME, VERSION } from "../kernel/version.ts";
import type { Access } from "./access.ts";
import { type AnswerForm, embeddingsForm, nativeForm, translatedForm } from "./answer_form.ts";
import { crossInto } from "./crossing.ts";
import { prepareGeminiCli } from "./gemini_cli/prepare.ts";
import { iflowHeaders, iflowSession } from "./iflow_signature.ts";
import { QWEN_HOSTS, qwenBaseUrl, qwenHeaders } from "./qwen_host.ts";
import { type CallAim, type ProtocolFacts, protocolFor, PROTOCOLS } from "./protocols.ts";
import { allowsStreamUsage, applyRequestQuirks, hasQuirk, responseQuirks } from "./quirks.ts";
import type { ProviderRow } from "./row.ts";

/** One HTTP call to a provider, ready to send. */
export interface UpstreamCall {
  readonly url: URL;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; one text with the head leaves in one write, where bytes would take a second. */
  readonly body: string | undefined;
  /** In place of the text: a form with files. */
  readonly bytes?: Uint8Array;
}

export interface Prepared {
  readonly call: UpstreamCall;
  readonly form: AnswerForm;
  /** The provider was asked for usage in its stream on the gateway's own account: it must be hidden again. */
  readonly hidesUsage: boolean;
  /** Fields of the request that could not be carried over. */
  readonly lossy: readonly string[];
}

/** One attempt at a chat, completion or embeddings request. */
export interface PrepareInput {
  readonly row: ProviderRow;
  readonly dialect: Dialect;
  /** In the client's dialect; names the provider's model already. */
  readonly body: JsonObject;
  /** A request that is passed on as it is. */
  readonly raw?: RawRequest | undefined;
  /** The provider's name of the model, and the client's. */
  readonly model: string;
  readonly clientModel: string;
  readonly isStream: boolean;
  readonly wantsStreamUsage: boolean;
  readonly access: Access;
  readonly requestId: string;
  /** What the client said in headers of its dialect, for providers that speak it too. */
  readonly dialectHeaders: Readonly<Record<string, string>>;
  /** Tells conversations apart; never sent as it is. */
  readonly conversation: string;
  /** Epoch ms. */
  readonly now: number;
  readonly recall: Recall;
  readonly newId: () => string;
}

/** The call for one attempt, or why this provider cannot take the request. */
export function prepareCall(input: PrepareInput): Prepared | Failure {
  const { row, dialect } = input;
  if (input.raw !== undefined) return prepareRaw(input, input.raw);
  if (row.adapter === "gemini_cli") return prepareGeminiCli(input);
  const protocol = protocolFor(row, { dialect: dialect.name, model: input.model });
  if (protocol.needsProject === true && (input.access.grant?.projectId ?? undefined) === undefined) return wantsProject(input);
  const isEmbedding = dialect.name === "openai_embeddings";
  const isNative = protocol.native.includes(dialect.name);
  if (isEmbedding && protocol.embed !== undefined && (!isNative || input.body.input_type !== undefined)) {
    return prepareEmbeddings(input, protocol, protocol.embed);
  }
  return isNative ? prepareNative(input, protocol) : prepareCrossing(input, protocol);
}

function wantsProject({ row, model }: PrepareInput): Failure {
  return failure({
    scope: "credential_model",
    kind: "model_denied",
    status: 403,
    message: `"${model}" on ${row.name} wants a service account: a key of the express mode reaches Google's own models alone`,
  });
}

/** Embeddings for a provider with a format of its own. */
function prepareEmbeddings(input: PrepareInput, protocol: ProtocolFacts, format: EmbedFormat): Prepared | Failure {
  const crossing = crossEmbeddings(format, input.body, input.model);
  if (isFailure(crossing)) return crossing;
  const aim = { ...aimOf(input, undefined), method: crossing.method };
  return {
    call: callOf(input, { protocol, aim, body: crossing.body }),
    form: embeddingsForm(input.dialect, crossing),
    hidesUsage: false,
    lossy: crossing.lossy,
  };
}

/** Images, sounds, files and the like: nothing of the answer is read. */
function prepareRaw(input: PrepareInput, raw: RawRequest): Prepared | Failure {
  const { row, access, model, now, conversation } = input;
  const place = rawPlace(row, raw);
  if (place === undefined) {
    return failure({
      scope: "gateway",
      kind: "not_found",
      status: 404,
      message: `Provider "${row.id}" has no ${raw.path.replace(/[?].*$/, "")}`,
    });
  }
  const hasBody = raw.method === "POST" || raw.method === "PATCH";
  const headers = {
    ...callHeaders(row, access),
    ...input.dialectHeaders,
    ...adapterHeaders(row, { access, conversation, now }),
    ...(hasBody ? { "content-type": raw.form?.contentType ?? "application/json" } : {}),
    accept: "*/*",
    "x-request-id": input.requestId,
  };
  const url = endpoint(baseUrlOf(row, access), `${place}${raw.path}`);
  return {
    call: {
      url,
      method: raw.method,
      headers,
      body: hasBody && raw.form === undefined ? JSON.stringify(rawBody(input, raw)) : undefined,
      ...(raw.form === undefined ? {} : { bytes: raw.form.named(model) }),
    },
    form: nativeForm(input.dialect, row),
    hidesUsage: false,
    lossy: [],
  };
}

function rawBody({ body, model }: PrepareInput, { modelForm }: RawRequest): JsonObject {
  const { model: _model, ...rest } = body;
  if (modelForm === undefined) return body;
  return modelForm === "absent" ? rest : { ...rest, model: `models/${model}` };
}

/** What stands between a provider's address and the path of a call; undefined: it has no such path. */
function rawPlace({ protocol, adapter }: ProviderRow, { speaks }: RawRequest): string | undefined {
  if (adapter === "gemini_cli") return undefined;
  if (speaks !== undefined) return protocol === speaks ? "" : undefined;
  return RAW_PLACES.get(protocol);
}

/** What stands between a provider's address and OpenAI's paths. */
const RAW_PLACES: ReadonlyMap<string, string> = new Map([["openai", ""], ["azure", "/openai/v1"], ["cohere", "/v2"]]);

function prepareNative(input: PrepareInput, protocol: ProtocolFacts): Prepared {
  const { row, dialect, isStream } = input;
  const asksStreamUsage = isStream && dialect.name.startsWith("openai") && dialect.name !== "openai_responses" && allowsStreamUsage(row);
  const asked = asksStreamUsage ? withStreamUsage(input.body) : input.body;
  const aim = aimOf(input, dialect.name);
  const isGoogles = dialect.name === "openai_embeddings" && typeof asked.input_type === "string" && GOOGLES_WORD.test(asked.input_type);
  return {
    call: callOf(input, { protocol, aim, body: isGoogles ? withoutPurpose(asked) : asked }),
    form: nativeForm(dialect, row),
    hidesUsage: asksStreamUsage && !input.wantsStreamUsage,
    lossy: isGoogles ? ["taskType"] : [],
  };
}

/** What embeddings are for, in words that only Google's models know. */
const GOOGLES_WORD = /^[A-Z_]+$/;

function withoutPurpose({ input_type: _purpose, ...body }: JsonObject): JsonObject {
  return body;
}

function prepareCrossing(input: PrepareInput, protocol: ProtocolFacts): Prepared | Failure {
  const { row, isStream } = input;
  const crossed = crossInto(protocol.codec, input);
  if (isFailure(crossed)) return crossed;
  const { crossing } = crossed;
  const asksStreamUsage = isStream && protocol.codec === OPENAI_UPSTREAM_CODEC && allowsStreamUsage(row);
  const asked = asksStreamUsage ? withStreamUsage(crossing.body) : crossing.body;
  const aim = aimOf(input, undefined);
  return {
    call: callOf(input, { protocol, aim, body: asked }),
    form: translatedForm({
      ...crossed,
      read: (body) => protocol.codec.read(body),
      quirks: responseQuirks(row.quirks),
      endsUnsaid: hasQuirk(row, "missing_finish_reason"),
      whole: "asked",
    }),
    hidesUsage: false,
    lossy: crossing.lossy,
  };
}

function aimOf({ row, model, isStream, access: { grant } }: PrepareInput, dialect: CallAim["dialect"]): CallAim {
  return { dialect, model, isStream, apiVersion: row.apiVersion, location: row.location, projectId: grant?.projectId ?? undefined };
}

function withStreamUsage(body: JsonObject): JsonObject {
  return { ...body, stream_options: { ...asObject(body.stream_options), include_usage: true } };
}

function callOf(
  input: PrepareInput,
  { protocol, aim, body }: { readonly protocol: ProtocolFacts; readonly aim: CallAim; readonly body: JsonObject },
): UpstreamCall {
  const { row, access, isStream, conversation, now } = input;
  const headers: Record<string, string> = {
    ...callHeaders({ ...row, auth: protocol.auth?.(aim, access.secret) ?? row.auth }, access),
    ...input.dialectHeaders,
    ...adapterHeaders(row, { access, conversation, now }),
    "content-type": "application/json",
    accept: isStream ? "text/event-stream" : "application/json",
    "x-request-id": input.requestId,
  };
  // Quirks are about OpenAI's chat, whatever else a provider speaks.
  const quirks = protocol.codec === OPENAI_UPSTREAM_CODEC ? row.quirks : undefined;
  const sent = applyRequestQuirks(quirks, protocol.body(body, aim));
  const url = endpoint(baseUrlOf(row, access), protocol.path(aim));
  const text = JSON.stringify(sent);
  const { authorization: _key, ...unsigned } = headers;
  const signed = protocol.sign?.({ method: "POST", url, headers: { "content-type": "application/json" }, body: text }, access.secret, now);
  return { url, method: "POST", headers: signed === undefined ? headers : { ...unsigned, ...signed }, body: text };
}

/** The calls that ask for the provider's list of models, the chief one first; none when it has no list. */
export function listingCalls(row: ProviderRow, access: Access, now: number): readonly UpstreamCall[] {
  if (row.listing === null) return [];
  const protocol: ProtocolFacts = PROTOCOLS[row.protocol];
  const baseUrl = protocol.listingBase?.(row.baseUrl) ?? baseUrlOf(row, access);
  const headers = {
    ...callHeaders(row, access),
    ...adapterHeaders(row, { access, conversation: "models", now }),
    accept: "application/json",
  };
  return [row.listing.path, ...row.listing.further ?? []].map((path) => {
    const url = /^https?:\/\//.test(path) ? new URL(path) : endpoint(baseUrl, `/${path}`);
    const signed = protocol.sign?.({ method: "GET", url, headers: {}, body: "" }, access.secret, now);
    return { url, method: "GET", headers: { ...headers, ...signed }, body: undefined };
  });
}

function baseUrlOf(row: ProviderRow, { grant }: Access): string {
  if (row.adapter !== "qwen_code" || grant === null) return row.baseUrl;
  return qwenBaseUrl(grant.resourceUrl, { defaultBase: row.baseUrl, allowedHosts: QWEN_HOSTS });
}

function adapterHeaders(
  { adapter }: ProviderRow,
  { access, conversation, now }: Pick<PrepareInput, "access" | "conversation" | "now">,
): Readonly<Record<string, string>> {
  switch (adapter) {
    case "iflow":
      return iflowHeaders({ key: access.secret, session: iflowSession(conversation), now });
    case "qwen_code":
      return qwenHeaders(access.grant === null ? "key" : "login");
    case "gemini_cli":
    case undefined:
      return {};
    default:
      return assertNever(adapter);
  }
}

function callHeaders(row: ProviderRow, access: Access): Record<string, string> {
  return {
    ...row.headers,
    ...authHeader(row, access),
    "user-agent": row.headers?.["user-agent"] ?? `${NAME}/${VERSION}`,
    // Answers are relayed as they come and read in passing, so they must not be compressed.
    "accept-encoding": "identity",
  };
}

function authHeader(row: ProviderRow, { secret }: Access): Record<string, string> {
  const key = secret.reveal();
  if (key === "" || row.auth.kind === "none") return key === "" ? {} : { authorization: `Bearer ${key}` };
  return row.auth.kind === "header"
    ? { [row.auth.name.toLowerCase()]: `${row.auth.prefix ?? ""}${key}` }
    : { authorization: `Bearer ${key}` };
}

/** Addresses already made: parsing one costs more than the rest of a call's preparation. Bounded: few are in use at a time. */
const ENDPOINTS = new Map<string, URL>();
const MOST_ENDPOINTS = 1_000;

function endpoint(baseUrl: string, path: string): URL {
  const key = `${baseUrl} ${path}`;
  let url = ENDPOINTS.get(key);
  if (url === undefined) {
    url = new URL(baseUrl);
    const [place = "", query = ""] = path.split("?", 2);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}${place}`;
    if (query !== "") url.search = query;
    if (ENDPOINTS.size >= MOST_ENDPOINTS) ENDPOINTS.clear();
    ENDPOINTS.set(key, url);
  }
  return url;
}

/**
 * The wire formats providers speak: which dialects of clients go through as they are, how every other request is
 * carried over, and where it is sent. One line each; what sets single providers apart stands in their rows.
 */
import type { DialectName } from "../canonical/request.ts";
import { withoutUnsigned } from "../dialects/anthropic_bound.ts";
import { ANTHROPIC_UPSTREAM_CODEC } from "../dialects/anthropic_upstream/codec.ts";
import { COHERE_CODEC } from "../dialects/cohere/codec.ts";
import { BEDROCK_CODEC } from "../dialects/bedrock/codec.ts";
import type { ProviderCodec } from "../dialects/codec.ts";
import { BEDROCK_EMBED } from "../dialects/embed/bedrock.ts";
import type { EmbedFormat } from "../dialects/embed/format.ts";
import { GEMINI_EMBED, VERTEX_EMBED } from "../dialects/embed/google.ts";
import { GEMINI_CODEC } from "../dialects/gemini/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../dialects/responses_upstream/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../dialects/openai_upstream/codec.ts";
import { isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { Secret } from "../kernel/secret.ts";
import { awsIdentity, signatureHeaders, type SignedParts } from "./aws_signature.ts";
import type { Auth } from "./row.ts";

/** What one call is about, as far as its address and its last touches depend on it. */
export interface CallAim {
  /** The client's dialect when the request goes through as it is; undefined when it was carried over. */
  readonly dialect: DialectName | undefined;
  /** As the provider knows it. */
  readonly model: string;
  readonly isStream: boolean;
  /** What is asked of the model, where that is not a chat: `predict`, `invoke`. */
  readonly method?: string | undefined;
  /** `P_API_VERSION`, when it is set. */
  readonly apiVersion?: string | undefined;
  /** Where a cloud's models run, and the project that pays, for logins that have one. */
  readonly location?: string | undefined;
  readonly projectId?: string | undefined;
}

export interface ProtocolFacts {
  /** Dialects of clients that providers of this format take as they are. */
  readonly native: readonly DialectName[];
  readonly codec: ProviderCodec;
  /** For embeddings that do not go through as they are. */
  readonly embed?: EmbedFormat;
  /** Only logins with a project can call it. */
  readonly needsProject?: true;
  /** Where the call goes, after the provider's base URL; may end in a query. */
  path(aim: CallAim): string;
  /** How a key travels, where that is not always as the row says. */
  auth?(aim: CallAim, key: Secret): Auth | undefined;
  /** The headers that sign a call, in place of the one that carries the key; undefined: this key travels as it is. */
  sign?(parts: SignedParts, key: Secret, now: number): Readonly<Record<string, string>> | undefined;
  /** Where the lists of models are asked for, when that is not where calls go. */
  listingBase?(baseUrl: string): string;
  /** The body as it is sent: says whether to stream where the address does not. */
  body(body: JsonObject, aim: CallAim): JsonObject;
}

const OPENAI_PATHS: ReadonlyMap<DialectName | undefined, string> = new Map([
  ["openai_completions", "/completions"],
  ["openai_embeddings", "/embeddings"],
]);

const OPENAI: ProtocolFacts = {
  native: ["openai_chat", "openai_completions", "openai_embeddings"],
  codec: OPENAI_UPSTREAM_CODEC,
  path: ({ dialect, apiVersion }) => versioned(OPENAI_PATHS.get(dialect) ?? "/chat/completions", apiVersion),
  body: streamed,
};

function versioned(path: string, apiVersion: string | undefined): string {
  return apiVersion === undefined ? path : `${path}?api-version=${encodeURIComponent(apiVersion)}`;
}

/** The same providers' other interface. */
const RESPONSES: ProtocolFacts = {
  native: ["openai_responses"],
  codec: RESPONSES_UPSTREAM_CODEC,
  path: ({ apiVersion }) => versioned("/responses", apiVersion),
  body: (body, aim) => streamed(withReadableThoughts(body, aim), aim),
};

/** Thoughts without their encrypted form are known by an id alone, which went when the answer was kept here. */
function withReadableThoughts(body: JsonObject, { dialect }: CallAim): JsonObject {
  if (dialect === undefined || !Array.isArray(body.input)) return body;
  const isReadable = (item: Json) =>
    !isObject(item) || item.type !== "reasoning" || item.id !== undefined || item.encrypted_content !== undefined;
  return body.input.every(isReadable) ? body : { ...body, input: body.input.filter(isReadable) };
}

/** Tokens of Entra ID are JWTs, keys are not. */
function azureAuth(_aim: CallAim, key: Secret): Auth | undefined {
  return key.reveal().startsWith("eyJ") ? { kind: "bearer" } : undefined;
}

/** Names a deployment in the address when a version is asked for, and in the body as OpenAI does otherwise. */
const AZURE: ProtocolFacts = {
  ...OPENAI,
  path({ dialect, model, apiVersion }) {
    const path = OPENAI_PATHS.get(dialect) ?? "/chat/completions";
    if (apiVersion === undefined) return `/openai/v1${path}`;
    return versioned(`/openai/deployments/${encodeURIComponent(model)}${path}`, apiVersion);
  },
  auth: azureAuth,
};

const ANTHROPIC: ProtocolFacts = {
  native: ["anthropic_messages"],
  codec: ANTHROPIC_UPSTREAM_CODEC,
  path: () => "/messages",
  body: (body, aim) => streamed(aim.dialect === undefined ? body : withoutUnsigned(body), aim),
};

const GEMINI: ProtocolFacts = {
  native: ["gemini_generate", "gemini_array", "openai_embeddings"],
  codec: GEMINI_CODEC,
  embed: GEMINI_EMBED,
  path({ dialect, model, isStream, method }) {
    if (dialect === "openai_embeddings") return "/openai/embeddings";
    return `/models/${encodeURIComponent(model)}:${method ?? (isStream ? "streamGenerateContent?alt=sse" : "generateContent")}`;
  },
  auth: ({ dialect }) => dialect === "openai_embeddings" ? { kind: "bearer" } : undefined,
  body(body, { dialect }) {
    if (dialect === "openai_embeddings") return body;
    const { model: _model, stream: _stream, ...rest } = body;
    return rest;
  },
};

/** Gemini's format under the addresses of Google Cloud: those of a project for its service accounts, else the express ones. */
const VERTEX: ProtocolFacts = {
  ...GEMINI,
  native: ["gemini_generate", "gemini_array"],
  embed: VERTEX_EMBED,
  path: (aim) => `${projectPlace(aim)}/publishers/google${GEMINI.path({ ...aim, dialect: undefined })}`,
  auth: ({ projectId }) => projectId === undefined ? undefined : { kind: "bearer" },
};

function projectPlace({ projectId, location = "global" }: CallAim): string {
  return projectId === undefined ? "" : `/projects/${encodeURIComponent(projectId)}/locations/${encodeURIComponent(location)}`;
}

/** Anthropic's models there: its own format, but the version stands in the body and the model in the address alone. */
const VERTEX_CLAUDE: ProtocolFacts = {
  ...ANTHROPIC,
  path(aim) {
    // Days of models stand behind an at sign there, which Google shows as it is, and behind a dash at Anthropic.
    const model = encodeURIComponent(aim.model).replaceAll("%40", "@").replace(/-(20\d{6})$/, "@$1");
    return `${projectPlace(aim)}/publishers/anthropic/models/${model}:${aim.isStream ? "streamRawPredict" : "rawPredict"}`;
  },
  needsProject: true,
  auth: () => ({ kind: "bearer" }),
  body(body, aim) {
    const { model: _model, ...rest } = ANTHROPIC.body(body, aim);
    return { anthropic_version: "vertex-2023-10-16", ...rest };
  },
};

const COHERE: ProtocolFacts = {
  native: ["openai_embeddings"],
  codec: COHERE_CODEC,
  path: ({ dialect }) => dialect === "openai_embeddings" ? "/compatibility/v1/embeddings" : "/v2/chat",
  body: streamed,
};

const BEDROCK: ProtocolFacts = {
  native: [],
  codec: BEDROCK_CODEC,
  embed: BEDROCK_EMBED,
  path: ({ model, isStream, method }) => `/model/${encodeURIComponent(model)}/${method ?? (isStream ? "converse-stream" : "converse")}`,
  body: ({ model: _model, stream: _stream, ...body }) => body,
  listingBase: (baseUrl) => baseUrl.replace("//bedrock-runtime.", "//bedrock."),
  sign(parts, key, now) {
    const identity = awsIdentity(key.reveal());
    if (identity === undefined) return undefined;
    // The region is part of the address and of the signature.
    const region = /\bbedrock[\w-]*\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws|api\.aws)/.exec(parts.url.hostname)?.[1] ?? "us-east-1";
    return signatureHeaders(parts, { identity, region, service: "bedrock", now });
  },
};

/** Every format by its name in rows. */
export const PROTOCOLS = {
  openai: OPENAI,
  responses: RESPONSES,
  azure: AZURE,
  azure_responses: { ...RESPONSES, path: () => "/openai/v1/responses", auth: azureAuth },
  anthropic: ANTHROPIC,
  gemini: GEMINI,
  vertex: VERTEX,
  cohere: COHERE,
  bedrock: BEDROCK,
} as const satisfies Record<
  string,
  ProtocolFacts
>;

/** Fields that say how to stream stay only where something is streamed. */
function streamed(body: JsonObject, { isStream }: CallAim): JsonObject {
  if (isStream) return body.stream === true ? body : { ...body, stream: true };
  if (body.stream === undefined && body.stream_options === undefined) return body;
  const { stream: _stream, stream_options: _options, ...rest } = body;
  return rest;
}

/** Models of OpenAI's that answer in Responses alone. */
const RESPONSES_ONLY = /^(o1-pro|o3-pro|gpt-5(\.\d+)?-pro|gpt-5(\.\d+)?-codex|codex-|computer-use)|-deep-research/;

/** The format for one call: some providers have two. */
export function protocolFor(
  { protocol, speaksResponses }: SpeakingRow,
  aim: { readonly dialect: DialectName; readonly model: string },
): ProtocolFacts {
  if (protocol === "vertex" && aim.model.startsWith("claude-")) return VERTEX_CLAUDE;
  const isWanted = aim.dialect === "openai_responses" || (RESPONSES_ONLY.test(aim.model) && CROSSING.has(aim.dialect));
  if (speaksResponses !== true || !isWanted) return PROTOCOLS[protocol];
  return protocol === "azure" ? PROTOCOLS.azure_responses : PROTOCOLS.responses;
}

interface SpeakingRow {
  readonly protocol: keyof typeof PROTOCOLS;
  readonly speaksResponses?: true;
}

/** Most inputs of one embeddings call. */
export function embeddingsLimit({ protocol }: SpeakingRow, model: string): number {
  const { native, embed }: ProtocolFacts = PROTOCOLS[protocol];
  return native.includes("openai_embeddings") ? Infinity : embed?.maxItems(model) ?? Infinity;
}

const CROSSING: ReadonlySet<DialectName> = new Set(["openai_chat", "anthropic_messages", "gemini_generate", "gemini_array"]);

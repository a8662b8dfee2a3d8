/**
 * The wire formats providers speak: which dialects of clients go through as they are, how every other request is
 * carried over, and where it is sent. One line each; what sets single providers apart stands in their rows.
 */
import type { DialectName } from "../canonical/request.ts";
import { ANTHROPIC_UPSTREAM_CODEC } from "../dialects/anthropic_upstream/codec.ts";
import type { ProviderCodec } from "../dialects/codec.ts";
import { GEMINI_CODEC } from "../dialects/gemini/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../dialects/openai_upstream/codec.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { Auth } from "./row.ts";

/** What one call is about, as far as its address and its last touches depend on it. */
export interface CallAim {
  /** The client's dialect when the request goes through as it is; undefined when it was carried over. */
  readonly dialect: DialectName | undefined;
  /** As the provider knows it. */
  readonly model: string;
  readonly isStream: boolean;
}

export interface ProtocolFacts {
  /** Dialects of clients that providers of this format take as they are. */
  readonly native: readonly DialectName[];
  readonly codec: ProviderCodec;
  /** Where the call goes, after the provider's base URL; may end in a query. */
  path(aim: CallAim): string;
  /** How the key travels on addresses where it does so in another way than the row says. */
  auth?(aim: CallAim): Auth | undefined;
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
  path: ({ dialect }) => OPENAI_PATHS.get(dialect) ?? "/chat/completions",
  body: streamed,
};

const ANTHROPIC: ProtocolFacts = {
  native: ["anthropic_messages"],
  codec: ANTHROPIC_UPSTREAM_CODEC,
  path: () => "/messages",
  body: streamed,
};

const GEMINI: ProtocolFacts = {
  native: ["gemini_generate", "gemini_array", "openai_embeddings"],
  codec: GEMINI_CODEC,
  path({ dialect, model, isStream }) {
    if (dialect === "openai_embeddings") return "/openai/embeddings";
    return `/models/${encodeURIComponent(model)}:${isStream ? "streamGenerateContent?alt=sse" : "generateContent"}`;
  },
  auth: ({ dialect }) => dialect === "openai_embeddings" ? { kind: "bearer" } : undefined,
  body(body, { dialect }) {
    if (dialect === "openai_embeddings") return body;
    const { model: _model, stream: _stream, ...rest } = body;
    return rest;
  },
};

/** Every format by its name in rows. */
export const PROTOCOLS = { openai: OPENAI, anthropic: ANTHROPIC, gemini: GEMINI } as const satisfies Record<string, ProtocolFacts>;

/** Fields that say how to stream stay only where something is streamed. */
function streamed(body: JsonObject, { isStream }: CallAim): JsonObject {
  if (isStream) return body.stream === true ? body : { ...body, stream: true };
  if (body.stream === undefined && body.stream_options === undefined) return body;
  const { stream: _stream, stream_options: _options, ...rest } = body;
  return rest;
}

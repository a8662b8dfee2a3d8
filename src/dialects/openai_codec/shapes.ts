/** The pieces of answers, in the shapes that whole answers and streams share. Shapes: https://platform.openai.com/docs/api-reference/chat */
import { Buffer } from "node:buffer";
import type { Blob, ChatUsage, Citation, ToolCall } from "../../canonical/chat.ts";
import { asObject, asString, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";

/** What every body of one answer begins with. An answer without an id or time gets those of the request. */
export function headOf(
  start: { readonly id?: string; readonly createdAt?: number; readonly modelVersion?: string } | undefined,
  { context, object }: { readonly context: AnswerContext; readonly object: "chat.completion" | "chat.completion.chunk" },
): JsonObject {
  const id = start?.id ?? context.id;
  const created = start?.createdAt === undefined ? context.createdAtS : Math.floor(start.createdAt / 1_000);
  return { id: id.startsWith("chatcmpl-") ? id : `chatcmpl-${id}`, object, created, model: context.model };
}

/** `extra_content` of a message, a delta or a call that a signature came with. */
export function signatureField(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
}

/** A thought with its proof, as an entry of `reasoning_details`; undefined where there is no proof. */
export function detailShape(
  thought: { readonly text: string; readonly signature?: string | undefined; readonly encrypted?: string | undefined },
  index: number,
): JsonObject | undefined {
  if (thought.encrypted !== undefined) return { type: "reasoning.encrypted", data: thought.encrypted, index };
  return thought.signature === undefined ? undefined : { type: "reasoning.text", text: thought.text, signature: thought.signature, index };
}

/** A tool call in the form its tool was declared in. */
export function callShape({ id, name, arguments: text, signature, form }: ToolCall): JsonObject {
  const shape = form === "free_text"
    ? { type: "custom", custom: { name, input: freeText(text) } }
    : { type: "function", function: { name, arguments: text } };
  return { id, ...shape, ...signatureField(signature) };
}

function freeText(text: string): string {
  return asString(asObject(parseJson(text))?.input) ?? text;
}

/** A picture in an answer, as OpenRouter writes it. */
export function imageShape(source: Blob, index: number): JsonObject {
  return { type: "image_url", index, image_url: { url: urlOf(source) } };
}

function urlOf(source: Blob): string {
  return source.kind === "url" ? source.url : `data:${source.mimeType};base64,${source.data}`;
}

/** Sound in an answer; it is not kept, so it expires as it is made. */
export function audioShape(data: string, head: JsonObject): JsonObject {
  return { id: `audio-${head.id}`, data, transcript: "", expires_at: head.created };
}

/** Base64 of all pieces, each of which was encoded alone. */
export function joinedBase64(pieces: readonly string[]): string {
  return pieces.length === 1 ? pieces[0] ?? "" : Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64"))).toString("base64");
}

/** A citation. The shape wants numbers: 0 to 0 cites without saying where. */
export function citationShape({ url, title, startIndex, endIndex }: Citation): JsonObject {
  const place = { start_index: startIndex ?? 0, end_index: endIndex ?? 0 };
  return { type: "url_citation", url_citation: { ...place, url, title: title ?? url } };
}

/** `usage`. */
export function usageShape(usage: ChatUsage): JsonObject {
  const { inputAudioTokens: audio, inputImageTokens: image } = usage;
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedTokens,
      ...(audio === undefined ? {} : { audio_tokens: audio }),
      ...(image === undefined ? {} : { image_tokens: image }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

/** Pieces of answers in Gemini's words, the same for whole answers and streams. */
import type { Blob, ChatEvent, ChatUsage, Citation, FinishReason, TokenLogprob, ToolCall } from "../../canonical/chat.ts";
import { isObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";

type Start = Extract<ChatEvent, { readonly kind: "start" }>;

/** What stands beside the candidates of every chunk. */
export function headOf(start: Start | undefined, { id, model }: AnswerContext): JsonObject {
  return { modelVersion: start?.modelVersion ?? model, responseId: start?.id ?? id };
}

export function signatureField(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { thoughtSignature: signature };
}

/** A call with its arguments as the object they are. */
export function callPart({ id, name, arguments: text, signature }: ToolCall): JsonObject {
  const parsed = parseJson(text === "" ? "{}" : text);
  const args = parsed === undefined ? { _raw: text } : isObject(parsed) ? parsed : { value: parsed };
  return { functionCall: { id, name, args }, ...signatureField(signature) };
}

/** Bytes, or where they are. */
export function mediaPart(source: Blob): JsonObject {
  if (source.kind === "inline") return { inlineData: { mimeType: source.mimeType, data: source.data } };
  return { fileData: { ...(source.mimeType === undefined ? {} : { mimeType: source.mimeType }), fileUri: source.url } };
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: "STOP",
  tool_calls: "STOP",
  length: "MAX_TOKENS",
  content_filter: "SAFETY",
};

/** `finishReason` */
export function finishWord(reason: FinishReason | undefined): string {
  return REASONS[reason ?? "stop"];
}

/** `citationMetadata` */
export function citationShape(citations: readonly Citation[]): JsonObject {
  return {
    citationSources: citations.map(({ url, title, startIndex, endIndex }) => ({
      uri: url,
      ...(title === undefined ? {} : { title }),
      ...(startIndex === undefined ? {} : { startIndex }),
      ...(endIndex === undefined ? {} : { endIndex }),
    })),
  };
}

/** `logprobsResult`, where there is one: what was chosen, and beside it what else might have been. */
export function logprobsField(tokens: readonly TokenLogprob[]): JsonObject {
  if (tokens.length === 0) return {};
  return {
    logprobsResult: {
      chosenCandidates: tokens.map(({ token, logprob }) => ({ token, logProbability: logprob })),
      topCandidates: tokens.map(({ alternatives }) => ({
        candidates: alternatives.map(({ token, logprob }) => ({ token, logProbability: logprob })),
      })),
    },
  };
}

/** `usageMetadata`: what was thought is told apart from what was said. */
export function usageShape(usage: ChatUsage): JsonObject {
  const { inputTokens, cachedTokens, outputTokens, reasoningTokens, totalTokens } = usage;
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: Math.max(outputTokens - reasoningTokens, 0),
    totalTokenCount: totalTokens,
    ...(cachedTokens === 0 ? {} : { cachedContentTokenCount: cachedTokens }),
    ...(reasoningTokens === 0 ? {} : { thoughtsTokenCount: reasoningTokens }),
  };
}

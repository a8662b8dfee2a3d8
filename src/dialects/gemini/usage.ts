/** Tokens and ends as Gemini tells them, in the gateway's words. Counts are of the whole answer so far: the last ones count. */
import type { ChatUsage, FinishReason } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, isObject, type Json, type JsonObject } from "../../kernel/json.ts";

/** `usageMetadata` of an answer or event. Thoughts are output, results of the provider's own tools are input. */
export function readUsage(body: JsonObject): ChatUsage | undefined {
  const counts = asObject(body.usageMetadata);
  if (counts === undefined) return undefined;
  const count = (name: string) => asNumber(counts[name]) ?? 0;
  const reasoningTokens = count("thoughtsTokenCount");
  const inputTokens = count("promptTokenCount") + count("toolUsePromptTokenCount");
  const outputTokens = count("candidatesTokenCount") + reasoningTokens;
  const inputAudioTokens = tokensOf(counts.promptTokensDetails, "AUDIO");
  const inputImageTokens = tokensOf(counts.promptTokensDetails, "IMAGE");
  return {
    inputTokens,
    cachedTokens: count("cachedContentTokenCount"),
    outputTokens,
    reasoningTokens,
    totalTokens: asNumber(counts.totalTokenCount) ?? inputTokens + outputTokens,
    ...(inputAudioTokens === undefined ? {} : { inputAudioTokens }),
    ...(inputImageTokens === undefined ? {} : { inputImageTokens }),
  };
}

function tokensOf(details: Json | undefined, modality: string): number | undefined {
  const detail = asArray(details).filter(isObject).find((it) => it.modality === modality);
  return detail === undefined ? undefined : asNumber(detail.tokenCount) ?? 0;
}

/** Why an answer ended. `native`: Gemini's word, where it says more. */
export interface Ending {
  readonly reason: FinishReason;
  readonly native?: string;
}

const REFUSALS: ReadonlySet<string> = new Set([
  "SAFETY",
  "RECITATION",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION",
  "MODEL_ARMOR",
]);

/** `finishReason` in the gateway's words. `said`: whether the answer made calls. */
export function endingOf(native: string, said: "calls" | "no_calls"): Ending {
  if (native === "MAX_TOKENS") return { reason: "length" };
  if (REFUSALS.has(native)) return { reason: "content_filter", native };
  const reason = said === "calls" ? "tool_calls" : "stop";
  return native === "STOP" || native === "FINISH_REASON_UNSPECIFIED" ? { reason } : { reason, native };
}

/** Why a prompt was refused before anything was said, as a sentence; undefined when it was not. */
export function blockedPrompt(body: JsonObject): { readonly native: string; readonly message: string } | undefined {
  const feedback = asObject(body.promptFeedback);
  const native = feedback?.blockReason;
  if (typeof native !== "string" || asArray(body.candidates).length > 0) return undefined;
  const more = typeof feedback?.blockReasonMessage === "string" ? ` ${feedback.blockReasonMessage}` : "";
  return { native, message: `The provider refused the prompt (${native}).${more}` };
}

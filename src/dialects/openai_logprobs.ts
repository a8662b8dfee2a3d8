/**
 * Likelihoods of tokens as both OpenAI protocols write them. Shapes:
 * https://platform.openai.com/docs/api-reference/chat/object (`choices[].logprobs.content`)
 */
import { Buffer } from "node:buffer";
import type { TokenLogprob } from "../canonical/chat.ts";
import { asArray, asNumber, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";

export function logprobShapes(tokens: readonly TokenLogprob[]): JsonObject[] {
  return tokens.map(({ token, logprob, alternatives }) => ({
    ...logprobShape({ token, logprob }),
    top_logprobs: alternatives.map(logprobShape),
  }));
}

/** The list of such shapes, read; whatever else stands there is no token. */
export function readLogprobs(shapes: Json | undefined): readonly TokenLogprob[] {
  return asArray(shapes).filter(isObject).map((shape) => ({
    ...readOne(shape),
    alternatives: asArray(shape.top_logprobs).filter(isObject).map(readOne),
  }));
}

function logprobShape({ token, logprob }: { readonly token: string; readonly logprob: number }): JsonObject {
  return { token, logprob, bytes: [...Buffer.from(token, "utf8")] };
}

function readOne(shape: JsonObject): { readonly token: string; readonly logprob: number } {
  return { token: asString(shape.token) ?? "", logprob: asNumber(shape.logprob) ?? 0 };
}

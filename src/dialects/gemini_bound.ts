/**
 * Signatures of thoughts and calls in generateContent, and the cached content it goes on from. A call without its
 * signature says that it has none.
 */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { BoundContent } from "./bound.ts";
import { SKIP_SIGNATURE } from "./gemini/memory.ts";
import { field } from "./gemini_client/fields.ts";

function proofOf(part: Json | undefined): string | undefined {
  const proof = asString(field(asObject(part), "thoughtSignature"));
  return proof === "" || proof === SKIP_SIGNATURE ? undefined : proof;
}

function partsOf(content: Json | undefined): readonly Json[] {
  return asArray(asObject(content)?.parts);
}

function unsigned(part: JsonObject): JsonObject {
  const { thoughtSignature: _camel, thought_signature: _snake, ...rest } = part;
  return field(part, "functionCall") === undefined ? rest : { ...rest, thoughtSignature: SKIP_SIGNATURE };
}

export const GEMINI_BOUND: BoundContent = {
  given: (body) =>
    asArray(body.candidates).flatMap((candidate) => partsOf(asObject(candidate)?.content)).flatMap((part) => proofOf(part) ?? []),
  sent: (body) => asArray(body.contents).flatMap(partsOf).flatMap((part) => proofOf(part) ?? []),
  without(body, unread) {
    const dropped: string[] = [];
    const { cachedContent, cached_content, ...uncached } = body;
    const isCached = unread.has(asString(cachedContent ?? cached_content) ?? "");
    if (isCached) dropped.push("cachedContent");
    const contents = asArray(body.contents).map((content, index) => {
      if (!isObject(content)) return content;
      const parts = partsOf(content).map((part, position) => {
        if (!isObject(part) || !unread.has(proofOf(part) ?? "")) return part;
        dropped.push(`contents[${index}].parts[${position}].thoughtSignature`);
        return unsigned(part);
      });
      return { ...content, parts };
    });
    return dropped.length === 0 ? { body, dropped } : { body: { ...(isCached ? uncached : body), contents }, dropped };
  },
};

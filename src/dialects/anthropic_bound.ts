/** Signed and encrypted thoughts in Messages. */
import { asArray, asObject, asString, isObject, type JsonObject } from "../kernel/json.ts";
import { UNSIGNED } from "./anthropic_client/signature.ts";
import type { BoundContent, Reduced } from "./bound.ts";

function proofOf(block: JsonObject): string | undefined {
  const proof = block.type === "thinking"
    ? asString(block.signature)
    : block.type === "redacted_thinking"
    ? asString(block.data)
    : undefined;
  return proof === "" || proof === UNSIGNED ? undefined : proof;
}

/** A request for Anthropic itself, without the thoughts of others, which nobody signed. */
export function withoutUnsigned(body: JsonObject): JsonObject {
  return isUnsigned(body) ? without(body, (block) => block.type === "thinking" && block.signature === UNSIGNED).body : body;
}

function isUnsigned(body: JsonObject): boolean {
  return asArray(body.messages).filter(isObject).some((message) => blocksOf(message).some(({ signature }) => signature === UNSIGNED));
}

function blocksOf(message: JsonObject): readonly JsonObject[] {
  return asArray(message.content).filter(isObject);
}

function without(body: JsonObject, isUnreadable: (block: JsonObject) => boolean): Reduced {
  const dropped: string[] = [];
  const messages = asArray(body.messages).map((message, index) => {
    if (!isObject(message) || !Array.isArray(message.content)) return message;
    const content = asArray(message.content).filter((block, position) => {
      const isBound = isObject(block) && isUnreadable(block);
      if (isBound) dropped.push(`messages[${index}].content[${position}]`);
      return !isBound;
    });
    return { ...message, content };
  }).filter((message) => !isObject(message) || !Array.isArray(message.content) || message.content.length > 0);
  if (dropped.length === 0) return { body, dropped };
  const reduced = { ...body, messages };
  // In a tool loop the model must find its thoughts again, or not think.
  return { body: lacksThoughts(messages.filter(isObject)) ? withoutThinking(reduced) : reduced, dropped };
}

function lacksThoughts(messages: readonly JsonObject[]): boolean {
  const lastWords = messages.findLastIndex((message) =>
    message.role === "user" && (typeof message.content === "string" || blocksOf(message).some(({ type }) => type !== "tool_result"))
  );
  return messages.some((message, index) => {
    const blocks = blocksOf(message);
    return index > lastWords && message.role === "assistant" && blocks.some(({ type }) => type === "tool_use") &&
      blocks[0]?.type !== "thinking" && blocks[0]?.type !== "redacted_thinking";
  });
}

function withoutThinking({ thinking, ...body }: JsonObject): JsonObject {
  return thinking === undefined ? body : { ...body, thinking: { type: "disabled" } };
}

export const ANTHROPIC_BOUND: BoundContent = {
  given(body) {
    const blocks = [...blocksOf(body), asObject(body.content_block) ?? {}];
    const signed = asObject(body.delta)?.type === "signature_delta" ? asString(asObject(body.delta)?.signature) ?? "" : "";
    return [...blocks.flatMap((block) => proofOf(block) ?? []), ...(signed === "" || signed === UNSIGNED ? [] : [signed])];
  },
  sent: (body) => asArray(body.messages).filter(isObject).flatMap(blocksOf).flatMap((block) => proofOf(block) ?? []),
  without: (body, proofs) => without(body, (block) => proofs.has(proofOf(block) ?? "")),
};

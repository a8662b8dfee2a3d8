/** Signed and encrypted thoughts in chat completions, where clients send back what they were given. */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { BoundContent } from "./bound.ts";

function proofOf(detail: Json): string | undefined {
  const proof = asString(asObject(detail)?.signature) ?? asString(asObject(detail)?.data);
  return proof === "" ? undefined : proof;
}

function proofsIn(holder: JsonObject): readonly string[] {
  return asArray(holder.reasoning_details).flatMap((detail) => proofOf(detail) ?? []);
}

export const OPENAI_BOUND: BoundContent = {
  given: (body) =>
    asArray(body.choices).filter(isObject).flatMap((choice) => proofsIn(asObject(choice.delta) ?? asObject(choice.message) ?? {})),
  sent: (body) => asArray(body.messages).filter(isObject).flatMap(proofsIn),
  without(body, proofs) {
    const dropped: string[] = [];
    const messages = asArray(body.messages).map((message, index) => {
      if (!isObject(message) || !Array.isArray(message.reasoning_details)) return message;
      const reasoning_details = asArray(message.reasoning_details).filter((detail, position) => {
        const isBound = proofs.has(proofOf(detail) ?? "");
        if (isBound) dropped.push(`messages[${index}].reasoning_details[${position}]`);
        return !isBound;
      });
      return { ...message, reasoning_details };
    });
    return dropped.length === 0 ? { body, dropped } : { body: { ...body, messages }, dropped };
  },
};

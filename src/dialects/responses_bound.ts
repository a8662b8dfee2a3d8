/** Encrypted reasoning in Responses. */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { BoundContent } from "./bound.ts";

function proofOf(item: Json | undefined): string | undefined {
  const reasoning = asObject(item);
  const proof = reasoning?.type === "reasoning" ? asString(reasoning.encrypted_content) : undefined;
  return proof === "" ? undefined : proof;
}

function proofsIn(items: Json | undefined): readonly string[] {
  return asArray(items).flatMap((item) => proofOf(item) ?? []);
}

export const RESPONSES_BOUND: BoundContent = {
  given: (
    body,
  ) => [...proofsIn(body.output), ...proofsIn(asObject(body.response)?.output), ...proofsIn(body.item === undefined ? [] : [body.item])],
  sent: (body) => proofsIn(body.input),
  without(body, proofs) {
    const dropped: string[] = [];
    const input = asArray(body.input).filter((item, index) => {
      const isBound = isObject(item) && proofs.has(proofOf(item) ?? "");
      if (isBound) dropped.push(`input[${index}]`);
      return !isBound;
    });
    return dropped.length === 0 ? { body, dropped } : { body: { ...body, input } satisfies JsonObject, dropped };
  },
};

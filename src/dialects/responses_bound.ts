/** Encrypted reasoning in Responses, and the files a request names. */
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
  without(body, unread) {
    const dropped: string[] = [];
    const input = asArray(body.input).flatMap((item, index) => {
      if (isObject(item) && unread.has(proofOf(item) ?? "")) {
        dropped.push(`input[${index}]`);
        return [];
      }
      return [
        isObject(item) && Array.isArray(item.content)
          ? readableParts(item, unread, (place) => dropped.push(`input[${index}].${place}`))
          : item,
      ];
    });
    return dropped.length === 0 ? { body, dropped } : { body: { ...body, input } satisfies JsonObject, dropped };
  },
};

/** The parts of a message that name none of these files. */
function readableParts(message: JsonObject, unread: ReadonlySet<string>, note: (place: string) => void): JsonObject {
  const content = asArray(message.content).filter((part, position) => {
    const isBound = unread.has(asString(asObject(part)?.file_id) ?? "");
    if (isBound) note(`content[${position}]`);
    return !isBound;
  });
  return { ...message, content };
}

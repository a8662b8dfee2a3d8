/** Signed and encrypted thoughts in chat completions, where clients send back what they were given; files and cached contents they name. */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { BoundContent } from "./bound.ts";

function proofOf(detail: Json): string | undefined {
  const proof = asString(asObject(detail)?.signature) ?? asString(asObject(detail)?.data);
  return proof === "" ? undefined : proof;
}

function proofsIn(holder: JsonObject): readonly string[] {
  return asArray(holder.reasoning_details).flatMap((detail) => proofOf(detail) ?? []);
}

/** The parts of a message that name none of these files. */
function readableParts(message: JsonObject, unread: ReadonlySet<string>, note: (place: string) => void): JsonObject {
  if (!Array.isArray(message.content)) return message;
  const content = asArray(message.content).filter((part, position) => {
    const isBound = unread.has(asString(asObject(asObject(part)?.file)?.file_id) ?? "");
    if (isBound) note(`content[${position}]`);
    return !isBound;
  });
  return { ...message, content };
}

function readableThoughts(message: JsonObject, unread: ReadonlySet<string>, note: (place: string) => void): JsonObject {
  if (!Array.isArray(message.reasoning_details)) return message;
  const reasoning_details = asArray(message.reasoning_details).filter((detail, position) => {
    const isBound = unread.has(proofOf(detail) ?? "");
    if (isBound) note(`reasoning_details[${position}]`);
    return !isBound;
  });
  return { ...message, reasoning_details };
}

/** Clients of Google's models name a cached content as they would there: in `google`, alone or in `extra_body`. */
function uncached(body: JsonObject, unread: ReadonlySet<string>, note: (place: string) => void): JsonObject {
  const { cached_content, ...google } = asObject(body.google) ?? {};
  const isCached = unread.has(asString(cached_content) ?? "");
  if (isCached) note("google.cached_content");
  const own = isCached ? { ...body, google } : body;
  const extra = asObject(body.extra_body);
  if (extra === undefined) return own;
  const kept = uncached(extra, unread, (place) => note(`extra_body.${place}`));
  return kept === extra ? own : { ...own, extra_body: kept };
}

export const OPENAI_BOUND: BoundContent = {
  given: (body) =>
    asArray(body.choices).filter(isObject).flatMap((choice) => proofsIn(asObject(choice.delta) ?? asObject(choice.message) ?? {})),
  sent: (body) => asArray(body.messages).filter(isObject).flatMap(proofsIn),
  without(body, unread) {
    const dropped: string[] = [];
    const messages = asArray(body.messages).map((message, index) => {
      if (!isObject(message)) return message;
      const note = (place: string) => void dropped.push(`messages[${index}].${place}`);
      return readableThoughts(readableParts(message, unread, note), unread, note);
    });
    const own = uncached(body, unread, (place) => void dropped.push(place));
    return dropped.length === 0 ? { body, dropped } : { body: { ...own, messages }, dropped };
  },
};

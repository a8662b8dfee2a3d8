/** A whole answer out of its events: the object that the stream of the same events ends with. */
import type { ChatEvent } from "../../canonical/chat.ts";
import { asObject, type JsonObject } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";
import { ResponseWriter } from "./stream.ts";

/** The body of a whole answer. */
export function responseOf(events: readonly ChatEvent[], context: AnswerContext): JsonObject {
  const writer = new ResponseWriter(context);
  for (const event of events) writer.push(event);
  return asObject(writer.end().at(-1)?.response) ?? {};
}

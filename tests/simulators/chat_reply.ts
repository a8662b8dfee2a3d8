/**
 * Chat answers of simulated login providers: what a correct OpenAI-compatible server says, with its events
 * open for change. The same request always gives the same bytes.
 */
import { Buffer } from "node:buffer";
import { asArray, asObject, asString, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { answerQuestion, type AnswerShape } from "./answers.ts";
import type { Asked } from "./oauth/asked.ts";
import { DONE_EVENT, eventReply, type Reply } from "./reply.ts";

/** Says what `shape` says, or echoes the last user message. `body`: the request as it is answered. */
export function chatReply(asked: Asked, body: JsonObject, shape: AnswerShape = {}): Reply {
  return answerQuestion(
    { index: asked.index, method: "POST", path: "/chat/completions", body, isStream: body.stream === true },
    {},
    shape,
  );
}

/** The chunks of an event stream, without `[DONE]`. */
export function chunksOf(reply: Reply): readonly JsonObject[] {
  const texts = reply.pieces.map((piece) => Buffer.from(piece).toString()).filter((text) => text !== DONE_EVENT);
  return texts.map((text) => parseJson(text.replace(/^data: /, ""))).filter(isObject);
}

/** An event stream with these chunks in place of its own; other replies stay as they are. */
export function withChunks(reply: Reply, edit: (chunks: readonly JsonObject[]) => readonly JsonObject[]): Reply {
  return reply.form === "events" ? { ...reply, pieces: eventReply(edit(chunksOf(reply))).pieces } : reply;
}

/** A chunk with its first choice changed. */
export function withChoice(chunk: JsonObject, edit: (choice: JsonObject) => JsonObject): JsonObject {
  return { ...chunk, choices: asArray(chunk.choices).map((choice, index) => index === 0 && isObject(choice) ? edit(choice) : choice) };
}

/** What both servers refuse in tools: an empty list, and words of OpenAI's strict mode. */
export function toolsFault(body: JsonObject): string | undefined {
  if (!Array.isArray(body.tools)) return undefined;
  if (body.tools.length === 0) return "[] is too short - 'tools'";
  for (const tool of asArray(body.tools)) {
    const definition = asObject(asObject(tool)?.function);
    if (asString(definition?.name) === undefined) return "tools[].function.name is required";
    if (definition !== undefined && "strict" in definition) return "Unknown field 'strict' in tools[].function";
    if ("additionalProperties" in (asObject(definition?.parameters) ?? {})) {
      return "Unknown field 'additionalProperties' in tools[].function.parameters";
    }
  }
  return undefined;
}

/**
 * OpenAI Responses, JSON and SSE, as clients speak it.
 * Shapes: https://platform.openai.com/docs/api-reference/responses
 */
import { z } from "zod";
import type { Conversation } from "../canonical/request.ts";
import type { Failure } from "../kernel/failure.ts";
import { asArray, asObject, asString, isObject, type JsonObject } from "../kernel/json.ts";
import type { Dialect, Framing } from "./dialect.ts";
import { encodeFailure } from "./openai_wire.ts";
import { clipped } from "./opening.ts";
import { checkBody } from "./problems.ts";
import { RESPONSES_BOUND } from "./responses_bound.ts";
import { RESPONSES_CLIENT_CODEC } from "./responses_client/codec.ts";
import { readResponses } from "./responses_client/read.ts";

const REQUEST = z.looseObject({
  model: z.string("a model name is required").min(1, "a model name is required"),
  input: z.union([z.string(), z.array(z.looseObject({}, "an object is expected"))], "text or a list of items is required").nullish(),
  stream: z.boolean("true or false is expected").nullish(),
  tools: z.array(z.looseObject({}), "a list of tools is expected").nullish(),
  temperature: z.number("a number is expected").nullish(),
  max_output_tokens: z.number("a number is expected").min(1, "a number of at least 1 is expected").nullish(),
  previous_response_id: z.string("the id of a response is expected").nullish(),
});

/** `event: <type>`, as the dialect wants it. */
function writeEvent(body: JsonObject): string {
  return `event: ${asString(body.type) ?? "message"}\ndata: ${JSON.stringify(body)}\n\n`;
}

/** Flat as OpenAI documents it, and nested as some clients check it. */
function failureEvent(failure: Failure, sequence_number: number): JsonObject {
  const error = asObject(encodeFailure(failure).error) ?? {};
  const { message, code, param } = error;
  return { type: "error", sequence_number, message: message ?? "", code: code ?? null, param: param ?? null, error };
}

/** The number after the last one in what a client was sent. */
function nextNumber(relayed: string): number {
  const last = [...relayed.matchAll(/"sequence_number": ?(\d{1,9})/g)].at(-1)?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

const FRAMING: Framing = {
  contentType: "text/event-stream",
  event: writeEvent,
  isRelayed: true,
  worthReading: /"type": ?"(?:response\.(?:created|output_item\.done|completed|incomplete|failed)|error)"/,
  heartbeat: ": keep-alive\n\n",
  end: () => "",
  failed: (failure, { relayed }) => writeEvent(failureEvent(failure, nextNumber(relayed))),
};

export const openaiResponses: Dialect = {
  name: "openai_responses",
  framing: FRAMING,
  bound: RESPONSES_BOUND,
  encodeFailure,
  decodeRequest(body) {
    const wrong = checkBody(REQUEST, body);
    if (wrong !== undefined) return wrong;
    return {
      operation: "chat",
      model: asString(body.model) ?? "",
      isStream: body.stream === true,
      wantsStreamUsage: true,
      conversation: readConversation(body),
      native: { dialect: "openai_responses", body },
    };
  },
  readAnswer: readResponses,
  readEvent: readResponses,
  answerAsEvents,
  wholeOf: (event) => event.type === "response.completed" || event.type === "response.incomplete" ? asObject(event.response) : undefined,
  codec: RESPONSES_CLIENT_CODEC,
};

function readConversation(body: JsonObject): Conversation {
  const metadata = asObject(body.metadata);
  const firstUser = typeof body.input === "string"
    ? body.input
    : asArray(body.input).filter(isObject).find(({ role }) => role === "user")?.content;
  return {
    id: asString(body.prompt_cache_key) ?? asString(metadata?.session_id) ?? asString(metadata?.user_id),
    opening: [body.instructions, firstUser].map(clipped).join("\n"),
  };
}

/** Every item at once, in its order. */
function answerAsEvents(response: JsonObject): readonly JsonObject[] {
  const items = asArray(response.output).filter(isObject);
  const begun = { ...response, status: "in_progress", output: [], usage: null };
  const events: readonly JsonObject[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...items.flatMap((item, output_index) => [
      { type: "response.output_item.added", output_index, item },
      { type: "response.output_item.done", output_index, item },
    ]),
    { type: response.status === "incomplete" ? "response.incomplete" : "response.completed", response },
  ];
  return events.map((event, sequence_number) => ({ ...event, sequence_number }));
}

/**
 * Gemini's generateContent as clients speak it: JSON, SSE, and a stream as one JSON array. Model and method stand in
 * the address; the ingress puts them into the body. Shapes: https://ai.google.dev/api/generate-content
 */
import { z } from "zod";
import type { Conversation, DialectName } from "../canonical/request.ts";
import type { Failure } from "../kernel/failure.ts";
import { asArray, asString, isObject, type JsonObject } from "../kernel/json.ts";
import type { Dialect, Framing } from "./dialect.ts";
import { readBody } from "./gemini/read.ts";
import { GEMINI_BOUND } from "./gemini_bound.ts";
import { GEMINI_CLIENT_CODEC } from "./gemini_client/codec.ts";
import { field } from "./gemini_client/fields.ts";
import { clipped } from "./opening.ts";
import { checkBody } from "./problems.ts";

const REQUEST = z.looseObject({
  model: z.string("a model name is required").min(1, "a model name is required"),
  contents: z.array(z.looseObject({}, "an object with parts is expected"), "a list of contents is required").min(
    1,
    "at least one content is required",
  ),
  tools: z.union([z.array(z.looseObject({})), z.looseObject({})], "a list of tools is expected").nullish(),
});

const STATUS_WORDS: ReadonlyMap<number, string> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** `{error: {code, message, status}}`, with the credentials of pool failures as a detail. */
function encodeFailure({ status, message, credentials }: Failure): JsonObject {
  const word = STATUS_WORDS.get(status) ?? (status < 500 ? "INVALID_ARGUMENT" : "INTERNAL");
  const details = credentials === undefined
    ? {}
    : { details: [{ "@type": "keyproxy/credentials", credentials: credentials.map((it) => ({ ...it })) }] };
  return { error: { code: status, message, status: word, ...details } };
}

const WORTH_READING = /"usageMetadata"|"finishReason"|"error"|"promptFeedback"|"thoughtSignature"/;

function writeEvent(body: JsonObject): string {
  return `data: ${JSON.stringify(body)}\n\n`;
}

const SSE: Framing = {
  contentType: "text/event-stream",
  event: writeEvent,
  isRelayed: true,
  worthReading: WORTH_READING,
  heartbeat: ": keep-alive\n\n",
  end: () => "",
  failed: (failure) => writeEvent(encodeFailure(failure)),
};

function element(body: JsonObject, place: "first" | "later"): string {
  return `${place === "first" ? "[" : ",\n"}${JSON.stringify(body)}`;
}

/** White space between elements keeps a silent array alive. */
const ARRAY: Framing = {
  contentType: "application/json",
  event: element,
  isRelayed: false,
  worthReading: WORTH_READING,
  heartbeat: "\n",
  end: (place) => place === "first" ? "[]" : "]",
  failed: (failure, { place }) => `${element(encodeFailure(failure), place)}]`,
};

function dialect(name: DialectName, framing: Framing): Dialect {
  return {
    name,
    framing,
    bound: GEMINI_BOUND,
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
        native: { dialect: name, body },
      };
    },
    readAnswer: readBody,
    readEvent: readBody,
    answerAsEvents: (body) => [body],
    codec: GEMINI_CLIENT_CODEC,
  };
}

function readConversation(body: JsonObject): Conversation {
  const firstUser = asArray(body.contents).filter(isObject).find(({ role }) => (role ?? "user") === "user");
  return { id: undefined, opening: [field(body, "systemInstruction"), firstUser?.parts].map(clipped).join("\n") };
}

/** Whole answers and server-sent events. */
export const geminiGenerate: Dialect = dialect("gemini_generate", SSE);
/** Streams as one JSON array, for clients that do not ask for events. */
export const geminiArray: Dialect = dialect("gemini_array", ARRAY);

/**
 * From what a model says to responses, and from responses to bytes: the order and the mistakes of a stream.
 * Without a shape the stream is what the real service mostly sends: usage in every event, the finish reason in the last.
 */
import { Buffer } from "node:buffer";
import { asArray, asObject, asString, isObject, type JsonObject } from "../../../src/kernel/json.ts";
import { EVENT_HEADERS, type Reply } from "../reply.ts";
import { tokensOf } from "../tokens.ts";
import type { Said } from "./content.ts";
import { googleErrorBody } from "./errors.ts";

/** Shapes of the responses; a call that does not stream gets them too, in one piece. */
type ResponseShape =
  | "usage_last"
  | "usage_after_finish"
  | "finish_separate"
  | "finish_empty_parts"
  | "no_finish"
  | "empty"
  | "thoughts_only"
  | "malformed_call"
  | "unexpected_call"
  | "safety"
  | "recitation"
  | "max_tokens_no_text"
  | "prompt_block"
  | "error_event";
/** Shapes of the text around the responses. */
type FramingShape = "malformed_event" | "two_on_a_line" | "crlf" | "multi_data" | "no_space" | "comments" | "bom" | "blank_data";

/** How a stream departs from the usual; cutting and waiting are effects of the wire. */
export type StreamShape = ResponseShape | FramingShape;

/** What every response of an answer has. */
export interface ResponseFrame {
  readonly modelVersion: string;
  readonly responseId: string;
  readonly createTime: string;
  readonly promptTokenCount: number;
  readonly candidateCount: number;
}

/** The responses of an answer, in order. */
export function responsesOf(said: Said, frame: ResponseFrame, shape: StreamShape | undefined): readonly JsonObject[] {
  const shaped = saidInShape(said, shape);
  if (shape === "empty") return [];
  if (shape === "prompt_block") return [blockedPrompt(frame)];
  const responses = plainResponses(shaped, frame);
  return inOrder(responses, shape);
}

/** What is said, for shapes that are about the words. */
function saidInShape(said: Said, shape: StreamShape | undefined): Said {
  const thoughts = said.steps.filter((parts) => parts.every((part) => part.thought === true));
  switch (shape) {
    case "thoughts_only":
      return { steps: thoughts.length > 0 ? thoughts : [[{ text: "Hmm.", thought: true }]], finishReason: "STOP" };
    case "malformed_call":
      return { steps: [[]], finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: "Malformed function call: print(default_api." };
    case "unexpected_call":
      return { steps: [[]], finishReason: "UNEXPECTED_TOOL_CALL", finishMessage: "Unexpected tool call." };
    case "safety":
      return {
        steps: said.steps.slice(0, 1),
        finishReason: "SAFETY",
        candidate: { safetyRatings: [{ category: "HARM_CATEGORY_DANGEROUS_CONTENT", probability: "HIGH", blocked: true }] },
      };
    case "recitation":
      return { steps: [[]], finishReason: "RECITATION" };
    case "max_tokens_no_text":
      return { steps: [[]], finishReason: "MAX_TOKENS" };
    default:
      return said;
  }
}

function blockedPrompt(frame: ResponseFrame): JsonObject {
  const { promptTokenCount } = frame;
  return {
    promptFeedback: { blockReason: "PROHIBITED_CONTENT", blockReasonMessage: "The prompt was blocked." },
    usageMetadata: { promptTokenCount, totalTokenCount: promptTokenCount },
    modelVersion: frame.modelVersion,
    responseId: frame.responseId,
  };
}

function plainResponses(said: Said, frame: ResponseFrame): JsonObject[] {
  const steps = said.steps.length === 0 ? [[]] : said.steps;
  let spoken = 0;
  let thought = 0;
  return steps.map((parts, at) => {
    for (const part of parts) {
      const count = tokensOf(asString(part.text) ?? JSON.stringify(part)) * frame.candidateCount;
      if (part.thought === true) thought += count;
      else spoken += count;
    }
    const isLast = at === steps.length - 1;
    const ending = {
      finishReason: said.finishReason,
      ...(said.finishMessage === undefined ? {} : { finishMessage: said.finishMessage }),
      ...said.candidate,
    };
    const candidates = Array.from({ length: frame.candidateCount }, (_, index) => ({
      content: { role: "model", ...(parts.length === 0 ? {} : { parts: isLast ? marked(parts, index) : parts }) },
      ...(isLast ? ending : {}),
      index,
    }));
    return {
      candidates,
      usageMetadata: usageOf({ promptTokenCount: frame.promptTokenCount, spoken, thought }),
      modelVersion: frame.modelVersion,
      createTime: frame.createTime,
      responseId: frame.responseId,
    };
  });
}

/** The second and later candidates say which they are. */
function marked(parts: readonly JsonObject[], index: number): readonly JsonObject[] {
  return index === 0 ? parts : [...parts, { text: ` #${index}` }];
}

/** Thoughts are not among the candidates' tokens, but in the total. */
function usageOf(counts: { readonly promptTokenCount: number; readonly spoken: number; readonly thought: number }): JsonObject {
  const { promptTokenCount, spoken, thought } = counts;
  return {
    promptTokenCount,
    ...(spoken === 0 ? {} : { candidatesTokenCount: spoken }),
    ...(thought === 0 ? {} : { thoughtsTokenCount: thought }),
    totalTokenCount: promptTokenCount + spoken + thought,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: promptTokenCount }],
    trafficType: "PROVISIONED_THROUGHPUT",
  };
}

function inOrder(responses: readonly JsonObject[], shape: StreamShape | undefined): readonly JsonObject[] {
  const last = responses.at(-1) ?? {};
  const earlier = responses.slice(0, -1);
  switch (shape) {
    case "usage_last":
      return [...earlier.map(withoutUsage), last];
    case "usage_after_finish":
      return [...earlier.map(withoutUsage), withoutUsage(last), withoutCandidates(last)];
    case "finish_separate":
      return [...earlier, withoutFinish(last), withCandidates(last, ({ content: _content, ...rest }) => rest)];
    case "finish_empty_parts":
      return [...earlier, withoutFinish(last), withCandidates(last, (it) => ({ ...it, content: { role: "model", parts: [] } }))];
    case "no_finish":
      return [...earlier, withoutFinish(last)];
    case "error_event":
      return [
        ...responses.slice(0, Math.max(1, responses.length - 1)).map(withoutFinish),
        googleErrorBody({ status: 503, message: "The service is currently unavailable." }),
      ];
    default:
      return responses;
  }
}

function withCandidates(response: JsonObject, change: (candidate: JsonObject) => JsonObject): JsonObject {
  return { ...response, candidates: asArray(response.candidates).filter(isObject).map(change) };
}

function withoutFinish(response: JsonObject): JsonObject {
  return withCandidates(response, ({ finishReason: _reason, finishMessage: _message, ...rest }) => rest);
}

function withoutUsage({ usageMetadata: _usage, ...rest }: JsonObject): JsonObject {
  return rest;
}

function withoutCandidates({ candidates: _candidates, ...rest }: JsonObject): JsonObject {
  return rest;
}

/** All responses as the one that a call without a stream gets. */
export function mergedResponse(responses: readonly JsonObject[]): JsonObject {
  const last = responses.at(-1) ?? {};
  const candidatesOf = (response: JsonObject) => asArray(response.candidates).filter(isObject);
  if (candidatesOf(last).length === 0 && responses.length < 2) return last;
  const merged = candidatesOf(responses[0] ?? {}).map((opening, index) => {
    const all = responses.map((response) => candidatesOf(response)[index]).filter(isObject);
    const parts = joined(all.flatMap((candidate) => asArray(asObject(candidate.content)?.parts).filter(isObject)));
    const content = { role: "model", ...(parts.length === 0 ? {} : { parts }) };
    return { ...opening, ...Object.assign({}, ...all), content, index };
  });
  return { ...last, candidates: merged };
}

/** Neighbouring texts of one kind become one part; a signed part stays by itself. */
function joined(parts: readonly JsonObject[]): JsonObject[] {
  const result: JsonObject[] = [];
  for (const part of parts) {
    const previous = result.at(-1);
    const isPlain = typeof part.text === "string" && typeof previous?.text === "string" && part.thoughtSignature === undefined &&
      previous.thoughtSignature === undefined && part.thought === previous.thought;
    if (isPlain) result[result.length - 1] = { ...previous, text: `${previous.text}${part.text}` };
    else result.push(part);
  }
  return result;
}

/** A stream of `alt=sse`. It has no end marker: the end of the body is the end. */
export function eventStream(values: readonly JsonObject[], shape: StreamShape | undefined): Reply {
  const events = values.map((value, index) => framed(value, shape, { index, isMiddle: index === Math.floor(values.length / 2) }));
  return { status: 200, headers: EVENT_HEADERS, pieces: events.map((event) => Buffer.from(event)), form: "events" };
}

function framed(value: JsonObject, shape: StreamShape | undefined, at: { readonly index: number; readonly isMiddle: boolean }): string {
  const text = JSON.stringify(value);
  const event = `data: ${text}\n\n`;
  switch (shape) {
    case "malformed_event":
      return at.isMiddle ? `data: ${text.slice(0, -5)}\n\n${event}` : event;
    case "two_on_a_line":
      return at.isMiddle ? `data: ${text}${text}\n\n${event}` : event;
    case "crlf":
      return `data: ${text}\r\n\r\n`;
    case "multi_data":
      return `${JSON.stringify(value, null, 1).split("\n").map((line) => `data: ${line}`).join("\n")}\n\n`;
    case "no_space":
      return `data:${text}\n\n`;
    case "comments":
      return `: keep-alive\n\nevent: message\nid: ${at.index}\n${event}`;
    case "bom":
      return at.index === 0 ? `\ufeff${event}` : event;
    case "blank_data":
      return `data:\n\n${event}`;
    default:
      return event;
  }
}

/** The stream of a call without `alt=sse`: one JSON array that grows. */
export function arrayStream(values: readonly JsonObject[]): Reply {
  const items = values.map((value, index) => `${index === 0 ? "[" : ","}${JSON.stringify(value)}\n`);
  return {
    status: 200,
    headers: { "content-type": "application/json; charset=UTF-8" },
    pieces: [...(items.length === 0 ? ["["] : items), "]"].map((piece) => Buffer.from(piece)),
    form: "events",
  };
}

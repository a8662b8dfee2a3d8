/**
 * A correct OpenAI-compatible provider as a pure function of the request: the same request always gets the
 * same bytes, and the answer shows which request it belongs to (it echoes the last user message).
 */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { embeddingsReply } from "./embeddings.ts";
import { errorBody, eventReply, jsonReply, type Reply } from "./reply.ts";
import { type AnsweredCall, type AnswerShape, choiceText, contentText, plan, type Planned, range, wordsOf } from "./plan.ts";
export type { AnsweredCall, AnswerShape } from "./plan.ts";
import { converseReply } from "./bedrock_api.ts";
import { cohereReply } from "./cohere_api.ts";
import { geminiReply } from "./gemini_api.ts";
import { responsesReply } from "./responses_api.ts";
import { messagesReply } from "./anthropic_api.ts";
import { embedReply } from "./embed_apis.ts";
import { vertexClaudeReply } from "./vertex_claude.ts";

/** What the provider knows and accepts. */
export interface ProviderFacts {
  /** Accepted keys; without the list every key, and none, is accepted. */
  readonly keys?: readonly string[];
  /** Offered models; without the list every model name is answered and {@link DEFAULT_MODELS} are listed. */
  readonly models?: readonly string[];
  /** Embedding inputs refused with 400, whatever they come with. */
  readonly refusedInputs?: readonly string[];
}

/** The part of a request an answer depends on. */
export interface Question {
  readonly index: number;
  readonly method: string;
  /** Path without query, as the client sent it. */
  readonly path: string;
  readonly key?: string | undefined;
  readonly body?: Json | undefined;
  readonly isStream: boolean;
}

/** Models listed when a provider was given none. */
export const DEFAULT_MODELS: readonly string[] = ["sim-large", "sim-small", "sim-embed"];
/** `created` of everything: a fixed instant, so that answers stay the same. */
const CREATED_S = 1_750_000_000;

/** The answer a correct provider gives to `question`; `shape` replaces the echo. */
export function answerQuestion(question: Question, facts: ProviderFacts, shape: AnswerShape = {}): Reply {
  if (facts.keys !== undefined && !(question.key !== undefined && facts.keys.includes(question.key))) return rejectedKeyReply(question.key);
  const route = `${question.method} ${question.path.replace(/^\/v1(?=\/)/, "")}`;
  if (route === "GET /models") return jsonReply(200, { object: "list", data: offered(facts).map(modelEntry) });
  if (route.startsWith("GET /models/")) return oneModel(decodeURIComponent(route.slice("GET /models/".length)), facts);
  const generated = embedReply(question) ?? geminiReply(question, shape) ?? converseReply(question, shape) ??
    vertexClaudeReply(question, shape);
  if (generated !== undefined) return generated;
  const answer = ANSWERS[route];
  if (answer === undefined) return jsonReply(404, errorBody({ message: `Invalid URL (${question.method} ${question.path})` }));
  const body = asObject(question.body);
  if (body === undefined) return badRequest("We could not parse the JSON body of your request.");
  const model = asString(body.model);
  if (model === undefined) return badRequest("you must provide a model parameter");
  if (facts.models !== undefined && !facts.models.includes(model)) return unknownModelReply(model);
  return answer({ question, facts, shape, body, model });
}

/** 401 in OpenAI's shape; shows only the ends of the key, as OpenAI does. */
export function rejectedKeyReply(key: string | undefined): Reply {
  const message = key === undefined
    ? "You didn't provide an API key."
    : `Incorrect API key provided: ${key.slice(0, 3)}***${key.slice(-2)}. You can find your API key in the dashboard.`;
  return jsonReply(401, errorBody({ message, code: key === undefined ? "missing_api_key" : "invalid_api_key" }));
}

/** 404 `model_not_found` in OpenAI's shape. */
export function unknownModelReply(model: string): Reply {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return jsonReply(404, errorBody({ message, code: "model_not_found", param: "model" }));
}

interface Asked {
  readonly question: Question;
  readonly facts: ProviderFacts;
  readonly shape: AnswerShape;
  readonly body: JsonObject;
  readonly model: string;
}

const ANSWERS: Readonly<Record<string, (asked: Asked) => Reply>> = {
  "POST /chat/completions": answerChat,
  "POST /completions": answerCompletion,
  "POST /v2/chat": ({ question, body, shape }) => cohereReply(question, { body, shape }),
  "POST /responses": ({ question, body, shape }) => responsesReply(question, { body, shape }),
  "POST /messages": ({ question, body, shape }) => messagesReply(question, { body, shape }),
  // Google's own address for OpenAI's clients.
  "POST /openai/embeddings": (asked) => embeddingsReply(asked.body, asked.model, asked.facts.refusedInputs ?? []),
  "POST /embeddings": (asked) => embeddingsReply(asked.body, asked.model, asked.facts.refusedInputs ?? []),
};

function answerChat(asked: Asked): Reply {
  const messages = asArray(asked.body.messages).filter(isObject);
  if (messages.length === 0) return badRequest("[] is too short - 'messages'");
  const all = messages.map((message) => contentText(message.content)).join(" ");
  const planned = plan(asked, { all, ...reactionTo(messages, asked.body) });
  const envelope = { id: `chatcmpl-sim-${asked.question.index}`, created: CREATED_S, model: asked.model };
  if (asked.question.isStream) {
    return eventReply(chatEvents(planned, { ...envelope, object: "chat.completion.chunk" }, wantsUsage(asked.body)));
  }
  const choices = range(planned.choiceCount).map((index) => ({
    index,
    message: {
      role: "assistant",
      content: planned.toolCalls.length > 0 && planned.text === "" ? null : choiceText(planned, index),
      ...(planned.reasoning === undefined ? {} : { reasoning_content: planned.reasoning }),
      ...(planned.toolCalls.length === 0 ? {} : { tool_calls: planned.toolCalls.map((call, at) => wireCall(call, at)) }),
    },
    logprobs: null,
    finish_reason: planned.finishReason,
  }));
  return jsonReply(200, { ...envelope, object: "chat.completion", choices, usage: planned.usage });
}

/** The echo, the answer to a tool's result, or the tool call that was asked for. */
function reactionTo(
  messages: readonly JsonObject[],
  body: JsonObject,
): { readonly echo: string; readonly toolCalls: readonly AnsweredCall[] } {
  const last = messages.at(-1);
  if (last?.role === "tool") return { echo: `The tool said: ${contentText(last.content)}`, toolCalls: [] };
  const echo = contentText(messages.findLast((message) => message.role === "user")?.content);
  const tool = asObject(asObject(asArray(body.tools)[0])?.function);
  const name = asString(tool?.name);
  const isAsked = name !== undefined && echo.toLowerCase().includes("use the tool");
  return { echo, toolCalls: isAsked ? [{ name, arguments: { text: echo } }] : [] };
}

function chatEvents(planned: Planned, envelope: JsonObject, wantsUsageChunk: boolean): Json[] {
  const chunk = (index: number, delta: JsonObject, finish: string | null = null) => ({
    ...envelope,
    choices: [{ index, delta, logprobs: null, finish_reason: finish }],
    ...(wantsUsageChunk ? { usage: null } : {}),
  });
  const events: Json[] = [];
  for (const index of range(planned.choiceCount)) {
    events.push(chunk(index, { role: "assistant", content: "" }));
    if (planned.reasoning !== undefined) {
      events.push(...wordsOf(planned.reasoning).map((word) => chunk(index, { reasoning_content: word })));
    }
    events.push(...wordsOf(choiceText(planned, index)).map((word) => chunk(index, { content: word })));
    events.push(...planned.toolCalls.flatMap(callDeltas).map((call) => chunk(index, { tool_calls: [call] })));
    events.push(chunk(index, {}, planned.finishReason));
  }
  return wantsUsageChunk ? [...events, { ...envelope, choices: [], usage: planned.usage }] : events;
}

function wireCall(call: AnsweredCall, index: number): JsonObject {
  return { id: `call_${index}`, type: "function", function: { name: call.name, arguments: JSON.stringify(call.arguments) } };
}

/** A tool call as a stream sends it: the head with no arguments, then the arguments in two halves. */
function callDeltas(call: AnsweredCall, index: number): JsonObject[] {
  const text = JSON.stringify(call.arguments);
  const middle = Math.ceil(text.length / 2);
  return [
    { index, id: `call_${index}`, type: "function", function: { name: call.name, arguments: "" } },
    { index, function: { arguments: text.slice(0, middle) } },
    { index, function: { arguments: text.slice(middle) } },
  ];
}

function answerCompletion(asked: Asked): Reply {
  const prompts = typeof asked.body.prompt === "string"
    ? [asked.body.prompt]
    : asArray(asked.body.prompt).map((prompt) => contentText(prompt));
  const all = prompts.join(" ");
  const planned = plan(asked, { all, echo: all, toolCalls: [] });
  const envelope = { id: `cmpl-sim-${asked.question.index}`, object: "text_completion", created: CREATED_S, model: asked.model };
  const choice = (index: number, text: string, finish: string | null) => ({ index, text, logprobs: null, finish_reason: finish });
  if (!asked.question.isStream) {
    const choices = range(planned.choiceCount).map((index) => choice(index, choiceText(planned, index), planned.finishReason));
    return jsonReply(200, { ...envelope, choices, usage: planned.usage });
  }
  const events: Json[] = range(planned.choiceCount).flatMap((index) => [
    ...wordsOf(choiceText(planned, index)).map((word) => ({ ...envelope, choices: [choice(index, word, null)] })),
    { ...envelope, choices: [choice(index, "", planned.finishReason)] },
  ]);
  return eventReply(wantsUsage(asked.body) ? [...events, { ...envelope, choices: [], usage: planned.usage }] : events);
}

function offered(facts: ProviderFacts): readonly string[] {
  return facts.models ?? DEFAULT_MODELS;
}

function modelEntry(id: string): JsonObject {
  return { id, object: "model", created: CREATED_S, owned_by: "simulator" };
}

function oneModel(id: string, facts: ProviderFacts): Reply {
  return offered(facts).includes(id) ? jsonReply(200, modelEntry(id)) : unknownModelReply(id);
}

function wantsUsage(body: JsonObject): boolean {
  return asObject(body.stream_options)?.include_usage === true;
}

function badRequest(message: string): Reply {
  return jsonReply(400, errorBody({ message }));
}

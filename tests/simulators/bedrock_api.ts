/** A correct Amazon Bedrock: Converse, whole or as an event stream in Amazon's framing. Pure; signatures are checked by their form. */
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { encodeFrame } from "../../src/wire/event_stream.ts";
import type { Question } from "./answers.ts";
import { type AnswerShape, contentText, plan, type Planned, wordsOf } from "./plan.ts";
import { jsonReply, type Reply } from "./reply.ts";
import { tokensOf } from "./tokens.ts";

const ROUTE = /\/model\/([^/]+)\/(converse|converse-stream)$/;
export const BEDROCK_SIGNATURE = "c2ltLWJlZHJvY2stc2lnbmF0dXJlIQ==";

const BY_DEMAND = { inferenceTypesSupported: ["ON_DEMAND"], inputModalities: ["TEXT"], modelLifecycle: { status: "ACTIVE" } };
const LISTS: Readonly<Record<string, Reply>> = {
  "foundation-models": jsonReply(200, {
    modelSummaries: [
      { modelId: "amazon.nova-lite-v1:0", ...BY_DEMAND, inputModalities: ["TEXT", "IMAGE"], outputModalities: ["TEXT"] },
      { modelId: "amazon.titan-embed-text-v2:0", ...BY_DEMAND, outputModalities: ["EMBEDDING"] },
      { modelId: "amazon.nova-canvas-v1:0", ...BY_DEMAND, outputModalities: ["IMAGE"] },
      { modelId: "anthropic.claude-sonnet-4-5-v1:0", outputModalities: ["TEXT"], inferenceTypesSupported: ["INFERENCE_PROFILE"] },
    ],
  }),
  "inference-profiles": jsonReply(200, {
    inferenceProfileSummaries: [{ inferenceProfileId: "us.anthropic.claude-sonnet-4-5-v1:0", status: "ACTIVE", type: "SYSTEM_DEFINED" }],
  }),
};

/** The answer to a Converse call, or one of its lists; undefined for every other request. */
export function converseReply(question: Question, shape: AnswerShape): Reply | undefined {
  if (question.method === "GET") return LISTS[question.path.split("/").at(-1) ?? ""];
  const [, , method] = ROUTE.exec(question.path) ?? [];
  if (method === undefined || question.method !== "POST") return undefined;
  const body = asObject(question.body) ?? {};
  const mistake = mistakeIn(body);
  if (mistake !== undefined) return bedrockError(400, "ValidationException", mistake);
  const messages = asArray(body.messages).filter(isObject);
  const all = messages.map((message) => contentText(message.content)).join(" ");
  const maxTokens = asNumber(asObject(body.inferenceConfig)?.maxTokens);
  const planned = plan({ body: maxTokens === undefined ? {} : { max_tokens: maxTokens }, shape }, { all, ...reactionTo(messages, body) });
  const outputTokens = asNumber(planned.usage.completion_tokens) ?? 0;
  const usage = { inputTokens: tokensOf(all), outputTokens, totalTokens: tokensOf(all) + outputTokens };
  const stopReason =
    { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use", content_filter: "guardrail_intervened" }[planned.finishReason] ??
      "end_turn";
  if (method === "converse") {
    return jsonReply(200, {
      output: { message: { role: "assistant", content: [...blocksOf(planned)] } },
      stopReason,
      usage,
      metrics: { latencyMs: 1 },
    });
  }
  const events = [
    ["messageStart", { role: "assistant" }],
    ...blocksOf(planned).flatMap(eventsOf),
    ["messageStop", { stopReason }],
    ["metadata", { usage, metrics: { latencyMs: 1 } }],
  ] as const;
  return {
    status: 200,
    headers: { "content-type": "application/vnd.amazon.eventstream" },
    pieces: events.map(([type, payload]) => bedrockFrame(type, payload)),
    form: "events",
  };
}

/** One frame of a stream. */
export function bedrockFrame(type: string, payload: Json): Uint8Array {
  return encodeFrame({ ":event-type": type, ":content-type": "application/json", ":message-type": "event" }, JSON.stringify(payload));
}

/** An error in Amazon's shape. */
export function bedrockError(status: number, type: string, message: string): Reply {
  return jsonReply(status, { message }, { "x-amzn-errortype": type });
}

function blocksOf({ text, reasoning, toolCalls }: Planned): readonly JsonObject[] {
  return [
    ...(reasoning === undefined ? [] : [{ reasoningContent: { reasoningText: { text: reasoning, signature: BEDROCK_SIGNATURE } } }]),
    ...(text === "" ? [] : [{ text }]),
    ...toolCalls.map((call, index) => ({ toolUse: { toolUseId: `tooluse_${index}`, name: call.name, input: call.arguments } })),
  ];
}

function eventsOf(block: JsonObject, contentBlockIndex: number): readonly (readonly [string, JsonObject])[] {
  const delta = (fields: JsonObject) => ["contentBlockDelta", { contentBlockIndex, delta: fields }] as const;
  const stop = ["contentBlockStop", { contentBlockIndex }] as const;
  const use = asObject(block.toolUse);
  if (use !== undefined) {
    const text = JSON.stringify(use.input);
    const middle = Math.ceil(text.length / 2);
    const start = { contentBlockIndex, start: { toolUse: { toolUseId: use.toolUseId ?? "", name: use.name ?? "" } } };
    const pieces = text === "{}" ? [] : [text.slice(0, middle), text.slice(middle)];
    return [["contentBlockStart", start], ...pieces.map((input) => delta({ toolUse: { input } })), stop];
  }
  const thought = asObject(asObject(block.reasoningContent)?.reasoningText);
  if (thought !== undefined) {
    const words = wordsOf(asString(thought.text) ?? "").map((text) => delta({ reasoningContent: { text } }));
    return [...words, delta({ reasoningContent: { signature: thought.signature ?? "" } }), stop];
  }
  return [...wordsOf(asString(block.text) ?? "").map((text) => delta({ text })), stop];
}

function reactionTo(messages: readonly JsonObject[], body: JsonObject) {
  const last = messages.at(-1);
  const results = asArray(last?.content).filter(isObject).map((block) => block.toolResult).filter(isObject);
  if (results.length > 0) {
    return { echo: `The tool said: ${results.map((result) => contentText(result.content)).join(" | ")}`, toolCalls: [] };
  }
  const echo = contentText(messages.findLast((message) => message.role === "user")?.content);
  const name = asString(asObject(asObject(asArray(asObject(body.toolConfig)?.tools)[0])?.toolSpec)?.name);
  const isAsked = name !== undefined && echo.toLowerCase().includes("use the tool");
  return { echo, toolCalls: isAsked ? [{ name, arguments: { text: echo } }] : [] };
}

const FIELDS: ReadonlySet<string> = new Set(
  "messages system inferenceConfig toolConfig additionalModelRequestFields guardrailConfig".split(" "),
);

/** What the real one would refuse in a request. */
function mistakeIn(body: JsonObject): string | undefined {
  const unknown = Object.keys(body).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) return `extraneous key [${unknown}] is not permitted`;
  const messages = asArray(body.messages).filter(isObject);
  if (messages[0]?.role !== "user") {
    return "A conversation must start with a user message. Try again with a conversation that starts with a user message.";
  }
  for (const [index, message] of messages.entries()) {
    if (message.role === messages[index - 1]?.role) return "Roles must alternate between user and assistant.";
    const blocks = asArray(message.content).filter(isObject);
    if (blocks.length === 0) return `The content field in the Message object at messages.${index} is empty.`;
    if (blocks.some((block) => block.text === "")) return `The text field in the ContentBlock object at messages.${index} is blank.`;
    const asked = asArray(messages[index - 1]?.content).filter(isObject).flatMap((block) =>
      asString(asObject(block.toolUse)?.toolUseId) ?? []
    );
    const answered = blocks.flatMap((block) => asString(asObject(block.toolResult)?.toolUseId) ?? []);
    if (asked.some((id) => !answered.includes(id))) return `Expected toolResult blocks at messages.${index}.content`;
    if (answered.some((id) => !asked.includes(id))) {
      return "The number of toolResult blocks exceeds the number of toolUse blocks of previous turn.";
    }
    if (blocks.some((block) => block.toolUse !== undefined) && body.toolConfig === undefined) {
      return "The toolConfig field must be defined when using toolUse and toolResult content blocks.";
    }
  }
  return undefined;
}

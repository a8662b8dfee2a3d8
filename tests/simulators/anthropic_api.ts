/**
 * A correct Anthropic: refuses what the real one refuses (order of tool results, empty text, thoughts without
 * signature, too many cache marks) and answers in Messages, whole or as events. Pure.
 */
import { Buffer } from "node:buffer";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../src/kernel/json.ts";
import type { Question } from "./answers.ts";
import { type AnswerShape, contentText, plan, type Planned, wordsOf } from "./plan.ts";
import { EVENT_HEADERS, jsonReply, type Reply } from "./reply.ts";
import { tokensOf } from "./tokens.ts";

/** What signs every thought of this Anthropic. */
export const ANTHROPIC_SIGNATURE = "c2ltLWFudGhyb3BpYy1zaWduYXR1cmU=";

/** The answer to one request, or its refusal. */
export function messagesReply(question: Question, { body, shape }: { readonly body: JsonObject; readonly shape: AnswerShape }): Reply {
  if (body.thread !== undefined) return noThreads();
  const mistake = messagesMistake(body);
  if (mistake !== undefined) return anthropicError(400, { type: "invalid_request_error", message: mistake });
  const messages = asArray(body.messages).filter(isObject);
  const all = [contentText(body.system), ...messages.map((message) => contentText(message.content))].join(" ");
  const planned = plan({ body, shape }, { all, ...reactionTo(messages, body) });
  const id = `msg_sim${question.index}`;
  const wantsThinking = asObject(body.thinking)?.type !== undefined && asObject(body.thinking)?.type !== "disabled";
  const blocks = blocksOf(planned, wantsThinking ? planned.reasoning ?? "" : planned.reasoning);
  const message = {
    id,
    type: "message",
    role: "assistant",
    model: asString(body.model) ?? "",
    content: blocks,
    stop_reason: stopReasonOf(planned),
    stop_sequence: null,
    usage: {
      input_tokens: tokensOf(all),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: outputTokens(planned),
    },
  };
  return question.isStream ? eventsReply(eventsOf(message)) : jsonReply(200, message);
}

/** As an account whose conversations may not be stored. */
function noThreads(): Reply {
  const details = { error_code: "thread_unsupported_request", unsupported: ["zero_data_retention"] };
  const error = { type: "invalid_request_error", message: "This organization cannot store message threads.", details };
  return jsonReply(400, { type: "error", error, request_id: "req_sim" });
}

/** Any error in Anthropic's shape. */
export function anthropicError(status: number, error: { readonly type: string; readonly message: string }): Reply {
  return jsonReply(status, anthropicErrorBody(error));
}

export function anthropicErrorBody(error: { readonly type: string; readonly message: string }): JsonObject {
  return { type: "error", error: { ...error }, request_id: "req_sim" };
}

/** The text of one event of a stream. */
export function anthropicEvent(body: JsonObject): string {
  return `event: ${asString(body.type) ?? ""}\ndata: ${JSON.stringify(body)}\n\n`;
}

function eventsReply(events: readonly JsonObject[]): Reply {
  return { status: 200, headers: EVENT_HEADERS, pieces: events.map((event) => Buffer.from(anthropicEvent(event))), form: "events" };
}

function stopReasonOf({ finishReason }: Planned): string {
  return { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use", content_filter: "refusal" }[finishReason] ?? finishReason;
}

function outputTokens({ usage }: Planned): number {
  return asNumber(usage.completion_tokens) ?? 0;
}

function blocksOf({ text, toolCalls }: Planned, reasoning: string | undefined): readonly JsonObject[] {
  return [
    ...(reasoning === undefined || reasoning === "" ? [] : [{ type: "thinking", thinking: reasoning, signature: ANTHROPIC_SIGNATURE }]),
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...toolCalls.map((call, index) => ({ type: "tool_use", id: `toolu_${index}`, name: call.name, input: call.arguments })),
  ];
}

function eventsOf(message: JsonObject): readonly JsonObject[] {
  const { content, stop_reason, stop_sequence, usage } = message;
  const counts = asObject(usage) ?? {};
  const started = { ...message, content: [], stop_reason: null, stop_sequence: null, usage: { ...counts, output_tokens: 1 } };
  return [
    { type: "message_start", message: started },
    { type: "ping" },
    ...asArray(content).filter(isObject).flatMap(blockEvents),
    {
      type: "message_delta",
      delta: { stop_reason: stop_reason ?? null, stop_sequence: stop_sequence ?? null },
      usage: { output_tokens: counts.output_tokens ?? 0 },
    },
    { type: "message_stop" },
  ];
}

function blockEvents(block: JsonObject, index: number): readonly JsonObject[] {
  const delta = (fields: JsonObject) => ({ type: "content_block_delta", index, delta: fields });
  const framed = (empty: JsonObject, deltas: readonly JsonObject[]) => [
    { type: "content_block_start", index, content_block: empty },
    ...deltas,
    { type: "content_block_stop", index },
  ];
  switch (block.type) {
    case "thinking":
      return framed({ type: "thinking", thinking: "", signature: "" }, [
        ...wordsOf(asString(block.thinking) ?? "").map((thinking) => delta({ type: "thinking_delta", thinking })),
        delta({ type: "signature_delta", signature: block.signature ?? "" }),
      ]);
    case "tool_use": {
      const text = JSON.stringify(block.input);
      const middle = Math.ceil(text.length / 2);
      const pieces = text === "{}" ? [] : ["", text.slice(0, middle), text.slice(middle)];
      return framed({ ...block, input: {} }, pieces.map((partial_json) => delta({ type: "input_json_delta", partial_json })));
    }
    default:
      return framed({ type: "text", text: "" }, wordsOf(asString(block.text) ?? "").map((text) => delta({ type: "text_delta", text })));
  }
}

function reactionTo(messages: readonly JsonObject[], body: JsonObject) {
  const last = messages.at(-1);
  const results = asArray(last?.content).filter(isObject).filter(({ type }) => type === "tool_result");
  if (results.length > 0) {
    return { echo: `The tool said: ${results.map((result) => contentText(result.content)).join(" | ")}`, toolCalls: [] };
  }
  const echo = contentText(messages.findLast((message) => message.role === "user")?.content);
  const name = asString(asObject(asArray(body.tools)[0])?.name);
  const isAsked = name !== undefined && echo.toLowerCase().includes("use the tool");
  return { echo, toolCalls: isAsked ? [{ name, arguments: { text: echo } }] : [] };
}

/** What the real one would refuse in a request; undefined when nothing. */
export function messagesMistake(body: JsonObject): string | undefined {
  if (asNumber(body.max_tokens) === undefined) return "max_tokens: Field required";
  const messages = asArray(body.messages).filter(isObject);
  if (messages.length === 0) return "messages: at least one message is required";
  if (messages[0]?.role !== "user") return 'messages: first message must use the "user" role';
  if ((JSON.stringify(body).match(/"cache_control":/g)?.length ?? 0) > 4) {
    return "A maximum of 4 blocks with cache_control may be provided.";
  }
  return settingMistake(body) ?? toolMistake(body) ??
    messages.flatMap((message, index) => messageMistake(message, { index, messages }) ?? [])[0];
}

function settingMistake(body: JsonObject): string | undefined {
  const thinking = asObject(body.thinking);
  const isThinking = thinking !== undefined && thinking.type !== "disabled";
  const temperature = asNumber(body.temperature);
  if (temperature !== undefined && (temperature < 0 || temperature > 1)) return "temperature: range: 0..1";
  if (isThinking && temperature !== undefined && temperature !== 1) return "`temperature` may only be set to 1 when thinking is enabled";
  if (isThinking && body.top_k !== undefined) return "`top_k` must be unset when thinking is enabled";
  const budget = asNumber(thinking?.budget_tokens);
  if (thinking?.type === "enabled" && (budget === undefined || budget < 1024)) {
    return "thinking.enabled.budget_tokens: Input should be ≥ 1024";
  }
  if (budget !== undefined && budget >= (asNumber(body.max_tokens) ?? 0)) {
    return "`max_tokens` must be greater than `thinking.budget_tokens`";
  }
  const choice = asString(asObject(body.tool_choice)?.type);
  if (isThinking && (choice === "any" || choice === "tool")) return "Thinking may not be enabled when tool_choice forces tool use.";
  const unknown = Object.keys(body).find((name) => !FIELDS.has(name));
  return unknown === undefined ? undefined : `${unknown}: Extra inputs are not permitted`;
}

const FIELDS: ReadonlySet<string> = new Set(
  ("model messages max_tokens system stream temperature top_p top_k stop_sequences tools tool_choice thinking output_config metadata " +
    "service_tier container context_management mcp_servers").split(" "),
);

function toolMistake(body: JsonObject): string | undefined {
  for (const [index, tool] of asArray(body.tools).filter(isObject).entries()) {
    if (tool.type !== undefined && tool.type !== "custom") continue;
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(asString(tool.name) ?? "")) return `tools.${index}.custom.name: String should match pattern`;
    const schema = asObject(tool.input_schema);
    if (schema?.type !== "object") return `tools.${index}.custom.input_schema.type: Field required`;
    if (schema.anyOf !== undefined || schema.oneOf !== undefined || schema.allOf !== undefined) {
      return `tools.${index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`;
    }
  }
  return undefined;
}

function messageMistake(
  message: JsonObject,
  { index, messages }: { readonly index: number; readonly messages: readonly JsonObject[] },
): string | undefined {
  const before = messages[index - 1];
  if (message.role !== "user" && message.role !== "assistant") return `messages.${index}.role: Input should be 'user' or 'assistant'`;
  if (typeof message.content === "string") {
    return message.content === "" ? `messages.${index}: all messages must have non-empty content` : undefined;
  }
  const blocks = asArray(message.content).filter(isObject);
  if (blocks.length === 0) return `messages.${index}: all messages must have non-empty content`;
  const mistake = blocks.flatMap((block, at) => blockMistake(block, `messages.${index}.content.${at}`) ?? [])[0];
  if (mistake !== undefined) return mistake;
  const asked = idsOf(before?.role === "assistant" ? before.content : undefined, "tool_use", "id");
  const answered = idsOf(message.role === "user" ? message.content : undefined, "tool_result", "tool_use_id");
  const missing = asked.find((id) => !answered.includes(id));
  if (missing !== undefined) {
    return `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing}`;
  }
  const orphan = answered.find((id) => !asked.includes(id));
  if (orphan !== undefined) return `messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}`;
  const firstOther = blocks.findIndex(({ type }) => type !== "tool_result");
  const lastResult = blocks.findLastIndex(({ type }) => type === "tool_result");
  return firstOther >= 0 && firstOther < lastResult ? `messages.${index}: tool_result blocks must come first` : undefined;
}

function idsOf(content: Json | undefined, type: string, field: string): readonly string[] {
  return asArray(content).filter(isObject).flatMap((block) => block.type === type ? asString(block[field]) ?? [] : []);
}

function blockMistake(block: JsonObject, path: string): string | undefined {
  switch (block.type) {
    case "text":
      return block.text === "" ? "messages: text content blocks must be non-empty" : undefined;
    case "thinking":
      return block.signature === ANTHROPIC_SIGNATURE ? undefined : `${path}: Invalid \`signature\` in \`thinking\` block`;
    case "tool_use":
      return /^[a-zA-Z0-9_-]+$/.test(asString(block.id) ?? "")
        ? undefined
        : `${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`;
    case "image": {
      const source = asObject(block.source);
      const isType = /^image\/(jpeg|png|gif|webp)$/.test(asString(source?.media_type) ?? "");
      return source?.type === "url" || isType ? undefined : `${path}.image.source.base64.media_type: Input should be 'image/jpeg', …`;
    }
    case "tool_result":
    case "document":
    case "redacted_thinking":
      return undefined;
    default:
      return `${path}: Input tag '${asString(block.type) ?? ""}' found using 'type' does not match any of the expected tags`;
  }
}

/** A correct Cohere: v2 chat, whole or as typed events. Pure. */
import { Buffer } from "node:buffer";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../src/kernel/json.ts";
import type { Question } from "./answers.ts";
import { type AnswerShape, contentText, plan, type Planned, wordsOf } from "./plan.ts";
import { EVENT_HEADERS, jsonReply, type Reply } from "./reply.ts";
import { tokensOf } from "./tokens.ts";

/** The answer to a chat, or its refusal. */
export function cohereReply(question: Question, { body, shape }: { readonly body: JsonObject; readonly shape: AnswerShape }): Reply {
  const mistake = mistakeIn(body);
  if (mistake !== undefined) return jsonReply(400, { id: "sim", message: mistake });
  const messages = asArray(body.messages).filter(isObject);
  const all = messages.map((message) => contentText(message.content)).join(" ");
  const planned = plan({ body, shape }, { all, ...reactionTo(messages, body) });
  const tokens = { input_tokens: tokensOf(all), output_tokens: asNumber(planned.usage.completion_tokens) ?? 0 };
  const finish_reason =
    { stop: "COMPLETE", length: "MAX_TOKENS", tool_calls: "TOOL_CALL", content_filter: "ERROR_TOXIC" }[planned.finishReason] ?? "ERROR";
  const usage = { tokens, billed_units: tokens };
  if (question.isStream) return eventsReply(eventsOf(planned, { finish_reason, usage }));
  const tool_calls = planned.toolCalls.map((call, index) => ({
    id: `${call.name}_${index}`,
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
  const content = [
    ...(planned.reasoning === undefined ? [] : [{ type: "thinking", thinking: planned.reasoning }]),
    ...(planned.text === "" ? [] : [{ type: "text", text: planned.text }]),
  ];
  const message = { role: "assistant", ...(content.length === 0 ? {} : { content }), ...(tool_calls.length === 0 ? {} : { tool_calls }) };
  return jsonReply(200, { id: `sim-${question.index}`, message, finish_reason, usage });
}

/** The text of one event. */
export function cohereEvent(event: JsonObject): string {
  return `event: ${asString(event.type) ?? ""}\ndata: ${JSON.stringify(event)}\n\n`;
}

function eventsReply(events: readonly JsonObject[]): Reply {
  return { status: 200, headers: EVENT_HEADERS, pieces: events.map((event) => Buffer.from(cohereEvent(event))), form: "events" };
}

function eventsOf({ text, reasoning, toolCalls }: Planned, end: JsonObject): readonly JsonObject[] {
  const content = (index: number, type: "text" | "thinking", words: readonly string[]) =>
    words.length === 0 ? [] : [
      { type: "content-start", index, delta: { message: { content: { type, [type]: "" } } } },
      ...words.map((word) => ({ type: "content-delta", index, delta: { message: { content: { [type]: word } } } })),
      { type: "content-end", index },
    ];
  return [
    {
      type: "message-start",
      id: "sim",
      delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] } },
    },
    ...content(0, "thinking", wordsOf(reasoning ?? "")),
    ...content(1, "text", wordsOf(text)),
    ...toolCalls.flatMap((call, index) => {
      const text = JSON.stringify(call.arguments);
      const started = { id: `${call.name}_${index}`, type: "function", function: { name: call.name, arguments: "" } };
      return [
        { type: "tool-call-start", index, delta: { message: { tool_calls: started } } },
        ...(text === "{}"
          ? []
          : [{ type: "tool-call-delta", index, delta: { message: { tool_calls: { function: { arguments: text } } } } }]),
        { type: "tool-call-end", index },
      ];
    }),
    { type: "message-end", delta: { ...end } },
  ];
}

function reactionTo(messages: readonly JsonObject[], body: JsonObject) {
  const results = messages.slice(messages.findLastIndex((message) => message.role === "assistant") + 1).filter(({ role }) =>
    role === "tool"
  );
  if (results.length > 0) {
    return { echo: `The tool said: ${results.map((result) => contentText(result.content)).join(" | ")}`, toolCalls: [] };
  }
  const echo = contentText(messages.findLast((message) => message.role === "user")?.content);
  const name = asString(asObject(asObject(asArray(body.tools)[0])?.function)?.name);
  const isAsked = name !== undefined && echo.toLowerCase().includes("use the tool");
  return { echo, toolCalls: isAsked ? [{ name, arguments: { text: echo } }] : [] };
}

const FIELDS: ReadonlySet<string> = new Set(
  ("model messages stream tools tool_choice strict_tools documents citation_options response_format safety_mode max_tokens stop_sequences " +
    "temperature seed frequency_penalty presence_penalty k p logprobs thinking").split(" "),
);

function mistakeIn(body: JsonObject): string | undefined {
  const unknown = Object.keys(body).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) return `invalid request: unknown field '${unknown}'`;
  if (/"(additionalProperties|\$schema)":/.test(JSON.stringify(body.tools ?? []))) {
    return "invalid request: tools: unsupported schema keyword";
  }
  const messages = asArray(body.messages).filter(isObject);
  const asked = messages.flatMap((message) => asArray(message.tool_calls).flatMap((call) => asString(asObject(call)?.id) ?? []));
  const orphan = messages.find((message) => message.role === "tool" && !asked.includes(asString(message.tool_call_id) ?? ""));
  return orphan === undefined ? undefined : "invalid request: tool_call_id not found in previous tool calls";
}

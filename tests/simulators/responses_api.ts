/** A correct OpenAI Responses: checks its input as the real one does, and answers whole or as events. Pure. */
import { Buffer } from "node:buffer";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../src/kernel/json.ts";
import type { Question } from "./answers.ts";
import { type AnswerShape, contentText, plan, type Planned, wordsOf } from "./plan.ts";
import { errorBody, EVENT_HEADERS, jsonReply, type Reply } from "./reply.ts";
import { tokensOf } from "./tokens.ts";

/** What every encrypted thought of this provider holds. */
export const ENCRYPTED = "c2ltLWVuY3J5cHRlZC1yZWFzb25pbmc=";

/** The answer to one request, or its refusal. */
export function responsesReply(question: Question, { body, shape }: { readonly body: JsonObject; readonly shape: AnswerShape }): Reply {
  const input = typeof body.input === "string" ? [{ role: "user", content: body.input }] : asArray(body.input).filter(isObject);
  const mistake = mistakeIn(body, input);
  if (mistake !== undefined) return jsonReply(400, errorBody({ message: mistake }));
  const all = input.map((item) => contentText(item.content)).join(" ");
  const limit = asNumber(body.max_output_tokens);
  const planned = plan({ body: limit === undefined ? {} : { max_tokens: limit }, shape }, { all, ...reactionTo(input, body) });
  const output = itemsOf(planned, asArray(body.include).includes("reasoning.encrypted_content"));
  const isCut = planned.finishReason === "length" || planned.finishReason === "content_filter";
  const inputTokens = tokensOf(all);
  const outputTokens = asNumber(planned.usage.completion_tokens) ?? 0;
  const response = {
    id: `resp_sim${question.index}`,
    object: "response",
    created_at: 1_750_000_000,
    model: asString(body.model) ?? "",
    status: isCut ? "incomplete" : "completed",
    error: null,
    previous_response_id: null,
    incomplete_details: isCut ? { reason: planned.finishReason === "length" ? "max_output_tokens" : "content_filter" } : null,
    output: [...output],
    parallel_tool_calls: true,
    tools: [],
    tool_choice: "auto",
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: tokensOf(planned.reasoning ?? "") },
      total_tokens: inputTokens + outputTokens,
    },
  };
  if (!question.isStream) return jsonReply(200, response);
  const events = eventsOf(response, output).map((event, sequence_number) => ({ ...event, sequence_number }));
  return { status: 200, headers: EVENT_HEADERS, pieces: events.map((event) => Buffer.from(responsesEvent(event))), form: "events" };
}

/** The text of one event. */
export function responsesEvent(event: JsonObject): string {
  return `event: ${asString(event.type) ?? ""}\ndata: ${JSON.stringify(event)}\n\n`;
}

function itemsOf({ text, reasoning, toolCalls }: Planned, isEncrypted: boolean): readonly JsonObject[] {
  const thought = { id: "rs_0", type: "reasoning", summary: [{ type: "summary_text", text: reasoning ?? "" }] };
  const part = { type: "output_text", text, annotations: [], logprobs: [] };
  return [
    ...(reasoning === undefined ? [] : [{ ...thought, ...(isEncrypted ? { encrypted_content: ENCRYPTED } : {}) }]),
    ...(text === "" ? [] : [{ id: "msg_0", type: "message", status: "completed", role: "assistant", content: [part] }]),
    ...toolCalls.map((call, index) => ({
      id: `fc_${index}`,
      type: "function_call",
      status: "completed",
      call_id: `call_${index}`,
      name: call.name,
      arguments: JSON.stringify(call.arguments),
    })),
  ];
}

function eventsOf(response: JsonObject, output: readonly JsonObject[]): readonly JsonObject[] {
  const begun = { ...response, status: "in_progress", output: [], usage: null };
  return [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...output.flatMap((item, output_index) => [
      { type: "response.output_item.added", output_index, item: emptied(item) },
      ...deltasOf(item).map((event) => ({ ...event, item_id: item.id ?? "", output_index })),
      { type: "response.output_item.done", output_index, item },
    ]),
    { type: response.status === "incomplete" ? "response.incomplete" : "response.completed", response },
  ];
}

function emptied(item: JsonObject): JsonObject {
  switch (item.type) {
    case "message":
      return { ...item, status: "in_progress", content: [] };
    case "reasoning":
      return { id: item.id ?? "", type: "reasoning", summary: [] };
    default:
      return { ...item, status: "in_progress", arguments: "" };
  }
}

function deltasOf(item: JsonObject): readonly JsonObject[] {
  const text = contentText(item.content) || contentText(item.summary);
  switch (item.type) {
    case "message":
      return wordsOf(text).map((delta) => ({ type: "response.output_text.delta", content_index: 0, delta, logprobs: [] }));
    case "reasoning":
      return wordsOf(text).map((delta) => ({ type: "response.reasoning_summary_text.delta", summary_index: 0, delta }));
    default:
      return [{ type: "response.function_call_arguments.delta", delta: item.arguments ?? "" }];
  }
}

function reactionTo(input: readonly JsonObject[], body: JsonObject) {
  const results = input.slice(input.findLastIndex(({ type }) => type === "function_call") + 1).filter(({ type }) =>
    type === "function_call_output"
  );
  if (results.length > 0 && input.at(-1)?.type === "function_call_output") {
    return { echo: `The tool said: ${results.map((result) => contentText(result.output)).join(" | ")}`, toolCalls: [] };
  }
  const echo = contentText(input.findLast(({ role }) => role === "user")?.content);
  const name = asString(asObject(asArray(body.tools)[0])?.name);
  const isAsked = name !== undefined && echo.toLowerCase().includes("use the tool");
  return { echo, toolCalls: isAsked ? [{ name, arguments: { text: echo } }] : [] };
}

const REFUSED: readonly string[] = [
  "messages",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "n",
  "seed",
  "stream_options",
  "response_format",
];

function mistakeIn(body: JsonObject, input: readonly JsonObject[]): string | undefined {
  const unknown = REFUSED.find((name) => body[name] !== undefined);
  if (unknown !== undefined) return `Unknown parameter: '${unknown}'.`;
  if (body.previous_response_id !== undefined && body.previous_response_id !== null) return "Previous response not found.";
  const asked = input.flatMap((item) => item.type === "function_call" ? asString(item.call_id) ?? "" : []);
  const answered = input.flatMap((item) => item.type === "function_call_output" ? asString(item.call_id) ?? "" : []);
  const missing = asked.find((id) => !answered.includes(id));
  if (missing !== undefined) return `No tool output found for function call ${missing}.`;
  const orphan = answered.find((id) => !asked.includes(id));
  return orphan === undefined ? undefined : `No tool call found for function call output with call_id ${orphan}.`;
}

/** Pieces of answers in the words of Responses, the same for whole answers and streams. */
import type { ChatUsage, Citation, FinishReason, ToolCall } from "../../canonical/chat.ts";
import { asObject, asString, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";

/** The id of the answer: the gateway's own, since it may be asked for later. */
export function responseId({ id }: AnswerContext): string {
  return `resp_${id.replace(/[^A-Za-z0-9_-]/g, "").replace(/^resp_/, "")}`;
}

/** The id of an item: made of the answer's and its place. */
export function itemId(prefix: string, index: number, context: AnswerContext): string {
  return `${prefix}_${responseId(context).slice("resp_".length)}_${index}`;
}

/** What a response repeats of its request, and what it says where the request said nothing. */
const ECHOED: Readonly<Record<string, Json>> = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  parallel_tool_calls: true,
  previous_response_id: null,
  store: true,
  temperature: 1,
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  top_logprobs: 0,
  truncation: "disabled",
  user: null,
  metadata: {},
};

export interface ResponseParts {
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly output: readonly JsonObject[];
  readonly reason?: FinishReason | undefined;
  readonly usage?: ChatUsage | undefined;
  readonly error?: JsonObject;
}

/** The whole object. */
export function responseShape({ status, output, reason, usage, error }: ResponseParts, context: AnswerContext): JsonObject {
  const { request, model, createdAtS } = context;
  const echoed = Object.fromEntries(Object.entries(ECHOED).map(([name, silent]) => [name, request[name] ?? silent]));
  const asked = asObject(request.reasoning);
  const why = reason === "length" ? "max_output_tokens" : "content_filter";
  return {
    id: responseId(context),
    object: "response",
    created_at: createdAtS,
    status,
    background: false,
    error: error ?? null,
    incomplete_details: status === "incomplete" ? { reason: why } : null,
    ...echoed,
    model,
    output: [...output],
    reasoning: { effort: asked?.effort ?? null, summary: asked?.summary ?? null },
    text: asObject(request.text) ?? { format: { type: "text" } },
    usage: usage === undefined ? null : usageShape(usage),
  };
}

/** `completed` or `incomplete`, by why the answer ended. */
export function statusOf(reason: FinishReason | undefined): "completed" | "incomplete" {
  return reason === "length" || reason === "content_filter" ? "incomplete" : "completed";
}

function usageShape(usage: ChatUsage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.totalTokens,
  };
}

/** The one text that a tool with free text was given. */
export function freeText(text: string): string {
  return asString(asObject(parseJson(text))?.input) ?? text;
}

/** A call as an item; `status` while its arguments grow. */
export function callItem(
  call: ToolCall,
  { id, status }: { readonly id: string; readonly status: "in_progress" | "completed" },
): JsonObject {
  const head = { id, status, call_id: call.id, name: call.name };
  return call.form === "free_text"
    ? { ...head, type: "custom_tool_call", input: freeText(call.arguments) }
    : { ...head, type: "function_call", arguments: call.arguments };
}

/** The prefix of a call's item id. */
export function callPrefix({ form }: ToolCall): string {
  return form === "free_text" ? "ctc" : "fc";
}

export function textPart(
  text: string,
  { annotations, logprobs }: { readonly annotations: readonly JsonObject[]; readonly logprobs: readonly JsonObject[] } = {
    annotations: [],
    logprobs: [],
  },
): JsonObject {
  return { type: "output_text", text, annotations: [...annotations], logprobs: [...logprobs] };
}

export function citationShape({ url, title, startIndex, endIndex }: Citation): JsonObject {
  return { type: "url_citation", start_index: startIndex ?? 0, end_index: endIndex ?? 0, url, title: title ?? url };
}

export function reasoningItem(
  id: string,
  { text, encrypted }: { readonly text: string; readonly encrypted?: string | undefined },
): JsonObject {
  return {
    id,
    type: "reasoning",
    summary: text === "" ? [] : [{ type: "summary_text", text }],
    ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
  };
}

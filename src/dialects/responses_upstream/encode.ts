/** A canonical request as a Responses body, with what could not be carried over. Nothing is stored at the provider. */
import type { Blob, ChatRequest, Part, Reasoning, ResponseFormat, Tool, ToolChoice } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import { asArray, isObject, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { Recall } from "../codec.ts";
import { effortOfBudget } from "../effort.ts";
import { Extensions } from "../extensions.ts";
import { mediaOfResult, NO_RESULT, orphanText, type Step, stepsOf, textOfResult, type ToolResult } from "../history.ts";
import { audioFormat } from "../media.ts";
import { invalidField } from "../problems.ts";
import { lostStrictness, NO_PARAMETERS, strictnessOf } from "../strict_schema.ts";
import type { ToolNames } from "../tool_names.ts";

export interface Encoded {
  readonly body: JsonObject;
  readonly lossy: readonly string[];
}

/** The body, or the failure that names a field the format cannot hold. */
export function encodeRequest(
  request: ChatRequest,
  { model, names, recall }: { readonly model: string; readonly names: ToolNames; readonly recall: Recall },
): Encoded | Failure {
  const { sampling } = request;
  if ((sampling.choiceCount ?? 1) > 1) return invalidField("n", "this model gives one answer at a time: 1 is expected");
  const parts = request.turns.flatMap(({ parts }) => parts.flatMap((part) => part.kind === "tool_result" ? part.content : [part]));
  const refused = parts.find((part) => part.kind === "video" || (part.kind === "audio" && part.source.kind === "url"));
  if (refused !== undefined) {
    return invalidField("messages", `this model takes no ${refused.kind} ${refused.kind === "audio" ? "from URLs" : "parts"}`);
  }
  const extensions = new Extensions(request.extensions);
  const instructions = request.system.map(({ text }) => text).filter((text) => text !== "").join("\n\n");
  const input = stepsOf(request.turns).flatMap((step) => itemsOf(step, { names, recall }));
  const effort = effortOf(request.reasoning);
  const tools = [...request.tools.map((tool) => toolShape(tool, names)), ...asArray(extensions.take("tools")).filter(isObject)];
  const fields: Readonly<Record<string, Json | undefined>> = {
    model,
    instructions: instructions === "" ? undefined : instructions,
    input,
    store: false,
    include: ["reasoning.encrypted_content", ...(sampling.topLogprobs === undefined ? [] : ["message.output_text.logprobs"])],
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: tools.length === 0 ? undefined : choiceShape(request.toolChoice, names),
    parallel_tool_calls: request.callsOneByOne === true ? false : undefined,
    max_output_tokens: sampling.maxTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_logprobs: sampling.topLogprobs,
    text: formatShape(request.format),
    reasoning: effort === undefined ? undefined : { effort, summary: "auto" },
    user: request.userId?.slice(0, 64),
  };
  const lost = {
    stop: (sampling.stop?.length ?? 0) > 0,
    seed: sampling.seed !== undefined,
    top_k: sampling.topK !== undefined,
    presence_penalty: (sampling.presencePenalty ?? 0) !== 0,
    frequency_penalty: (sampling.frequencyPenalty ?? 0) !== 0,
    modalities: request.modalities?.some((it) => it !== "text") === true,
  };
  const body = Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]));
  const lossy = [
    ...request.dropped,
    ...Object.entries(lost).flatMap(([name, isLost]) => isLost ? [name] : []),
    ...lostStrictness(request),
    ...extensions.rest(),
  ];
  return { body, lossy: [...new Set(lossy)] };
}

interface At {
  readonly names: ToolNames;
  readonly recall: Recall;
}

function itemsOf(step: Step, { names, recall }: At): readonly JsonObject[] {
  if (step.role === "user") {
    const content = step.parts.flatMap(userPart);
    return content.length === 0 ? [] : [{ type: "message", role: "user", content }];
  }
  const text = step.parts.flatMap((part) => part.kind === "text" || part.kind === "refusal" ? part.text : []).join("");
  const first = step.calls[0]?.call.id;
  const thoughts = step.parts.flatMap((part) => part.kind === "reasoning" ? thoughtItem(part) : []);
  const known = thoughts.length > 0 || first === undefined ? thoughts : remembered(recall, first);
  const message = text === "" ? [] : [{ type: "message", role: "assistant", content: [{ type: "output_text", text }] }];
  const calls = step.calls.map(({ call }) => ({
    type: "function_call",
    call_id: call.id,
    name: names.toWire(call.name),
    arguments: call.arguments,
  }));
  const results = step.calls.map(({ call, result }) => ({
    type: "function_call_output",
    call_id: call.id,
    output: result === undefined ? `Error: ${NO_RESULT}` : outputOf(result),
  }));
  return [...known, ...message, ...calls, ...results];
}

/** Words, and where there is more than words a list of parts. */
function outputOf(result: ToolResult): Json {
  const text = `${result.isError === true ? "Error: " : ""}${textOfResult(result)}`;
  const media = mediaOfResult(result).flatMap(userPart);
  return media.length === 0 ? text : [...(text === "" ? [] : [{ type: "input_text", text }]), ...media];
}

/** Only encrypted thoughts can go back: the text alone proves nothing. */
function thoughtItem({ text, encrypted }: Extract<Part, { readonly kind: "reasoning" }>): readonly JsonObject[] {
  if (encrypted === undefined) return [];
  return [{ type: "reasoning", summary: text === "" ? [] : [{ type: "summary_text", text }], encrypted_content: encrypted }];
}

function remembered(recall: Recall, callId: string): readonly JsonObject[] {
  return asArray(parseJson(recall.recall(`responses thoughts ${callId}`) ?? "")).filter(isObject);
}

function userPart(part: Part): readonly JsonObject[] {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? [] : [{ type: "input_text", text: part.text }];
    case "image":
      return [{ type: "input_image", image_url: urlOf(part.source), ...(part.detail === undefined ? {} : { detail: part.detail }) }];
    case "file":
      if (part.source.kind === "url") return [{ type: "input_file", file_url: part.source.url }];
      return [{ type: "input_file", filename: part.name ?? "file.pdf", file_data: urlOf(part.source) }];
    case "audio": {
      const format = part.source.kind === "inline" ? audioFormat(part.source.mimeType) ?? "wav" : "wav";
      return part.source.kind === "inline" ? [{ type: "input_audio", input_audio: { data: part.source.data, format } }] : [];
    }
    case "tool_result":
      return [{ type: "input_text", text: orphanText(part) }, ...mediaOfResult(part).flatMap(userPart)];
    case "video":
    case "reasoning":
    case "tool_call":
      return [];
  }
}

function urlOf(source: Blob): string {
  return source.kind === "url" ? source.url : `data:${source.mimeType};base64,${source.data}`;
}

/** Said explicitly, because the dialect is strict where nothing is said. */
function toolShape({ name, description, parameters, isStrict }: Tool, names: ToolNames): JsonObject {
  const { schema, strict } = strictnessOf(parameters ?? NO_PARAMETERS, isStrict);
  return {
    type: "function",
    name: names.toWire(name),
    ...(description === undefined ? {} : { description }),
    parameters: schema,
    strict: strict ?? false,
  };
}

function choiceShape(choice: ToolChoice | undefined, names: ToolNames): Json | undefined {
  if (choice?.kind !== "named") return choice?.kind;
  const tools = choice.names.map((name) => ({ type: "function", name: names.toWire(name) }));
  const [only] = tools;
  return tools.length === 1 ? only : { type: "allowed_tools", mode: "required", tools };
}

function formatShape(format: ResponseFormat | undefined): JsonObject | undefined {
  switch (format?.kind) {
    case "json":
      return { format: { type: "json_object" } };
    case "schema": {
      const { name, description } = format;
      const { schema, strict } = strictnessOf(format.schema, format.isStrict);
      const more = { ...(description === undefined ? {} : { description }), ...(strict === undefined ? {} : { strict }) };
      return { format: { type: "json_schema", name, schema, ...more } };
    }
    default:
      return undefined;
  }
}

function effortOf(reasoning: Reasoning | undefined): string | undefined {
  switch (reasoning?.kind) {
    case undefined:
      return undefined;
    case "effort":
      return reasoning.effort === "max" ? "xhigh" : reasoning.effort;
    case "budget":
      return effortOfBudget(reasoning.tokens);
    case "auto":
      return "high";
  }
}

/** A canonical request as a body of Cohere's v2 chat, with what could not be carried over. */
import type { ChatRequest, Part, Reasoning, ResponseFormat, Sampling, ToolChoice } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import type { Json, JsonObject } from "../../kernel/json.ts";
import { Extensions } from "../extensions.ts";
import { mediaOfResult, NO_RESULT, orphanText, type Step, stepsOf, textOfResult } from "../history.ts";
import { wordsOfFile } from "../media.ts";
import { invalidField } from "../problems.ts";
import { lossesOf } from "../schema_cut.ts";
import type { ToolNames } from "../tool_names.ts";
import { cohereSchema } from "./schema.ts";

export interface Encoded {
  readonly body: JsonObject;
  readonly lossy: readonly string[];
}

const MAX_STOP_COUNT = 5;
const THINKERS = /reasoning|command-a-plus|north/i;
const BUDGETS: Readonly<Record<string, number>> = { minimal: 512, low: 1_024, medium: 8_192, high: 24_576, xhigh: 32_768, max: 32_768 };

/** The body, or the failure that names a field the format cannot hold. */
export function encodeRequest(
  request: ChatRequest,
  { model, names }: { readonly model: string; readonly names: ToolNames },
): Encoded | Failure {
  if ((request.sampling.choiceCount ?? 1) > 1) return invalidField("n", "this provider gives one answer at a time: 1 is expected");
  const parts = request.turns.flatMap(({ parts }) => parts.flatMap((part) => part.kind === "tool_result" ? part.content : [part]));
  const refused = parts.find((part) =>
    part.kind === "audio" || part.kind === "video" || (part.kind === "file" && wordsOfFile(part.source, part.name) === undefined)
  );
  if (refused !== undefined) return invalidField("messages", `this provider takes no ${refused.kind} parts`);
  const extensions = new Extensions(request.extensions);
  const system = request.system.map(({ text }) => text).filter((text) => text !== "").join("\n\n");
  const messages = stepsOf(request.turns).flatMap((step) => messagesOf(step, names));
  const said = system === "" ? messages : [{ role: "system", content: system }, ...messages];
  const named = request.toolChoice?.kind === "named" ? request.toolChoice.names : [];
  const tools = named.length === 0 ? request.tools : request.tools.filter(({ name }) => named.includes(name));
  const offered = tools.map((tool) => ({ ...tool, cut: cohereSchema(tool.parameters ?? {}) }));
  const format = formatOf(request.format);
  const thinking = thinkingOf(request.reasoning);
  const isThinker = THINKERS.test(model);
  const body: JsonObject = {
    model,
    messages: messages.length === 0 ? [{ role: "user", content: system }] : said,
    ...(tools.length === 0 ? {} : {
      tools: offered.map(({ name, description = "", cut }) => ({
        type: "function",
        function: { name: names.toWire(name), description, parameters: cut.schema },
      })),
    }),
    ...choiceOf(request.toolChoice, tools.length),
    ...samplingOf(request.sampling),
    ...format.fields,
    ...(thinking === undefined || !isThinker ? {} : { thinking }),
  };
  const lossy = [
    ...request.dropped,
    ...offered.flatMap(({ name, cut }) => lossesOf(`tools.${name}`, cut)),
    ...format.lossy,
    ...(request.callsOneByOne === true && tools.length > 0 ? ["parallel_tool_calls"] : []),
    ...(thinking?.type === "enabled" && !isThinker ? ["reasoning"] : []),
    ...((request.sampling.stop?.length ?? 0) > MAX_STOP_COUNT ? ["stop"] : []),
    ...((request.sampling.topLogprobs ?? 0) > 0 ? ["top_logprobs"] : []),
    ...(request.modalities?.some((it) => it !== "text") === true ? ["modalities"] : []),
    ...extensions.rest(),
  ];
  return { body, lossy: [...new Set(lossy)] };
}

function messagesOf(step: Step, names: ToolNames): readonly JsonObject[] {
  if (step.role === "user") {
    const content = step.parts.flatMap(userPart);
    const [only] = content;
    if (only === undefined) return [];
    return [{ role: "user", content: content.length === 1 && only.type === "text" ? only.text ?? "" : content }];
  }
  const text = step.parts.flatMap((part) => part.kind === "text" || part.kind === "refusal" ? part.text : []).join("");
  if (step.calls.length === 0) return text === "" ? [] : [{ role: "assistant", content: text }];
  const tool_calls = step.calls.map(({ call }) => ({
    id: call.id,
    type: "function",
    function: { name: names.toWire(call.name), arguments: call.arguments === "" ? "{}" : call.arguments },
  }));
  const results = step.calls.map(({ call, result }) => ({
    role: "tool",
    tool_call_id: call.id,
    content: result === undefined ? `Error: ${NO_RESULT}` : `${result.isError === true ? "Error: " : ""}${textOfResult(result)}`,
  }));
  // Results hold words only: pictures follow as the user's.
  const shown = step.calls.flatMap(({ call, result }) => {
    const media = result === undefined ? [] : mediaOfResult(result).flatMap(userPart);
    return media.length === 0 ? [] : [{ type: "text", text: `Result of the tool ${call.name}:` }, ...media];
  });
  return [
    { role: "assistant", ...(text === "" ? {} : { tool_plan: text }), tool_calls },
    ...results,
    ...(shown.length === 0 ? [] : [{ role: "user", content: shown }]),
  ];
}

function userPart(part: Part): readonly JsonObject[] {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "image": {
      const url = part.source.kind === "url" ? part.source.url : `data:${part.source.mimeType};base64,${part.source.data}`;
      return [{ type: "image_url", image_url: { url, ...(part.detail === undefined ? {} : { detail: part.detail }) } }];
    }
    case "file": {
      const text = wordsOfFile(part.source, part.name);
      return text === undefined ? [] : [{ type: "text", text }];
    }
    case "tool_result":
      return [{ type: "text", text: orphanText(part) }, ...mediaOfResult(part).flatMap(userPart)];
    default:
      return [];
  }
}

/** A choice of certain tools is made by offering only those. */
function choiceOf(choice: ToolChoice | undefined, toolCount: number): JsonObject {
  if (toolCount === 0 || choice === undefined || choice.kind === "auto") return {};
  return { tool_choice: choice.kind === "none" ? "NONE" : "REQUIRED" };
}

function samplingOf(
  { maxTokens, temperature, topP, topK, seed, stop = [], presencePenalty, frequencyPenalty, topLogprobs }: Sampling,
): JsonObject {
  const fields: Readonly<Record<string, Json | undefined>> = {
    max_tokens: maxTokens,
    temperature,
    p: topP,
    k: topK,
    seed,
    stop_sequences: stop.length === 0 ? undefined : stop.slice(0, MAX_STOP_COUNT),
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    logprobs: topLogprobs === undefined ? undefined : true,
  };
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]));
}

function formatOf(format: ResponseFormat | undefined): { readonly fields: JsonObject; readonly lossy: readonly string[] } {
  if (format === undefined || format.kind === "text") return { fields: {}, lossy: [] };
  if (format.kind !== "schema") return { fields: { response_format: { type: "json_object" } }, lossy: [] };
  const cut = cohereSchema(format.schema);
  return {
    fields: { response_format: { type: "json_object", json_schema: cut.schema } },
    lossy: lossesOf("response_format", cut),
  };
}

function thinkingOf(reasoning: Reasoning | undefined): JsonObject | undefined {
  switch (reasoning?.kind) {
    case undefined:
      return undefined;
    case "auto":
      return { type: "enabled" };
    case "budget":
      return reasoning.tokens === 0 ? { type: "disabled" } : { type: "enabled", token_budget: reasoning.tokens };
    case "effort":
      return reasoning.effort === "none" ? { type: "disabled" } : { type: "enabled", token_budget: BUDGETS[reasoning.effort] ?? 8_192 };
  }
}

/** A canonical request as a Converse body, with what could not be carried over. */
import type { ChatRequest, Reasoning, Tool, ToolChoice } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import type { JsonObject } from "../../kernel/json.ts";
import type { Recall } from "../codec.ts";
import { Extensions } from "../extensions.ts";
import { objectSchema } from "../object_schema.ts";
import { invalidField } from "../problems.ts";
import { lossesOf } from "../schema_cut.ts";
import type { ToolNames } from "../tool_names.ts";
import { cachePoint, writeHistory } from "./history.ts";

export interface Encoded {
  readonly body: JsonObject;
  readonly lossy: readonly string[];
}

const BUDGETS: Readonly<Record<string, number>> = { minimal: 1_024, low: 1_024, medium: 8_192, high: 24_576, xhigh: 32_768, max: 32_768 };
/** Left for the answer where the budget would take all of it. */
const ANSWER_TOKENS = 4_096;

/** The body, or the failure that names a field the format cannot hold. */
export function encodeRequest(
  request: ChatRequest,
  { model, names, recall }: { readonly model: string; readonly names: ToolNames; readonly recall: Recall },
): Encoded | Failure {
  const { sampling } = request;
  if ((sampling.choiceCount ?? 1) > 1) return invalidField("n", "this provider gives one answer at a time: 1 is expected");
  const extensions = new Extensions(request.extensions);
  const history = writeHistory(request, { names, recall });
  if (history.failed !== undefined) return history.failed;
  const thinks = model.includes("anthropic.claude");
  const budget = thinks && !history.lacksThoughts ? budgetOf(request.reasoning) : undefined;
  const isTight = budget !== undefined && budget >= (sampling.maxTokens ?? 0);
  const maxTokens = isTight ? budget + ANSWER_TOKENS : sampling.maxTokens;
  const system = request.system.flatMap((part) => part.text === "" ? [] : [{ text: part.text }, ...cachePoint(part.cache)]);
  const more = {
    ...(budget === undefined ? {} : { thinking: { type: "enabled", budget_tokens: budget } }),
    ...(sampling.topK === undefined || !thinks || budget !== undefined ? {} : { top_k: sampling.topK }),
  };
  const inference = {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(sampling.temperature === undefined || budget !== undefined ? {} : { temperature: Math.min(sampling.temperature, 1) }),
    ...(sampling.topP === undefined || budget !== undefined ? {} : { topP: sampling.topP }),
    ...((sampling.stop?.length ?? 0) === 0 ? {} : { stopSequences: [...sampling.stop ?? []] }),
  };
  const tools = toolConfig(request, { names, hasToolBlocks: history.hasToolBlocks, isThinking: budget !== undefined });
  const body: JsonObject = {
    messages: history.messages,
    ...(system.length === 0 ? {} : { system }),
    ...(Object.keys(inference).length === 0 ? {} : { inferenceConfig: inference }),
    ...(tools === undefined ? {} : { toolConfig: tools.config }),
    ...(Object.keys(more).length === 0 ? {} : { additionalModelRequestFields: more }),
  };
  const lost = {
    seed: sampling.seed !== undefined,
    presence_penalty: (sampling.presencePenalty ?? 0) !== 0,
    frequency_penalty: (sampling.frequencyPenalty ?? 0) !== 0,
    logprobs: sampling.topLogprobs !== undefined,
    top_k: sampling.topK !== undefined && more.top_k === undefined,
    temperature: sampling.temperature !== undefined && (budget !== undefined || sampling.temperature > 1),
    top_p: sampling.topP !== undefined && budget !== undefined,
    response_format: request.format !== undefined && request.format.kind !== "text",
    parallel_tool_calls: request.callsOneByOne === true && request.tools.length > 0,
    reasoning: budgetOf(request.reasoning) !== undefined && budget === undefined,
    modalities: request.modalities?.some((it) => it !== "text") === true,
  };
  const lossy = [
    ...request.dropped,
    ...(tools?.lossy ?? []),
    ...Object.entries(lost).flatMap(([name, isLost]) => isLost ? [name] : []),
    ...extensions.rest(),
  ];
  return { body, lossy: [...new Set(lossy)] };
}

function budgetOf(reasoning: Reasoning | undefined): number | undefined {
  switch (reasoning?.kind) {
    case undefined:
      return undefined;
    case "auto":
      return BUDGETS.medium;
    case "budget":
      return reasoning.tokens === 0 ? undefined : Math.max(reasoning.tokens, BUDGETS.minimal ?? 0);
    case "effort":
      return reasoning.effort === "none" ? undefined : BUDGETS[reasoning.effort];
  }
}

interface ToolsAt {
  readonly names: ToolNames;
  readonly hasToolBlocks: boolean;
  readonly isThinking: boolean;
}

/** A conversation with calls in it must declare tools, if only one that is not meant to be called. */
function toolConfig(
  { tools, toolChoice }: ChatRequest,
  { names, hasToolBlocks, isThinking }: ToolsAt,
): { readonly config: JsonObject; readonly lossy: readonly string[] } | undefined {
  const named = toolChoice?.kind === "named" ? toolChoice.names : [];
  const isOff = toolChoice?.kind === "none";
  const offered = isOff ? [] : named.length > 1 ? tools.filter(({ name }) => named.includes(name)) : tools;
  if (offered.length === 0 && !hasToolBlocks) return undefined;
  const cuts = offered.map((tool) => ({ tool, cut: objectSchema(tool.parameters ?? {}) }));
  const specs = cuts.flatMap(({ tool, cut }) => [specOf(tool, { schema: cut.schema, names }), ...cachePoint(tool.cache)]);
  const choice = isThinking ? undefined : choiceOf(toolChoice, names);
  const stand = { name: "unavailable", description: "Cannot be called." };
  const config = {
    tools: specs.length > 0 ? specs : [specOf(stand, { schema: objectSchema({}).schema, names })],
    ...(choice === undefined || offered.length === 0 ? {} : { toolChoice: choice }),
  };
  const isDemandLost = isThinking && (toolChoice?.kind === "required" || toolChoice?.kind === "named");
  return {
    config,
    lossy: [...cuts.flatMap(({ tool, cut }) => lossesOf(`tools.${tool.name}`, cut)), ...(isDemandLost ? ["tool_choice"] : [])],
  };
}

function specOf(
  { name, description }: Tool,
  { schema, names }: { readonly schema: JsonObject; readonly names: ToolNames },
): JsonObject {
  const toolSpec = {
    name: names.toWire(name),
    ...(description === undefined || description === "" ? {} : { description }),
    inputSchema: { json: schema },
  };
  return { toolSpec };
}

function choiceOf(choice: ToolChoice | undefined, names: ToolNames): JsonObject | undefined {
  switch (choice?.kind) {
    case "auto":
      return { auto: {} };
    case "required":
      return { any: {} };
    case "named": {
      const [only] = choice.names;
      return only === undefined || choice.names.length > 1 ? { any: {} } : { tool: { name: names.toWire(only) } };
    }
    default:
      return undefined;
  }
}

/**
 * Request quirks that concern thinking: an effort in OpenAI's words becomes the switch a provider has for the
 * model. A switch the client set itself stays. Each is pure and returns its input itself when it does not apply.
 */
import { asObject, asString, type JsonObject } from "../../kernel/json.ts";
import { type Edit, modelName, without } from "./edit.ts";

/** What one family of models is told; `models` is held against the model's own name. */
interface Switch {
  readonly models: RegExp;
  readonly fields: (isThinking: boolean) => JsonObject;
}

function effortOf(body: JsonObject): string | undefined {
  return asString(body.reasoning_effort);
}

/** The body with the switch of its model under what the client said itself. Objects are merged one level deep. */
function withSwitch(body: JsonObject, fields: JsonObject): JsonObject {
  const edited: Record<string, JsonObject[string]> = { ...body };
  for (const [name, value] of Object.entries(fields)) {
    const [ours, given] = [asObject(value), asObject(body[name])];
    if (ours !== undefined && given !== undefined) edited[name] = { ...ours, ...given };
    else edited[name] = body[name] ?? value;
  }
  return edited;
}

/** An effort of `none` is off, every other is on. */
function switched(body: JsonObject, table: readonly Switch[]): JsonObject | undefined {
  const effort = effortOf(body);
  const found = table.find(({ models }) => models.test(modelName(body)));
  if (effort === undefined || found === undefined) return undefined;
  return withSwitch(without(body, ["reasoning_effort"]), found.fields(effort !== "none"));
}

/**
 * NVIDIA hosts each model with its own chat template, and the name of the switch is the template's.
 * Models that are not here (gpt-oss and others) know efforts.
 */
const NIM: readonly Switch[] = [
  { models: /^(?:deepseek-|kimi-k2\.)/, fields: (thinking) => ({ chat_template_kwargs: { thinking } }) },
  {
    models: /^(?:qwen3|glm-?[4-9]|nemotron-3)/,
    fields: (isThinking) => ({ chat_template_kwargs: { enable_thinking: isThinking } }),
  },
];

const IFLOW: readonly Switch[] = [
  {
    models: /^glm-/,
    fields: (isThinking) => ({
      chat_template_kwargs: isThinking ? { enable_thinking: true, clear_thinking: false } : { enable_thinking: false },
    }),
  },
  {
    models: /^(?:deepseek-v3\.[12]|qwen3-max-preview)$/,
    fields: (isThinking) => ({ chat_template_kwargs: { enable_thinking: isThinking } }),
  },
  { models: /^minimax-/, fields: (isThinking) => ({ reasoning_split: isThinking }) },
];

function effortAsEnableThinking(body: JsonObject): JsonObject {
  const effort = effortOf(body);
  if (effort === undefined) return body;
  return withSwitch(without(body, ["reasoning_effort"]), { enable_thinking: effort !== "none" });
}

/** Alibaba's open-weight hybrid Qwen3 models think by default, and think only on a stream. */
function qwen3ThinkingNeedsStream(body: JsonObject): JsonObject {
  if (body.stream === true || !/^qwen3-[\d.]+b(?:-a[\d.]+b)?$/.test(modelName(body))) return body;
  return body.enable_thinking === false ? body : { ...body, enable_thinking: false };
}

/** The thinking quirks that have a name alone. */
export const THINKING_QUIRKS = {
  nim_thinking: (body) => switched(body, NIM) ?? body,
  /** Models without a switch take no effort either. */
  iflow_thinking: (body) => switched(body, IFLOW) ?? without(body, ["reasoning_effort"]),
  effort_as_enable_thinking: effortAsEnableThinking,
  qwen3_thinking_needs_stream: qwen3ThinkingNeedsStream,
} as const satisfies Record<string, Edit>;

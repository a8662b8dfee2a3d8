/** Tools and their choice as Anthropic takes them. */
import type { ChatRequest, Tool } from "../../canonical/chat.ts";
import { asObject, type JsonObject } from "../../kernel/json.ts";
import type { NameRule, ToolNames } from "../tool_names.ts";
import { cacheField } from "./parts.ts";

/** Names as Anthropic takes them; older models take no longer ones. */
export const ANTHROPIC_NAMES: NameRule = { clean: (name) => name.replace(/[^A-Za-z0-9_-]/g, "_"), maxLength: 64 };

/** `tools` and `tool_choice`. `forced`: whether a call may be demanded. */
export function toolFields(
  request: Pick<ChatRequest, "tools" | "toolChoice" | "callsOneByOne">,
  { names, forced }: { readonly names: ToolNames; readonly forced: "allowed" | "refused" },
): JsonObject {
  const { tools, toolChoice, callsOneByOne } = request;
  const named = toolChoice?.kind === "named" ? toolChoice.names : [];
  const offered = named.length > 1 ? tools.filter(({ name }) => named.includes(name)) : tools;
  if (offered.length === 0) return {};
  const choice = choiceOf(request, { names, forced });
  const isOneByOne = callsOneByOne === true && choice?.type !== "none";
  const chosen = isOneByOne ? { type: "auto", ...choice, disable_parallel_tool_use: true } : choice;
  return { tools: offered.map((tool) => toolShape(tool, names)), ...(chosen === undefined ? {} : { tool_choice: chosen }) };
}

function choiceOf(
  { toolChoice }: Pick<ChatRequest, "toolChoice">,
  { names, forced }: { readonly names: ToolNames; readonly forced: "allowed" | "refused" },
): JsonObject | undefined {
  switch (toolChoice?.kind) {
    case undefined:
      return undefined;
    case "auto":
    case "none":
      return { type: toolChoice.kind };
    case "required":
      return { type: forced === "allowed" ? "any" : "auto" };
    case "named": {
      const [only] = toolChoice.names;
      if (forced === "refused") return { type: "auto" };
      return only === undefined || toolChoice.names.length > 1 ? { type: "any" } : { type: "tool", name: names.toWire(only) };
    }
  }
}

function toolShape({ name, description, parameters, isStrict, cache }: Tool, names: ToolNames): JsonObject {
  return {
    name: names.toWire(name),
    ...(description === undefined ? {} : { description }),
    input_schema: inputSchema(parameters ?? {}),
    ...(isStrict === true ? { strict: true } : {}),
    ...cacheField(cache),
  };
}

/** The top of a schema must be a plain object: alternatives are put into one object that allows each. */
export function inputSchema(schema: JsonObject): JsonObject {
  const { anyOf, oneOf, allOf, ...rest } = schema;
  const parts = [anyOf, oneOf, allOf].flatMap((list) => Array.isArray(list) ? list.map((item) => asObject(item) ?? {}) : []);
  const properties = parts.reduce<JsonObject>((all, part) => ({ ...all, ...asObject(part.properties) }), {});
  return { ...rest, type: "object", properties: { ...properties, ...asObject(schema.properties) } };
}

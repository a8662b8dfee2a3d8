/** Tools and their choice as Anthropic takes them. */
import type { ChatRequest, Tool } from "../../canonical/chat.ts";
import type { JsonObject } from "../../kernel/json.ts";
import { objectSchema } from "../object_schema.ts";
import { type CutSchema, lossesOf } from "../schema_cut.ts";
import type { NameRule, ToolNames } from "../tool_names.ts";
import { cacheField } from "./parts.ts";
import { strictSchema } from "./schema.ts";

/** Names as Anthropic takes them; older models take no longer ones. */
export const ANTHROPIC_NAMES: NameRule = { clean: (name) => name.replace(/[^A-Za-z0-9_-]/g, "_"), maxLength: 64 };

/** `tools` and `tool_choice`. `forced`: whether a call may be demanded. */
export function toolFields(
  request: Pick<ChatRequest, "tools" | "toolChoice" | "callsOneByOne">,
  { names, forced }: { readonly names: ToolNames; readonly forced: "allowed" | "refused" },
): { readonly fields: JsonObject; readonly lossy: readonly string[] } {
  const { tools, toolChoice, callsOneByOne } = request;
  const named = toolChoice?.kind === "named" ? toolChoice.names : [];
  const offered = named.length > 1 ? tools.filter(({ name }) => named.includes(name)) : tools;
  if (offered.length === 0) return { fields: {}, lossy: [] };
  const written = offered.map((tool) => ({ tool, input: inputSchema(tool) }));
  const choice = choiceOf(request, { names, forced });
  const isDemand = toolChoice?.kind === "required" || toolChoice?.kind === "named";
  const isOneByOne = callsOneByOne === true && choice?.type !== "none";
  const chosen = isOneByOne ? { type: "auto", ...choice, disable_parallel_tool_use: true } : choice;
  return {
    fields: {
      tools: written.map(({ tool, input }) => toolShape(tool, { input, names })),
      ...(chosen === undefined ? {} : { tool_choice: chosen }),
    },
    lossy: [
      ...written.flatMap(({ tool, input }) => lossesOf(`tools.${tool.name}`, input)),
      ...(isDemand && forced === "refused" ? ["tool_choice"] : []),
    ],
  };
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

function toolShape(
  { name, description, isStrict, cache }: Tool,
  { input, names }: { readonly input: CutSchema; readonly names: ToolNames },
): JsonObject {
  return {
    name: names.toWire(name),
    ...(description === undefined ? {} : { description }),
    input_schema: input.schema,
    ...(isStrict === true ? { strict: true } : {}),
    ...cacheField(cache),
  };
}

/** A strict tool's schema is held to by a grammar, which takes less. */
function inputSchema({ parameters = {}, isStrict }: Tool): CutSchema {
  const top = objectSchema(parameters);
  if (isStrict !== true) return top;
  const strict = strictSchema(top.schema);
  return { schema: strict.schema, dropped: [...new Set([...top.dropped, ...strict.dropped])] };
}

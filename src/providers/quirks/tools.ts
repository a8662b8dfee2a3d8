/**
 * Request quirks that concern tools: what their schemas may hold, and what stands in when there are none.
 * Each is pure and returns its input itself when it does not apply.
 */
import type { JsonObject } from "../../kernel/json.ts";
import { type Edit, editField, editList, editValues, without } from "./edit.ts";

/** Places of a JSON Schema that hold one schema, several, or schemas by name. `items` may be one or, in older drafts, several. */
const SCHEMA_FIELDS = [
  "items",
  "additionalItems",
  "unevaluatedItems",
  "unevaluatedProperties",
  "propertyNames",
  "contentSchema",
  "not",
  "if",
  "then",
  "else",
  "contains",
];
const SCHEMA_LISTS = ["items", "anyOf", "oneOf", "allOf", "prefixItems"];
const SCHEMA_MAPS = ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];

/** Goes only where schemas are: a property that happens to be named `strict` stays, and so does whatever an example holds. */
function leanSchema(schema: JsonObject): JsonObject {
  let lean = without(schema, ["additionalProperties", "strict"]);
  for (const field of SCHEMA_FIELDS) lean = editField(lean, field, leanSchema);
  for (const field of SCHEMA_LISTS) lean = editList(lean, field, leanSchema);
  for (const field of SCHEMA_MAPS) lean = editField(lean, field, (named) => editValues(named, leanSchema));
  return lean;
}

function leanTool(tool: JsonObject): JsonObject {
  return editField(
    without(tool, ["strict"]),
    "function",
    (definition) => editField(without(definition, ["strict"]), "parameters", leanSchema),
  );
}

function isEmptyList(body: JsonObject): boolean {
  return Array.isArray(body.tools) && body.tools.length === 0;
}

function noEmptyTools(body: JsonObject): JsonObject {
  return isEmptyList(body) ? without(body, ["tools", "tool_choice"]) : body;
}

/** Name of the tool that stands in for none. Calls of it are taken out of answers by `hide_placeholder_tool`. */
export const PLACEHOLDER_TOOL = "do_not_call_me";

const PLACEHOLDER: JsonObject = {
  type: "function",
  function: {
    name: PLACEHOLDER_TOOL,
    description: "Does nothing. It must never be called.",
    parameters: { type: "object", properties: {} },
  },
};

/** A choice that was made for no tools at all (`required`, a name) would now force the placeholder. */
function withPlaceholder(body: JsonObject): JsonObject {
  const choice = body.tool_choice;
  const kept = choice === undefined || choice === "auto" || choice === "none" ? body : without(body, ["tool_choice"]);
  return { ...kept, tools: [PLACEHOLDER] };
}

function placeholderToolWhenNone(body: JsonObject): JsonObject {
  const hasNone = body.tools === undefined || body.tools === null || isEmptyList(body);
  return hasNone && Array.isArray(body.messages) ? withPlaceholder(body) : body;
}

/** The tool quirks that have a name alone. */
export const TOOL_QUIRKS = {
  /** `strict` and `additionalProperties` in tool definitions are refused, however deep. */
  lean_tool_schemas: (body) => editList(body, "tools", leanTool),
  /** `tools: []` is refused. */
  no_empty_tools: noEmptyTools,
  /** Without any tool the model writes its own tool syntax into the text: one that is not to be called stands in. */
  placeholder_tool_when_none: placeholderToolWhenNone,
  /** `tools: []` upsets streams: one tool that is not to be called stands in. */
  placeholder_tool_for_empty_list: (body) => isEmptyList(body) ? withPlaceholder(body) : body,
} as const satisfies Record<string, Edit>;

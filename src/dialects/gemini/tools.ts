/** Tools as Gemini declares them: functions of the client, and those that run at the provider, each an object of its own. */
import type { ChatRequest, Tool } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Extensions } from "../extensions.ts";
import { type CutSchema, lossesOf } from "../schema_cut.ts";
import type { NameRule, ToolNames } from "../tool_names.ts";
import { toGeminiSchema } from "./schema.ts";
import type { ModelTraits } from "./traits.ts";

/** Function names as Gemini takes them. */
export const GEMINI_NAMES: NameRule = {
  clean(name) {
    const clean = name.replace(/[^A-Za-z0-9_.:-]/g, "_");
    return /^[A-Za-z_]/.test(clean) ? clean : `_${clean}`;
  },
  maxLength: 64,
};

/** Names that clients use for Gemini's own tools. */
const BUILT_IN: readonly (readonly [name: RegExp, field: string])[] = [
  [/^(web_search|google_?search)/i, "googleSearch"],
  [/^(code_?execution|code_interpreter)/i, "codeExecution"],
  [/^url_?context/i, "urlContext"],
];

export interface ToolPlan {
  readonly fields: JsonObject;
  readonly lossy: readonly string[];
}

/** `tools` and `toolConfig` of a request. */
export function planTools(
  request: Pick<ChatRequest, "tools" | "toolChoice">,
  { names, extensions, schemas }: { readonly names: ToolNames; readonly extensions: Extensions; readonly schemas: ModelTraits["schemas"] },
): ToolPlan {
  const cuts = request.tools.map((tool) => schemas === "json" ? undefined : toGeminiSchema(tool.parameters ?? {}));
  const declarations = request.tools.map((tool, index) => declarationOf(tool, { names, cut: cuts[index] }));
  const hosted = readHosted(extensions);
  const tools = [
    ...(declarations.length === 0 ? [] : [{ functionDeclarations: declarations }]),
    ...[...hosted.fields].map(([field, options]) => ({ [field]: options })),
  ];
  return {
    fields: {
      ...(tools.length === 0 ? {} : { tools }),
      ...(declarations.length === 0 ? {} : configOf(request, names)),
    },
    lossy: [...request.tools.flatMap(({ name }, index) => lossesOf(`tools.${name}`, cuts[index] ?? NOTHING_CUT)), ...hosted.lossy],
  };
}

const NOTHING_CUT: CutSchema = { schema: {}, dropped: [] };

function declarationOf(
  { name, description, parameters }: Tool,
  { names, cut }: { readonly names: ToolNames; readonly cut: CutSchema | undefined },
): JsonObject {
  const whole = parameters === undefined ? { type: "object", properties: {} } : parameterSchema(parameters);
  return {
    name: names.toWire(name),
    ...(description === undefined ? {} : { description }),
    ...(cut === undefined ? { parametersJsonSchema: whole } : { parameters: cut.schema }),
  };
}

/** The schema as it is, but for what is no part of one; arguments are always an object. */
function parameterSchema(schema: JsonObject): JsonObject {
  const { strict: _strict, ...rest } = withoutDialect(schema);
  const saysWhat = ["type", "$ref", "anyOf", "oneOf", "allOf"].some((key) => rest[key] !== undefined);
  return saysWhat ? rest : { type: "object", properties: {}, ...rest };
}

/** A schema without the name of the dialect it is written in, which strict parsers refuse. */
export function withoutDialect(schema: JsonObject): JsonObject {
  const { $schema: _dialect, ...rest } = schema;
  return rest;
}

function configOf({ toolChoice }: Pick<ChatRequest, "toolChoice">, names: ToolNames): JsonObject {
  switch (toolChoice?.kind) {
    case undefined:
      return {};
    case "auto":
      return { toolConfig: { functionCallingConfig: { mode: "AUTO" } } };
    case "none":
      return { toolConfig: { functionCallingConfig: { mode: "NONE" } } };
    case "required":
      return { toolConfig: { functionCallingConfig: { mode: "ANY" } } };
    case "named": {
      const allowedFunctionNames = toolChoice.names.map((name) => names.toWire(name));
      return { toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames } } };
    }
  }
}

/** Gemini's own tools that were asked for, by field, each once. */
function readHosted(extensions: Extensions): { readonly fields: ReadonlyMap<string, JsonObject>; readonly lossy: readonly string[] } {
  const fields = new Map<string, JsonObject>();
  const lossy: string[] = [];
  for (const tool of asArray(extensions.take("tools")).filter(isObject)) {
    const type = asString(tool.type);
    const named = type === undefined ? Object.keys(tool).find((key) => builtIn(key) !== undefined) : type;
    const field = named === undefined ? undefined : builtIn(named);
    if (field === undefined) lossy.push(`tools[${type ?? "untyped"}]`);
    else fields.set(field, type === undefined ? asObject(tool[named ?? ""]) ?? {} : {});
  }
  if (extensions.has("web_search_options")) {
    extensions.take("web_search_options");
    fields.set("googleSearch", {});
  }
  for (const name of ["google_search", "code_execution", "url_context"]) {
    const given = extensions.take(name);
    const field = builtIn(name);
    if (field !== undefined && (given === true || isObject(given))) fields.set(field, asObject(given) ?? {});
  }
  return { fields, lossy };
}

function builtIn(name: string): string | undefined {
  return BUILT_IN.find(([pattern]) => pattern.test(name))?.[1];
}

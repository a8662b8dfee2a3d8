/**
 * What the simulated model refuses although every field is known: settings that contradict each other or the
 * model, and tools it cannot take.
 */
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../../src/kernel/json.ts";
import type { FieldMistake } from "./strict_fields.ts";
import type { GoogleModel } from "./models.ts";

const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;
const BUILT_IN_TOOLS = ["googleSearch", "codeExecution", "urlContext"];

/** The first contradiction in a request (with camelCase names) for `model`; undefined when there is none. */
export function settingMistakeIn(request: JsonObject, model: GoogleModel): FieldMistake | undefined {
  return thinkingMistake(request, model) ?? toolMistake(request, model) ?? toolChoiceMistake(request);
}

function thinkingMistake(request: JsonObject, model: GoogleModel): FieldMistake | undefined {
  const config = asObject(asObject(request.generationConfig)?.thinkingConfig);
  if (config === undefined) return undefined;
  const field = "request.generation_config.thinking_config";
  const { thinkingBudget, thinkingLevel } = config;
  if (thinkingBudget !== undefined && thinkingLevel !== undefined) {
    return { message: "You can only set only one of thinking budget and thinking level.", field };
  }
  const { thinking } = model;
  if (thinking.kind === "none") return { message: "Thinking is not enabled for this model.", field };
  if (thinkingLevel !== undefined) {
    if (thinking.kind === "budget") return { message: "Thinking level is not supported for this model.", field };
    const level = asString(thinkingLevel)?.toLowerCase() ?? "";
    if (thinking.kind === "level" && !thinking.levels.includes(level)) {
      return { message: `Thinking level ${String(thinkingLevel).toUpperCase()} is not supported for this model.`, field };
    }
  }
  const budget = asNumber(Number(thinkingBudget ?? -1)) ?? -1;
  if (thinking.kind !== "budget" || budget === -1) return undefined;
  if (budget === 0) {
    return thinking.isOffAllowed ? undefined : { message: "Budget 0 is invalid. This model only works in thinking mode.", field };
  }
  if (budget >= thinking.min && budget <= thinking.max) return undefined;
  const message = `The thinking budget ${budget} is invalid. Please choose a value between ${thinking.min} and ${thinking.max}.`;
  return { message, field };
}

function toolMistake(request: JsonObject, model: GoogleModel): FieldMistake | undefined {
  const tools = asArray(request.tools).filter(isObject);
  const declarations = declarationsIn(request);
  const hasBuiltIn = tools.some((tool) => BUILT_IN_TOOLS.some((name) => name in tool));
  if (hasBuiltIn && declarations.length > 0 && model.family === "gemini-2") {
    return { message: "Tool use with function calling is unsupported", field: "request.tools" };
  }
  const names = new Set<string>();
  for (const [index, declaration] of declarations.entries()) {
    const field = `request.tools[0].function_declarations[${index}]`;
    const name = asString(declaration.name) ?? "";
    if (!FUNCTION_NAME.test(name)) {
      const rule =
        "Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.";
      return { message: `Invalid function name. ${rule}`, field: `${field}.name` };
    }
    if (names.has(name)) return { message: `Duplicate function declaration found: ${name}`, field };
    names.add(name);
    if (declaration.parameters !== undefined && declaration.parametersJsonSchema !== undefined) {
      return { message: "Only one of parameters and parameters_json_schema may be set.", field };
    }
    const mistake = requiredMistake(asObject(declaration.parameters), `${field}.parameters`);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

/** A schema may only require what it describes, at every depth. */
function requiredMistake(schema: JsonObject | undefined, field: string): FieldMistake | undefined {
  if (schema === undefined) return undefined;
  const properties = asObject(schema.properties) ?? {};
  const missing = asArray(schema.required).findIndex((name) => typeof name === "string" && !Object.hasOwn(properties, name));
  if (missing >= 0) return { message: `${field}.required[${missing}]: property is not defined`, field };
  for (const [name, inner] of Object.entries(properties)) {
    const mistake = requiredMistake(asObject(inner), `${field}.properties[${name}]`);
    if (mistake !== undefined) return mistake;
  }
  const isArray = asString(schema.type)?.toUpperCase() === "ARRAY";
  if (isArray && schema.items === undefined) return { message: `${field}.items: missing field.`, field };
  return requiredMistake(asObject(schema.items), `${field}.items`);
}

function toolChoiceMistake(request: JsonObject): FieldMistake | undefined {
  const config = asObject(asObject(request.toolConfig)?.functionCallingConfig);
  const allowed = asArray(config?.allowedFunctionNames);
  if (allowed.length === 0) return undefined;
  const field = "request.tool_config.function_calling_config";
  if (config?.mode !== "ANY" && config?.mode !== "VALIDATED") {
    return { message: "Function calling config is set without function calling mode ANY.", field };
  }
  const known = declarationsIn(request).map(({ name }) => name);
  const foreign = allowed.find((name) => !known.includes(name));
  return foreign === undefined ? undefined : { message: `allowed_function_names: ${JSON.stringify(foreign)} is not declared.`, field };
}

/** Every function declaration of a request, in order. */
export function declarationsIn(request: JsonObject): readonly JsonObject[] {
  return asArray(request.tools).filter(isObject).flatMap((tool) => asArray(tool.functionDeclarations).filter(isObject));
}

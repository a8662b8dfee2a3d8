/** Tools of a request and which of them may be called. Tools that run at the provider stand apart, as the client wrote them. */
import type { Tool, ToolChoice } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import type { Problems } from "../problems.ts";
import { field } from "./fields.ts";
import { plainSchema } from "./schema.ts";

export interface ToolSet {
  readonly tools: readonly Tool[];
  readonly choice?: ToolChoice;
  readonly hosted: readonly JsonObject[];
}

/** Everything about tools. */
export function readTools(body: JsonObject, problems: Problems): ToolSet {
  const tools: Tool[] = [];
  const hosted: JsonObject[] = [];
  const given = field(body, "tools");
  for (const [index, item] of (Array.isArray(given) ? given : given === undefined ? [] : [given]).entries()) {
    const path = `tools[${index}]`;
    if (!isObject(item)) {
      problems.note(path, "an object is expected");
      continue;
    }
    const { functionDeclarations: _camel, function_declarations: _snake, ...rest } = item;
    if (Object.keys(rest).length > 0) hosted.push(rest);
    for (const [position, declared] of asArray(field(item, "functionDeclarations")).entries()) {
      const tool = readTool(declared, { path: `${path}.functionDeclarations[${position}]`, problems });
      if (tool !== undefined) tools.push(tool);
    }
  }
  const choice = readChoice(asObject(field(asObject(field(body, "toolConfig")), "functionCallingConfig")), problems);
  return { tools, hosted, ...(choice === undefined ? {} : { choice }) };
}

function readTool(declared: Json, { path, problems }: { readonly path: string; readonly problems: Problems }): Tool | undefined {
  if (!isObject(declared)) return problems.note(path, "an object is expected");
  const name = asString(declared.name) ?? "";
  if (name === "") return problems.note(`${path}.name`, "the name of a function is expected");
  const schema = field(declared, "parametersJsonSchema") ?? field(declared, "parameters");
  if (schema !== undefined && !isObject(schema)) return problems.note(`${path}.parameters`, "a schema is expected");
  const description = asString(declared.description) ?? "";
  return {
    name,
    ...(description === "" ? {} : { description }),
    ...(schema === undefined ? {} : { parameters: plainSchema(schema) }),
  };
}

function readChoice(config: JsonObject | undefined, problems: Problems): ToolChoice | undefined {
  const mode = asString(config?.mode)?.toUpperCase();
  const names = asArray(field(config, "allowedFunctionNames")).flatMap((name) => asString(name) ?? []);
  switch (mode) {
    case undefined:
    case "MODE_UNSPECIFIED":
      return undefined;
    case "AUTO":
    case "VALIDATED":
      return { kind: "auto" };
    case "NONE":
      return { kind: "none" };
    case "ANY":
      return names.length === 0 ? { kind: "required" } : { kind: "named", names };
    default:
      return problems.note("toolConfig.functionCallingConfig.mode", "AUTO, ANY, NONE or VALIDATED is expected");
  }
}

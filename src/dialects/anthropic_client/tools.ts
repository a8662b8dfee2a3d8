/** Tools of a request and which of them may be called. A tool with a `type` of its own runs at the provider and stands apart. */
import type { CacheMark, Tool, ToolChoice } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Problems } from "../problems.ts";

export interface ToolSet {
  readonly tools: readonly Tool[];
  readonly choice?: ToolChoice;
  readonly callsOneByOne: boolean;
  /** Tools that run at the provider, as the client wrote them. */
  readonly hosted: readonly JsonObject[];
}

/** Everything about tools. */
export function readTools(body: JsonObject, problems: Problems): ToolSet {
  const tools: Tool[] = [];
  const hosted: JsonObject[] = [];
  for (const [index, item] of asArray(body.tools).entries()) {
    const path = `tools[${index}]`;
    if (!isObject(item)) problems.note(path, "an object is expected");
    else if (item.type !== undefined && item.type !== null && item.type !== "custom" && item.input_schema === undefined) hosted.push(item);
    else {
      const tool = readTool(item, { path, problems });
      if (tool !== undefined) tools.push(tool);
    }
  }
  const choice = readChoice(body, { tools, hosted, problems });
  const callsOneByOne = asObject(body.tool_choice)?.disable_parallel_tool_use === true;
  return { tools, hosted, callsOneByOne, ...(choice === undefined ? {} : { choice }) };
}

function readTool(item: JsonObject, { path, problems }: { readonly path: string; readonly problems: Problems }): Tool | undefined {
  const name = asString(item.name) ?? "";
  if (name === "") return problems.note(`${path}.name`, "the name of a tool is expected");
  if (!isObject(item.input_schema)) return problems.note(`${path}.input_schema`, "a JSON schema is expected");
  const description = asString(item.description) ?? "";
  const mark = asObject(item.cache_control);
  const cache: CacheMark = mark?.ttl === "1h" ? "1h" : "5m";
  return {
    name,
    ...(description === "" ? {} : { description }),
    parameters: item.input_schema,
    ...(typeof item.strict === "boolean" ? { isStrict: item.strict } : {}),
    ...(mark === undefined ? {} : { cache }),
  };
}

function readChoice(
  body: JsonObject,
  { tools, hosted, problems }: { readonly tools: readonly Tool[]; readonly hosted: readonly JsonObject[]; readonly problems: Problems },
): ToolChoice | undefined {
  if ((body.tool_choice ?? undefined) === undefined) return undefined;
  const choice = asObject(body.tool_choice);
  switch (choice?.type) {
    case "auto":
    case "none":
      return { kind: choice.type };
    case "any":
      return { kind: "required" };
    case "tool": {
      const name = asString(choice.name) ?? "";
      // A tool that runs at the provider cannot be demanded elsewhere.
      if (hosted.some((tool) => tool.name === name)) return { kind: "auto" };
      if (tools.some((tool) => tool.name === name)) return { kind: "named", names: [name] };
      return problems.note("tool_choice.name", `"${name.slice(0, 64)}" is none of the tools of this request`);
    }
    default:
      return problems.note("tool_choice.type", "auto, any, tool or none is expected");
  }
}

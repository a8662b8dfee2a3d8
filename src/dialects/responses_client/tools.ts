/**
 * Tools of a request and which of them may be called. Tools of a namespace are told by their qualified names; those
 * that run at OpenAI stand apart, as the client wrote them.
 */
import type { Tool, ToolChoice } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import type { Problems } from "../problems.ts";

export interface ToolSet {
  readonly tools: readonly Tool[];
  readonly choice?: ToolChoice;
  readonly hosted: readonly JsonObject[];
  readonly dropped: readonly string[];
}

/** What the shell tool of the dialect takes. */
const SHELL_PARAMETERS: JsonObject = {
  type: "object",
  properties: {
    command: { type: "array", items: { type: "string" } },
    timeout_ms: { type: "integer" },
    working_directory: { type: "string" },
  },
  required: ["command"],
};

/** Everything about tools. */
export function readTools(body: JsonObject, problems: Problems): ToolSet {
  const reader = new ToolReader(problems);
  for (const [index, tool] of asArray(body.tools).entries()) reader.read(tool, { path: `tools[${index}]`, space: "" });
  const { hosted, dropped } = reader;
  const { choice, tools } = readChoice(body.tool_choice, { tools: reader.tools, problems });
  return { tools, hosted, dropped, ...(choice === undefined ? {} : { choice }) };
}

class ToolReader {
  readonly tools: Tool[] = [];
  readonly hosted: JsonObject[] = [];
  readonly dropped: string[] = [];
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  read(tool: Json, { path, space }: { readonly path: string; readonly space: string }): void {
    if (!isObject(tool)) return this.#problems.note(path, "an object is expected");
    switch (tool.type) {
      case "function":
        return this.#function(tool, { path, space });
      case "custom":
        return this.#custom(tool, { path, space });
      case "namespace":
        for (const [index, inner] of asArray(tool.tools).entries()) {
          this.read(inner, { path: `${path}.tools[${index}]`, space: `${asString(tool.name) ?? ""}__` });
        }
        return;
      case "local_shell":
        this.tools.push({ name: "local_shell", description: "Runs a command in the user's shell.", parameters: SHELL_PARAMETERS });
        return;
      default:
        if (typeof tool.type !== "string") return this.#problems.note(`${path}.type`, "the type of a tool is expected");
        this.hosted.push(tool);
    }
  }

  #function(tool: JsonObject, { path, space }: { readonly path: string; readonly space: string }): void {
    const name = asString(tool.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.name`, "the name of a function is expected");
    const parameters = tool.parameters ?? undefined;
    if (parameters !== undefined && !isObject(parameters)) return this.#problems.note(`${path}.parameters`, "a JSON schema is expected");
    this.tools.push({
      name: `${space}${name}`,
      ...described(tool.description),
      ...(parameters === undefined ? {} : { parameters }),
      ...(typeof tool.strict === "boolean" ? { isStrict: tool.strict } : {}),
    });
  }

  /** A tool that takes free text becomes one with a single text; its grammar is told in words. */
  #custom(tool: JsonObject, { path, space }: { readonly path: string; readonly space: string }): void {
    const name = asString(tool.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.name`, "the name of a tool is expected");
    const grammar = asString(asObject(tool.format)?.definition) ?? "";
    const words = [asString(tool.description) ?? "", grammar === "" ? "" : `The input follows this grammar:\n${grammar}`];
    if (grammar !== "") this.dropped.push(`${path}.format`);
    this.tools.push({
      name: `${space}${name}`,
      ...described(words.filter((it) => it !== "").join("\n\n")),
      parameters: { type: "object", properties: { input: { type: "string" } }, required: ["input"] },
      form: "free_text",
    });
  }
}

function described(value: Json | undefined): { description?: string } {
  return typeof value === "string" && value !== "" ? { description: value } : {};
}

function readChoice(
  value: Json | undefined,
  { tools, problems }: { readonly tools: readonly Tool[]; readonly problems: Problems },
): { readonly choice?: ToolChoice; readonly tools: readonly Tool[] } {
  if (value === undefined || value === null) return { tools };
  if (value === "auto" || value === "none" || value === "required") return { tools, choice: { kind: value } };
  const choice = asObject(value);
  switch (choice?.type) {
    case "function":
    case "custom": {
      const name = asString(choice.name) ?? "";
      if (tools.some((tool) => tool.name === name)) return { tools, choice: { kind: "named", names: [name] } };
      problems.note("tool_choice.name", `"${name.slice(0, 64)}" is none of the tools of this request`);
      return { tools };
    }
    case "allowed_tools": {
      const names = asArray(choice.tools).flatMap((it) => asString(asObject(it)?.name) ?? []);
      if (choice.mode === "required") return { tools, choice: { kind: "named", names } };
      return { tools: tools.filter(({ name }) => names.includes(name)), choice: { kind: "auto" } };
    }
    default:
      if (typeof choice?.type === "string") return { tools, choice: { kind: "auto" } };
      problems.note("tool_choice", "none, auto, required or an object that names a tool is expected");
      return { tools };
  }
}

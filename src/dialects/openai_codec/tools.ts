/** Tools of a request and which of them may be called, in today's and the older shape. Names are unique in what is returned. */
import type { Tool, ToolChoice } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import type { Problems } from "../problems.ts";

export interface ToolSet {
  readonly tools: readonly Tool[];
  readonly choice?: ToolChoice;
  /** Tools that run at the provider, as the client wrote them. */
  readonly hosted: readonly JsonObject[];
  readonly dropped: readonly string[];
}

/** Everything about tools. */
export function readTools(body: JsonObject, problems: Problems): ToolSet {
  const read = new ToolReader(problems);
  for (const [index, tool] of asArray(body.tools).entries()) read.tool(asObject(tool), `tools[${index}]`);
  for (const [index, tool] of asArray(body.functions).entries()) {
    read.declared(asObject(tool), { path: `functions[${index}]`, form: "legacy" });
  }
  const { tools, hosted, dropped } = read;
  const asked = given(body.tool_choice);
  const legacy = given(body.function_call);
  const chosen = asked !== undefined ? readChoice(asked, problems) : legacy === undefined ? undefined : readLegacyChoice(legacy, problems);
  if (chosen === undefined) return { tools, hosted, dropped };
  const unknown = (chosen.names ?? []).find((name) => !tools.some((tool) => tool.name === name));
  if (unknown !== undefined) problems.note(chosen.path, `"${unknown.slice(0, 64)}" is none of the tools of this request`);
  const offered = chosen.kind === "auto" && chosen.names !== undefined ? tools.filter((tool) => chosen.names?.includes(tool.name)) : tools;
  return { tools: offered, choice: choiceOf(chosen), hosted, dropped };
}

class ToolReader {
  readonly tools: Tool[] = [];
  readonly hosted: JsonObject[] = [];
  readonly dropped: string[] = [];
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  tool(tool: JsonObject | undefined, path: string): void {
    if (tool === undefined) return this.#problems.note(path, "an object is expected");
    if (tool.type === "function" || (tool.type === undefined && isObject(tool.function))) {
      this.declared(asObject(tool.function), { path: `${path}.function` });
    } else if (tool.type === "custom") this.#custom(asObject(tool.custom), `${path}.custom`);
    else this.hosted.push(tool);
  }

  declared(declared: JsonObject | undefined, { path, form }: { readonly path: string; readonly form?: "legacy" }): void {
    const name = asString(declared?.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.name`, "the name of a function is expected");
    const parameters = given(declared?.parameters);
    if (parameters !== undefined && !isObject(parameters)) return this.#problems.note(`${path}.parameters`, "a JSON schema is expected");
    this.#add({
      name,
      ...description(declared),
      ...(parameters === undefined ? {} : { parameters }),
      ...(typeof declared?.strict === "boolean" ? { isStrict: declared.strict } : {}),
      ...(form === undefined ? {} : { form }),
    }, path);
  }

  /** A tool that takes free text becomes one with a single text. */
  #custom(declared: JsonObject | undefined, path: string): void {
    const name = asString(declared?.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.name`, "the name of a tool is expected");
    if (asObject(declared?.format)?.type === "grammar") this.dropped.push(`${path}.format`);
    const parameters = { type: "object", properties: { input: { type: "string" } }, required: ["input"] };
    this.#add({ name, ...description(declared), parameters, form: "free_text" }, path);
  }

  #add(tool: Tool, path: string): void {
    if (this.tools.some((other) => other.name === tool.name)) return this.#problems.note(`${path}.name`, "two tools have this name");
    this.tools.push(tool);
  }
}

function description(declared: JsonObject | undefined): { description?: string } {
  const text = asString(declared?.description) ?? "";
  return text === "" ? {} : { description: text };
}

interface Chosen {
  readonly kind: "auto" | "none" | "required";
  /** Only these; undefined: all. */
  readonly names?: readonly string[];
  readonly path: string;
}

const WANTS_CHOICE = "none, auto, required or an object that names a tool is expected";

function readChoice(value: Json, problems: Problems): Chosen | undefined {
  const path = "tool_choice";
  if (value === "auto" || value === "none" || value === "required") return { kind: value, path };
  if (value === "any") return { kind: "required", path };
  const choice = asObject(value);
  const name = asString(asObject(choice?.function)?.name) ?? asString(asObject(choice?.custom)?.name) ?? asString(choice?.name);
  if (choice?.type === "allowed_tools") return readAllowed(choice, problems);
  if (choice !== undefined && name !== undefined) {
    return { kind: "required", names: [name], path: `${path}.${asString(choice.type) ?? "function"}.name` };
  }
  // Tools that run at the provider cannot be demanded by name.
  if (typeof choice?.type === "string" && choice.type !== "function" && choice.type !== "custom") return { kind: "auto", path };
  return problems.note(path, WANTS_CHOICE);
}

function readAllowed(choice: JsonObject, problems: Problems): Chosen | undefined {
  const path = "tool_choice.allowed_tools";
  const allowed = asObject(choice.allowed_tools) ?? choice;
  const names = asArray(allowed.tools).filter(isObject).flatMap((tool) =>
    asString(asObject(tool.function ?? tool.custom)?.name ?? tool.name) ?? []
  );
  if (allowed.mode !== "auto" && allowed.mode !== "required") return problems.note(`${path}.mode`, "auto or required is expected");
  return { kind: allowed.mode, names, path: `${path}.tools` };
}

function readLegacyChoice(value: Json, problems: Problems): Chosen | undefined {
  const path = "function_call";
  if (value === "auto" || value === "none") return { kind: value, path };
  const name = asString(asObject(value)?.name);
  return name === undefined
    ? problems.note(path, "none, auto or an object with a name is expected")
    : { kind: "required", names: [name], path: `${path}.name` };
}

function choiceOf({ kind, names }: Chosen): ToolChoice {
  return kind === "required" && names !== undefined ? { kind: "named", names } : { kind };
}

function given(value: Json | undefined): Json | undefined {
  return value ?? undefined;
}

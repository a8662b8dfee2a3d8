/**
 * Input items, read into turns. Consecutive items of one side make one turn, so that thoughts, words and calls that
 * were one answer are one again. Items only OpenAI can read are named in `dropped`.
 */
import type { Part, TextPart, ToolCall, Turn } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { type Field, readContent } from "./content.ts";
import type { Problems } from "../problems.ts";

/** Items of tools that run at OpenAI, and other things nobody else can read. */
const OF_PROVIDER =
  /^(web_search_call|file_search_call|code_interpreter_call|image_generation_call|computer_call|computer_call_output|mcp_.*|compaction.*|item_reference|tool_search_.*)$/;
/** Tools that run at the client although the dialect has a shape of its own for them. */
const LOCAL_CALLS: ReadonlyMap<string, string> = new Map([
  ["local_shell_call", "action"],
  ["shell_call", "action"],
  ["apply_patch_call", "operation"],
]);

export class ItemReader {
  readonly system: TextPart[] = [];
  readonly turns: Turn[] = [];
  readonly dropped: string[] = [];
  readonly #problems: Problems;
  readonly #names = new Map<string, string>();

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** `input`: text, or a list of items. */
  input(value: Json | undefined): void {
    if (typeof value === "string") return this.#say("user", value === "" ? [] : [{ kind: "text", text: value }]);
    if (value === undefined || value === null) return;
    if (!Array.isArray(value)) return this.#problems.note("input", "text or a list of items is expected");
    for (const [index, item] of value.entries()) {
      if (isObject(item)) this.#item(item, `input[${index}]`);
      else this.#problems.note(`input[${index}]`, "an object is expected");
    }
  }

  #item(item: JsonObject, path: string): void {
    const type = asString(item.type) ?? "message";
    switch (type) {
      case "message":
        return this.#message(item, path);
      case "reasoning":
        return this.#say("assistant", thoughtsOf(item));
      case "function_call":
        return this.#call(item, { path, text: argumentsOf(item.arguments) });
      case "custom_tool_call":
        return this.#call(item, { path, text: JSON.stringify({ input: asString(item.input) ?? "" }) });
      case "function_call_output":
      case "custom_tool_call_output":
      case "local_shell_call_output":
      case "shell_call_output":
      case "apply_patch_call_output":
        return this.#result(item, path);
      default:
        return this.#other(item, { type, path });
    }
  }

  #other(item: JsonObject, { type, path }: { readonly type: string; readonly path: string }): void {
    const field = LOCAL_CALLS.get(type);
    if (field !== undefined) {
      const name = type.replace(/_call$/, "");
      return this.#call({ ...item, name }, { path, text: JSON.stringify(item[field] ?? {}) });
    }
    if (OF_PROVIDER.test(type)) this.dropped.push(`${path}.${type}`);
    else this.#problems.note(`${path}.type`, `"${type.slice(0, 64)}" items are not known`);
  }

  #message(item: JsonObject, path: string): void {
    const at: Field = { value: item.content, path: `${path}.content`, problems: this.#problems };
    const parts = readContent(at);
    switch (item.role) {
      case "system":
      case "developer":
        this.system.push(...parts.filter((part) => part.kind === "text"));
        return;
      case "user":
      case "assistant":
        return this.#say(item.role, parts);
      default:
        return this.#problems.note(`${path}.role`, "user, assistant, system or developer is expected");
    }
  }

  #call(item: JsonObject, { path, text }: { readonly path: string; readonly text: string }): void {
    const id = asString(item.call_id) ?? asString(item.id) ?? "";
    const bare = asString(item.name) ?? "";
    if (id === "") return this.#problems.note(`${path}.call_id`, "the id of the call is expected");
    if (bare === "") return this.#problems.note(`${path}.name`, "the name of a tool is expected");
    const space = asString(item.namespace) ?? "";
    const call: ToolCall = { kind: "tool_call", id, name: space === "" ? bare : `${space}__${bare}`, arguments: text };
    this.#names.set(id, call.name);
    this.#say("assistant", [call]);
  }

  #result(item: JsonObject, path: string): void {
    const callId = asString(item.call_id) ?? asString(item.id) ?? "";
    if (callId === "") return this.#problems.note(`${path}.call_id`, "the id of the call that is answered is expected");
    const name = this.#names.get(callId);
    const content = this.#output(item.output, `${path}.output`);
    this.#say("user", [{ kind: "tool_result", callId, ...(name === undefined ? {} : { name }), content }]);
  }

  /** Text, a list of parts, or anything else as JSON text. */
  #output(value: Json | undefined, path: string): readonly Part[] {
    if (value === undefined || value === null) return [];
    const isParts = Array.isArray(value) && value.every((it) => isObject(it) && typeof it.type === "string");
    if (typeof value === "string" || isParts) return readContent({ value, path, problems: this.#problems });
    return [{ kind: "text", text: JSON.stringify(value) }];
  }

  #say(role: Turn["role"], parts: readonly Part[]): void {
    if (parts.length === 0) return;
    const last = this.turns.at(-1);
    if (last?.role !== role) this.turns.push({ role, parts });
    else this.turns[this.turns.length - 1] = { role, parts: [...last.parts, ...parts] };
  }
}

function argumentsOf(value: Json | undefined): string {
  if (typeof value === "string") return value === "" ? "{}" : value;
  return isObject(value) ? JSON.stringify(value) : "{}";
}

/** What was thought, as text or summary; the encrypted form goes along. */
function thoughtsOf(item: JsonObject): readonly Part[] {
  const texts = (field: string) => asArray(item[field]).map((it) => asString(asObject(it)?.text) ?? "").filter((text) => text !== "");
  const said = texts("content");
  const text = (said.length > 0 ? said : texts("summary")).join("\n");
  const encrypted = asString(item.encrypted_content) ?? "";
  return text === "" && encrypted === "" ? [] : [{ kind: "reasoning", text, ...(encrypted === "" ? {} : { encrypted }) }];
}

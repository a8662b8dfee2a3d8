/**
 * Contents and their parts, read into turns. Calls may come without ids: then each gets one made of its place, and a
 * result belongs to the first call of its name that has none yet.
 */
import type { Blob, Part, TextPart, ToolCall, Turn } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { cleanBase64 } from "../media.ts";
import type { Problems } from "../problems.ts";
import { field } from "./fields.ts";

export class ContentReader {
  readonly turns: Turn[] = [];
  readonly dropped: string[] = [];
  readonly #problems: Problems;
  /** Calls without a result, in their order. */
  readonly #open: ToolCall[] = [];

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** The system instruction: a content, or text as some clients write it. */
  system(value: Json | undefined): readonly TextPart[] {
    if (value === undefined) return [];
    if (typeof value === "string") return value === "" ? [] : [{ kind: "text", text: value }];
    const path = "systemInstruction";
    const parts = Array.isArray(value) ? value : isObject(value) ? asArray(value.parts) : undefined;
    if (parts === undefined) return this.#problems.note(path, "a content is expected") ?? [];
    return parts.flatMap((part, index) => {
      const text = typeof part === "string" ? part : asString(asObject(part)?.text);
      if (text !== undefined) return [{ kind: "text" as const, text }];
      return this.#problems.note(`${path}.parts[${index}].text`, "text is expected") ?? [];
    });
  }

  content(content: Json, path: string): void {
    if (!isObject(content)) return this.#problems.note(path, "an object with parts is expected");
    const role = content.role ?? "user";
    if (role !== "user" && role !== "model" && role !== "function" && role !== "tool") {
      return this.#problems.note(`${path}.role`, "user or model is expected");
    }
    if (!Array.isArray(content.parts)) return this.#problems.note(`${path}.parts`, "a list of parts is expected");
    const parts = content.parts.flatMap((part, index) => this.#part(part, `${path}.parts[${index}]`));
    this.turns.push({ role: role === "model" ? "assistant" : "user", parts });
  }

  #part(part: Json, path: string): readonly Part[] {
    if (!isObject(part)) return this.#problems.note(path, "an object is expected") ?? [];
    const signature = asString(field(part, "thoughtSignature")) ?? "";
    const signed = signature === "" ? {} : { signature };
    if (typeof part.text === "string") return [{ kind: part.thought === true ? "reasoning" : "text", text: part.text, ...signed }];
    const call = asObject(field(part, "functionCall"));
    if (call !== undefined) return this.#call(call, { path: `${path}.functionCall`, signature });
    const response = asObject(field(part, "functionResponse"));
    if (response !== undefined) return this.#response(response, `${path}.functionResponse`);
    const inline = asObject(field(part, "inlineData"));
    if (inline !== undefined) return this.#inline(inline, `${path}.inlineData`);
    const file = asObject(field(part, "fileData"));
    if (file !== undefined) return this.#file(file, `${path}.fileData`);
    const code = asObject(field(part, "executableCode"));
    if (code !== undefined) return [{ kind: "text", text: fenced(asString(code.code) ?? "", asString(code.language) ?? "") }];
    const outcome = asObject(field(part, "codeExecutionResult"));
    if (outcome !== undefined) return [{ kind: "text", text: fenced(asString(outcome.output) ?? "", "") }];
    if (signature !== "") return [{ kind: "text", text: "", signature }];
    return this.#problems.note(path, "text, inlineData, fileData, functionCall or functionResponse is expected") ?? [];
  }

  #call(call: JsonObject, { path, signature }: { readonly path: string; readonly signature: string }): readonly Part[] {
    const name = asString(call.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.name`, "the name of a function is expected") ?? [];
    const given = asString(call.id) ?? "";
    const id = given === "" ? `call_${path.replace(/\D+/g, "_").replace(/^_|_$/g, "")}` : given;
    const read: ToolCall = {
      kind: "tool_call",
      id,
      name,
      arguments: JSON.stringify(asObject(call.args) ?? {}),
      ...(signature === "" ? {} : { signature }),
    };
    this.#open.push(read);
    return [read];
  }

  #response(response: JsonObject, path: string): readonly Part[] {
    const name = asString(response.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.name`, "the name of the function is expected") ?? [];
    const id = asString(response.id) ?? "";
    const at = this.#open.findIndex((call) => id === "" ? call.name === name : call.id === id);
    const [call] = at < 0 ? [] : this.#open.splice(at, 1);
    const said = asObject(response.response) ?? {};
    const isError = said.error !== undefined && Object.keys(said).length === 1;
    const media = asArray(response.parts).flatMap((part, index) => this.#part(part, `${path}.parts[${index}]`));
    return [{
      kind: "tool_result",
      callId: call?.id ?? (id === "" ? `${name}_unasked` : id),
      name,
      content: [{ kind: "text", text: textOf(isError ? said.error : onlyResult(said)) }, ...media],
      ...(isError ? { isError: true as const } : {}),
    }];
  }

  #inline(inline: JsonObject, path: string): readonly Part[] {
    const mimeType = asString(field(inline, "mimeType")) ?? "";
    const data = cleanBase64(asString(inline.data) ?? "");
    if (mimeType === "") return this.#problems.note(`${path}.mimeType`, "a media type is expected") ?? [];
    if (data === undefined) return this.#problems.note(`${path}.data`, "base64 is expected") ?? [];
    const name = asString(field(inline, "displayName"));
    return [mediaPart({ kind: "inline", mimeType, data }, { mimeType, name })];
  }

  #file(file: JsonObject, path: string): readonly Part[] {
    const url = asString(field(file, "fileUri")) ?? "";
    if (url === "") return this.#problems.note(`${path}.fileUri`, "a URI is expected") ?? [];
    const mimeType = asString(field(file, "mimeType")) ?? "";
    const source: Blob = { kind: "url", url, ...(mimeType === "" ? {} : { mimeType }), field: `${path}.fileUri` };
    return [mediaPart(source, { mimeType, name: undefined })];
  }
}

function mediaPart(source: Blob, { mimeType, name }: { readonly mimeType: string; readonly name: string | undefined }): Part {
  if (mimeType.startsWith("image/")) return { kind: "image", source };
  if (mimeType.startsWith("audio/")) return { kind: "audio", source };
  if (mimeType.startsWith("video/")) return { kind: "video", source };
  return { kind: "file", source, ...(name === undefined ? {} : { name }) };
}

/** What stands alone under a name that only wraps it. */
function onlyResult(said: JsonObject): Json {
  const [only] = Object.entries(said);
  const isWrapped = only !== undefined && Object.keys(said).length === 1 && (only[0] === "result" || only[0] === "output");
  return isWrapped ? only[1] ?? "" : said;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

function fenced(text: string, language: string): string {
  return `\`\`\`${language.toLowerCase()}\n${text}\n\`\`\``;
}

/**
 * Messages and their content blocks, read into turns. Blocks that only their provider can read (calls of its own
 * tools and what they found) are named in `dropped`; a block of unknown type is a problem that names the type.
 */
import type { Blob, CacheMark, Part, TextPart, Turn } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { cleanBase64 } from "../media.ts";
import type { Problems } from "../problems.ts";
import { UNSIGNED } from "./signature.ts";

/** Blocks of tools that run at the provider. */
const OF_PROVIDER = /^(server_tool_use|mcp_tool_use|mcp_tool_result|container_upload|compaction|.+_tool_result)$/;
/** A line that names the client for billing; it changes with every request and would defeat every cache. */
const BILLING_LINE = /^x-anthropic-billing-header:/i;

export class BlockReader {
  readonly turns: Turn[] = [];
  /** What messages with the role of the system say. */
  readonly saidBySystem: TextPart[] = [];
  readonly dropped: string[] = [];
  readonly #problems: Problems;
  /** Names of tools by the ids of their calls. */
  readonly #names = new Map<string, string>();

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** The top-level `system`: text or text blocks. */
  system(value: Json | undefined): readonly TextPart[] {
    if (value === undefined || value === null) return [];
    return this.#content(value, "system").flatMap((part) => {
      if (part.kind !== "text") return [];
      return BILLING_LINE.test(part.text) ? [] : [part];
    });
  }

  message(message: Json, path: string): void {
    if (!isObject(message)) return this.#problems.note(path, "an object is expected");
    const { role } = message;
    const parts = this.#content(message.content, `${path}.content`);
    if (role === "user" || role === "assistant") this.turns.push({ role, parts });
    else if (role === "system") this.saidBySystem.push(...parts.filter((part) => part.kind === "text"));
    else this.#problems.note(`${path}.role`, "user or assistant is expected");
  }

  #content(value: Json | undefined, path: string): readonly Part[] {
    if (typeof value === "string") return value === "" ? [] : [{ kind: "text", text: value }];
    if (!Array.isArray(value)) return this.#problems.note(path, "text or a list of content blocks is expected") ?? [];
    return asArray(value).flatMap((block, index): readonly Part[] => {
      const at = `${path}[${index}]`;
      if (typeof block === "string") return [{ kind: "text", text: block }];
      if (!isObject(block)) return this.#problems.note(at, "a content block is expected") ?? [];
      return this.#block(block, at);
    });
  }

  #block(block: JsonObject, path: string): readonly Part[] {
    switch (block.type) {
      case "text":
        return this.#text(block, path);
      case "image":
        return this.#image(block, path);
      case "document":
        return this.#document(block, path);
      case "tool_use":
        return this.#toolUse(block, path);
      case "tool_result":
        return this.#toolResult(block, path);
      case "thinking":
        return thought(block);
      case "redacted_thinking":
        return [{ kind: "reasoning", text: "", encrypted: asString(block.data) ?? "" }];
      case "search_result":
        return [{ kind: "text", text: foundText(block) }];
      default:
        return this.#other(block, path);
    }
  }

  #other({ type }: JsonObject, path: string): readonly Part[] {
    const name = asString(type) ?? "";
    if (OF_PROVIDER.test(name)) this.dropped.push(`${path}.${name}`);
    else this.#problems.note(`${path}.type`, name === "" ? "a content block has a type" : `"${name.slice(0, 64)}" blocks are not known`);
    return [];
  }

  #text(block: JsonObject, path: string): readonly Part[] {
    if (typeof block.text !== "string") return this.#problems.note(`${path}.text`, "text is expected") ?? [];
    return [{ kind: "text", text: block.text, ...marked(block) }];
  }

  #image(block: JsonObject, path: string): readonly Part[] {
    const source = this.#source(block.source, { path: `${path}.source`, fallbackType: "image/png" });
    return source === undefined ? [] : [{ kind: "image", source, ...marked(block) }];
  }

  /** A document may be bytes, an address, plain text, or blocks of its own. */
  #document(block: JsonObject, path: string): readonly Part[] {
    const given = asObject(block.source);
    const name = asString(block.title) ?? undefined;
    if (given?.type === "content") return this.#content(given.content, `${path}.source.content`);
    if (given?.type === "text") return [{ kind: "text", text: titled(name, asString(given.data) ?? ""), ...marked(block) }];
    const source = this.#source(given, { path: `${path}.source`, fallbackType: "application/pdf" });
    return source === undefined ? [] : [{ kind: "file", source, ...(name === undefined ? {} : { name }), ...marked(block) }];
  }

  #source(
    value: Json | undefined,
    { path, fallbackType }: { readonly path: string; readonly fallbackType: string },
  ): Blob | undefined {
    const source = asObject(value);
    if (source?.type === "url") {
      const url = asString(source.url);
      if (url === undefined || url === "") return this.#problems.note(`${path}.url`, "a URL is expected");
      return { kind: "url", url, field: `${path}.url` };
    }
    if (source?.type === "base64") {
      const data = cleanBase64(asString(source.data) ?? "");
      if (data === undefined) return this.#problems.note(`${path}.data`, "base64 is expected");
      return { kind: "inline", mimeType: asString(source.media_type) ?? fallbackType, data };
    }
    if (source?.type === "file") return this.#problems.note(`${path}.file_id`, "files kept at a provider cannot be read by another");
    return this.#problems.note(`${path}.type`, "base64 or url is expected");
  }

  #toolUse(block: JsonObject, path: string): readonly Part[] {
    const id = asString(block.id) ?? "";
    const name = asString(block.name) ?? "";
    if (id === "") return this.#problems.note(`${path}.id`, "the id of the call is expected") ?? [];
    if (name === "") return this.#problems.note(`${path}.name`, "the name of a tool is expected") ?? [];
    this.#names.set(id, name);
    return [{ kind: "tool_call", id, name, arguments: JSON.stringify(asObject(block.input) ?? {}), ...marked(block) }];
  }

  #toolResult(block: JsonObject, path: string): readonly Part[] {
    const callId = asString(block.tool_use_id) ?? "";
    if (callId === "") return this.#problems.note(`${path}.tool_use_id`, "the id of the call that is answered is expected") ?? [];
    const content = (block.content ?? undefined) === undefined ? [] : this.#content(block.content, `${path}.content`);
    const name = this.#names.get(callId);
    return [{
      kind: "tool_result",
      callId,
      ...(name === undefined ? {} : { name }),
      content,
      ...(block.is_error === true ? { isError: true as const } : {}),
      ...marked(block),
    }];
  }
}

function thought(block: JsonObject): readonly Part[] {
  const text = asString(block.thinking) ?? "";
  const signature = asString(block.signature) ?? "";
  const isSigned = signature !== "" && signature !== UNSIGNED;
  return text === "" && !isSigned ? [] : [{ kind: "reasoning", text, ...(isSigned ? { signature } : {}) }];
}

function foundText(block: JsonObject): string {
  const texts = asArray(block.content).filter(isObject).map((it) => asString(it.text) ?? "");
  return [asString(block.title), asString(block.source), ...texts].filter(Boolean).join("\n");
}

function titled(title: string | undefined, text: string): string {
  return title === undefined ? text : `${title}:\n${text}`;
}

function marked(block: JsonObject): { cache?: CacheMark } {
  const mark = asObject(block.cache_control);
  return mark?.type === "ephemeral" ? { cache: mark.ttl === "1h" ? "1h" : "5m" } : {};
}

/**
 * A conversation as Converse takes it: begins with the user, roles alternate, and every call is answered first thing in
 * the next turn. Thoughts go along only with a signature of Bedrock's own.
 */
import type { Blob, CacheMark, ChatRequest, Part } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import { asArray, isObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { Recall } from "../codec.ts";
import { NO_RESULT, orphanText, type Step, stepsOf, type ToolResult } from "../history.ts";
import { invalidField } from "../problems.ts";
import type { ToolNames } from "../tool_names.ts";

export interface History {
  readonly messages: readonly JsonObject[];
  readonly hasToolBlocks: boolean;
  /** A tool loop is under way whose thoughts are gone: the model must not think in this call. */
  readonly lacksThoughts: boolean;
  readonly failed: Failure | undefined;
}

interface Message {
  readonly role: "user" | "assistant";
  readonly content: JsonObject[];
}

const GO_ON: JsonObject = { text: "Continue." };
/** Marks what Bedrock's models signed. */
export const FAMILY = "bedrock";

/** The messages of a request. */
export function writeHistory(
  { turns }: Pick<ChatRequest, "turns">,
  { names, recall }: { readonly names: ToolNames; readonly recall: Recall },
): History {
  const writer = new HistoryWriter(names, recall);
  for (const step of stepsOf(turns)) writer.write(step);
  const { messages } = writer;
  if (messages[0]?.role !== "user") messages.unshift({ role: "user", content: [GO_ON] });
  if (messages.at(-1)?.role === "assistant") messages.push({ role: "user", content: [GO_ON] });
  const lastWords = messages.findLastIndex(({ role, content }) =>
    role === "user" && content.some((block) => block.toolResult === undefined)
  );
  return {
    messages: messages.map((message) => ({ ...message })),
    hasToolBlocks: messages.some(({ content }) => content.some((block) => block.toolUse !== undefined)),
    lacksThoughts: messages.some(({ role, content }, index) =>
      index > lastWords && role === "assistant" && content.some((block) => block.toolUse !== undefined) &&
      content[0]?.reasoningContent === undefined
    ),
    failed: writer.failed,
  };
}

/** Marks the end of what shall be cached. */
export function cachePoint(mark: CacheMark | undefined): readonly JsonObject[] {
  return mark === undefined ? [] : [{ cachePoint: { type: "default" } }];
}

class HistoryWriter {
  readonly messages: Message[] = [];
  failed: Failure | undefined;
  readonly #names: ToolNames;
  readonly #recall: Recall;
  #documentCount = 0;

  constructor(names: ToolNames, recall: Recall) {
    this.#names = names;
    this.#recall = recall;
  }

  write(step: Step): void {
    if (step.role === "user") return this.#say("user", step.parts.flatMap((part) => this.#user(part)));
    const blocks = step.parts.flatMap((part) => this.#assistant(part));
    const first = step.calls[0]?.call.id;
    const isThought = blocks.some((block) => block.reasoningContent !== undefined);
    this.#say("assistant", isThought || first === undefined ? blocks : [...this.#thoughtsBefore(first), ...blocks]);
    this.#say("user", step.calls.map(({ call, result }) => this.#result(wireId(call.id), result)));
  }

  #say(role: Message["role"], content: readonly JsonObject[]): void {
    if (content.length === 0) return;
    const last = this.messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else this.messages.push({ role, content: [...content] });
  }

  #user(part: Part): readonly JsonObject[] {
    switch (part.kind) {
      case "text":
        return part.text === "" ? [] : [{ text: part.text }, ...cachePoint(part.cache)];
      case "refusal":
        return part.text === "" ? [] : [{ text: part.text }];
      case "image":
        return [...this.#media(part.source, "image"), ...cachePoint(part.cache)];
      case "video":
        return this.#media(part.source, "video");
      case "file":
        return [...this.#document(part.source, part.name), ...cachePoint(part.cache)];
      case "audio":
        return this.#refuse(part.source, "this provider takes no audio");
      case "tool_result":
        return [{ text: orphanText(part) }];
      case "reasoning":
      case "tool_call":
        return [];
    }
  }

  #media(source: Blob, kind: "image" | "video"): readonly JsonObject[] {
    if (source.kind === "url") {
      if (!source.url.startsWith("s3://")) return this.#refuse(source, "this provider does not fetch URLs: a data URL is expected");
      return [{ [kind]: { format: formatOf(source.mimeType ?? ""), source: { s3Location: { uri: source.url } } } }];
    }
    return [{ [kind]: { format: formatOf(source.mimeType), source: { bytes: source.data } } }];
  }

  #document(source: Blob, name: string | undefined): readonly JsonObject[] {
    if (source.kind === "url") return this.#refuse(source, "this provider does not fetch URLs: a data URL is expected");
    const clean = (name ?? "").replace(/\.[a-z0-9]+$/i, "").replace(/[^A-Za-z0-9 ()[\]-]/g, " ").replace(/ {2,}/g, " ").trim().slice(
      0,
      180,
    );
    const unique = `${clean === "" ? "document" : clean} ${++this.#documentCount}`;
    const format = DOCUMENT_FORMATS.get(source.mimeType);
    if (format === undefined) return this.#refuse(source, `documents of the type ${source.mimeType} are not taken by this provider`);
    return [{ document: { format, name: unique, source: { bytes: source.data } } }];
  }

  #refuse(source: Blob, wanted: string): readonly JsonObject[] {
    this.failed ??= invalidField(source.kind === "url" ? source.field ?? "messages" : "messages", wanted);
    return [];
  }

  #assistant(part: Part): readonly JsonObject[] {
    switch (part.kind) {
      case "text":
      case "refusal":
        return part.text.trim() === "" ? [] : [{ text: part.text }];
      case "reasoning": {
        const { text, signature } = part;
        if (signature === undefined || this.#recall.recall(proofKey(signature)) !== FAMILY) return [];
        return [{ reasoningContent: { reasoningText: { text, signature } } }];
      }
      case "tool_call": {
        const input = parseJson(part.arguments);
        return [{ toolUse: { toolUseId: wireId(part.id), name: this.#names.toWire(part.name), input: isObject(input) ? input : {} } }];
      }
      default:
        return [];
    }
  }

  #thoughtsBefore(callId: string): readonly JsonObject[] {
    return asArray(parseJson(this.#recall.recall(`bedrock thoughts ${callId}`) ?? "")).filter(isObject);
  }

  #result(toolUseId: string, result: ToolResult | undefined): JsonObject {
    if (result === undefined) return { toolResult: { toolUseId, content: [{ text: NO_RESULT }], status: "error" } };
    const content = result.content.flatMap((part) => this.#user(part));
    return {
      toolResult: {
        toolUseId,
        content: content.length === 0 ? [{ text: "(empty)" }] : content,
        ...(result.isError === true ? { status: "error" } : {}),
      },
    };
  }
}

/** Under this key it is remembered who signed a thought. */
export function proofKey(signature: string): string {
  return `text ${signature.slice(-64)}`;
}

function wireId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64);
}

/** `image/jpeg` → `jpeg` */
function formatOf(mimeType: string): string {
  const name = mimeType.replace(/^.*\//, "");
  return name === "jpg" ? "jpeg" : name === "quicktime" ? "mov" : name;
}

const DOCUMENT_FORMATS: ReadonlyMap<string, string> = new Map([
  ["application/pdf", "pdf"],
  ["text/plain", "txt"],
  ["text/markdown", "md"],
  ["text/csv", "csv"],
  ["text/html", "html"],
  ["application/json", "txt"],
  ["application/msword", "doc"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
  ["application/vnd.ms-excel", "xls"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
]);

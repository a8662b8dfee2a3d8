/**
 * Parts of the canonical form as parts of Gemini's. An empty part without a signature becomes nothing; what
 * cannot be sent is a failure that names the client's field.
 */
import type { Blob, Part } from "../../canonical/chat.ts";
import { fileType } from "../../canonical/file_type.ts";
import { assertNever, type Failure, failure } from "../../kernel/failure.ts";
import { isObject, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { CallMemory } from "./memory.ts";
import { NO_RESULT, orphanText, textOfResult, type ToolResult } from "../history.ts";
import type { ToolNames } from "../tool_names.ts";

/** What parts are written with. Holds the first failure, so that writing can go on. */
export interface PartContext {
  readonly names: ToolNames;
  readonly memory: CallMemory;
  failed: Failure | undefined;
}

/** One part of a turn; tool results are written by {@link responseParts}. */
export function writePart(part: Exclude<Part, ToolResult>, context: PartContext): readonly JsonObject[] {
  const { names, memory } = context;
  switch (part.kind) {
    case "text": {
      const signature = memory.textSignature(part.signature);
      return part.text === "" && signature === undefined ? [] : [{ text: part.text, ...signed(signature) }];
    }
    case "refusal":
      return part.text === "" ? [] : [{ text: part.text }];
    case "reasoning": {
      const signature = memory.textSignature(part.signature);
      return signature === undefined ? [] : [{ text: part.text, thought: true, thoughtSignature: signature }];
    }
    case "image":
    case "audio":
    case "video":
    case "file":
      return blobPart(part.source, context);
    case "tool_call": {
      const id = memory.idOf(part);
      const functionCall = { ...(id === undefined ? {} : { id }), name: names.toWire(part.name), args: argsOf(part.arguments) };
      return [{ functionCall, ...signed(memory.signatureOf(part)) }];
    }
    default:
      return assertNever(part);
  }
}

function signed(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { thoughtSignature: signature };
}

function argsOf(text: string): JsonObject {
  const parsed = parseJson(text);
  if (parsed === undefined) return text.trim() === "" ? {} : { _raw: text };
  return isObject(parsed) ? parsed : { value: parsed };
}

/** Places the provider reads by itself; it fetches nothing else. */
const READABLE_URL = /^gs:\/\/|^https:\/\/((www\.|m\.)?youtube\.com|youtu\.be|generativelanguage\.googleapis\.com)\//i;

function blobPart(source: Blob, context: PartContext): readonly JsonObject[] {
  if (source.kind === "inline") return [{ inlineData: { mimeType: source.mimeType, data: source.data } }];
  if (READABLE_URL.test(source.url)) {
    const mimeType = source.mimeType ?? fileType(source.url.replace(/[?#].*$/, ""));
    return [{ fileData: { ...(mimeType === undefined ? {} : { mimeType }), fileUri: source.url } }];
  }
  context.failed ??= unreadable(source.field);
  return [];
}

function unreadable(field: string | undefined): Failure {
  const subject = field === undefined ? "A file" : `Invalid request field "${field}"`;
  return failure({
    scope: "request",
    kind: "invalid_request",
    status: 400,
    message: `${subject}: this provider does not fetch URLs; a data URL is expected`,
    ...(field === undefined ? {} : { param: field }),
    code: "invalid_request",
  });
}

/** A call, and what its tool answered, if anything did. */
export interface AnsweredCall {
  readonly id: string | undefined;
  readonly name: string;
  readonly result: ToolResult | undefined;
}

/**
 * The responses to all calls of one turn, in their order, then what could not stand inside them. `media`: where
 * pictures of results go.
 */
export function responseParts(
  calls: readonly AnsweredCall[],
  { context, media }: { readonly context: PartContext; readonly media: "inside" | "after" },
): readonly JsonObject[] {
  const after: JsonObject[] = [];
  const responses = calls.map(({ id, name, result }) => {
    const shown = result === undefined ? [] : resultMedia(result, context);
    if (media === "after") after.push(...shown);
    const functionResponse = {
      ...(id === undefined ? {} : { id }),
      name: context.names.toWire(name),
      response: result === undefined ? { error: NO_RESULT } : responseOf(result),
      ...(media === "inside" && shown.length > 0 ? { parts: shown } : {}),
    };
    return { functionResponse };
  });
  return [...responses, ...after];
}

/** A result whose call is not in the conversation, as words of the user. */
export function orphanParts(result: ToolResult, context: PartContext): readonly JsonObject[] {
  return [{ text: orphanText(result) }, ...resultMedia(result, context)];
}

function resultMedia({ content }: ToolResult, context: PartContext): readonly JsonObject[] {
  return content.flatMap((part) => {
    switch (part.kind) {
      case "image":
      case "audio":
      case "video":
      case "file":
        return blobPart(part.source, context);
      default:
        return [];
    }
  });
}

function responseOf(result: ToolResult): JsonObject {
  const text = textOfResult(result);
  if (result.isError === true) return { error: text };
  const parsed = parseJson(text);
  if (isObject(parsed)) return parsed;
  return { result: parsed === undefined || !isExact(parsed, text) ? text : parsed };
}

/** Numbers longer than what JSON numbers hold would come out as others. */
function isExact(parsed: Json, text: string): boolean {
  return typeof parsed !== "number" || String(parsed) === text.trim();
}

/** Parts of the canonical form as Anthropic's content blocks. What cannot be sent is a failure that names the client's field. */
import { Buffer } from "node:buffer";
import type { Blob, CacheMark, Part } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import type { JsonObject } from "../../kernel/json.ts";
import { NO_RESULT, orphanText, type ToolResult } from "../history.ts";
import { invalidField } from "../problems.ts";

/** Holds the first failure, so that writing can go on. */
export interface PartContext {
  failed: Failure | undefined;
}

/** `cache_control` of a block that ends what shall be cached. */
export function cacheField(mark: CacheMark | undefined): JsonObject {
  if (mark === undefined) return {};
  return { cache_control: mark === "1h" ? { type: "ephemeral", ttl: "1h" } : { type: "ephemeral" } };
}

/** A part of a user's turn or of a tool's result; empty text becomes nothing, because it is refused. */
export function userBlocks(part: Part, context: PartContext): readonly JsonObject[] {
  switch (part.kind) {
    case "text":
      return part.text === "" ? [] : [{ type: "text", text: part.text, ...cacheField(part.cache) }];
    case "refusal":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "image":
      return imageBlock(part.source, { context, cache: part.cache });
    case "file":
      return documentBlock(part, context);
    case "tool_result":
      return [{ type: "text", text: orphanText(part) }, ...part.content.flatMap((it) => it.kind === "text" ? [] : userBlocks(it, context))];
    case "audio":
    case "video":
      return refuse(part.source, { context, wanted: `this provider takes no ${part.kind}` });
    case "reasoning":
    case "tool_call":
      return [];
  }
}

const IMAGE_TYPES: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

function imageBlock(
  source: Blob,
  { context, cache }: { readonly context: PartContext; readonly cache: CacheMark | undefined },
): readonly JsonObject[] {
  if (source.kind === "inline" && !IMAGE_TYPES.has(imageType(source.mimeType))) {
    return refuse(source, { context, wanted: `pictures must be jpeg, png, gif or webp, not ${source.mimeType}` });
  }
  const given = source.kind === "url"
    ? { type: "url", url: source.url }
    : { type: "base64", media_type: imageType(source.mimeType), data: source.data };
  return [{ type: "image", source: given, ...cacheField(cache) }];
}

function imageType(mimeType: string): string {
  return mimeType === "image/jpg" ? "image/jpeg" : mimeType;
}

function documentBlock({ source, name, cache }: Extract<Part, { readonly kind: "file" }>, context: PartContext): readonly JsonObject[] {
  const more = { ...(name === undefined ? {} : { title: name }), ...cacheField(cache) };
  if (source.kind === "url") return [{ type: "document", source: { type: "url", url: source.url }, ...more }];
  const { mimeType, data } = source;
  if (mimeType === "application/pdf") return [{ type: "document", source: { type: "base64", media_type: mimeType, data }, ...more }];
  if (/^text\/|^application\/json$/.test(mimeType)) {
    const text = Buffer.from(data, "base64").toString("utf8");
    return [{ type: "document", source: { type: "text", media_type: "text/plain", data: text }, ...more }];
  }
  return refuse(source, { context, wanted: `documents must be PDF or text, not ${mimeType}` });
}

function refuse(source: Blob, { context, wanted }: { readonly context: PartContext; readonly wanted: string }): readonly JsonObject[] {
  context.failed ??= invalidField(source.kind === "url" ? source.field ?? "messages" : "messages", wanted);
  return [];
}

/** What a tool answered, or that it did not. */
export function resultBlock(id: string, result: ToolResult | undefined, context: PartContext): JsonObject {
  if (result === undefined) return { type: "tool_result", tool_use_id: id, content: NO_RESULT, is_error: true };
  const content = result.content.flatMap((part) => userBlocks(part, context));
  const [only] = content;
  const isPlain = content.length === 1 && only?.type === "text" && only.cache_control === undefined;
  return {
    type: "tool_result",
    tool_use_id: id,
    ...(content.length === 0 ? {} : { content: isPlain ? only.text ?? "" : content }),
    ...(result.isError === true ? { is_error: true } : {}),
    ...cacheField(result.cache),
  };
}

/**
 * Content of messages: text or a list of parts. A part of unknown type is a problem that names the type;
 * nothing a user said is left out in silence.
 */
import type { Blob, Part, TextPart } from "../../canonical/chat.ts";
import { fileType } from "../../canonical/file_type.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { AUDIO_FORMATS, audioType, cleanBase64, parseDataUrl } from "../media.ts";
import type { Problems } from "../problems.ts";

const WANTS_CONTENT = "text or a list of parts is expected";

/** One value of a body, where it stands, and where to tell what is wrong with it. */
export interface Field {
  readonly value: Json | undefined;
  readonly path: string;
  readonly problems: Problems;
}

/** What a user (or a tool) said. */
export function readUserContent(field: Field): readonly Part[] {
  return readContent(field, (part, at) => userPart(part, at));
}

/** Content that may only be text: of system, developer and assistant. */
export function readTextContent(field: Field): readonly Part[] {
  return readContent(field, (part, { path, problems }) => {
    const text = textOf(part);
    if (text !== undefined) return text;
    if (part.type === "refusal") return { kind: "refusal", text: asString(part.refusal) ?? "" };
    return problems.note(`${path}.type`, `${nameOf(part)} parts cannot stand here: text is expected`);
  });
}

/** The texts of text-only content. */
export function readTexts(field: Field): readonly TextPart[] {
  return readTextContent(field).flatMap((part) =>
    part.kind === "text" || part.kind === "refusal" ? [{ kind: "text" as const, text: part.text }] : []
  );
}

function readContent(
  { value, path, problems }: Field,
  read: (part: JsonObject, at: { readonly path: string; readonly problems: Problems }) => Part | undefined,
): readonly Part[] {
  if (typeof value === "string") return value === "" ? [] : [{ kind: "text", text: value }];
  if (!Array.isArray(value)) {
    problems.note(path, WANTS_CONTENT);
    return [];
  }
  return asArray(value).flatMap((item, index): Part | readonly Part[] => {
    const at = { path: `${path}[${index}]`, problems };
    if (typeof item === "string") return { kind: "text", text: item };
    if (!isObject(item)) return problems.note(at.path, "an object with a type is expected") ?? [];
    return read(item, at) ?? [];
  });
}

type At = Omit<Field, "value">;

function userPart(part: JsonObject, at: At): Part | undefined {
  const text = textOf(part);
  if (text !== undefined) return text;
  switch (part.type) {
    case "image_url":
      return imagePart(part, at);
    case "input_audio":
      return audioPart(part, at);
    case "file":
      return filePart(part, at);
    case "video_url":
      return videoPart(part, at);
    case "refusal":
      return { kind: "text", text: asString(part.refusal) ?? "" };
    default:
      return at.problems.note(
        `${at.path}.type`,
        `${nameOf(part)} parts are not known: text, image_url, input_audio, video_url or file is expected`,
      );
  }
}

function textOf(part: JsonObject): TextPart | undefined {
  const isText = part.type === "text" || part.type === "input_text" || part.type === "output_text" || part.type === undefined;
  return isText && typeof part.text === "string" ? { kind: "text", text: part.text } : undefined;
}

function nameOf(part: JsonObject): string {
  return typeof part.type === "string" ? `"${part.type.slice(0, 64)}"` : "untyped";
}

/** A picture. `image_url` may be the address itself, as some clients write it. */
export function imagePart(part: JsonObject, { path, problems }: At): Part | undefined {
  const given = asObject(part.image_url);
  const field = given === undefined ? `${path}.image_url` : `${path}.image_url.url`;
  const source = readUrl({ value: given === undefined ? part.image_url : given.url, path: field, problems }, "image/png");
  if (source === undefined) return undefined;
  const detail = given?.detail ?? part.detail;
  if (detail === undefined || detail === null) return { kind: "image", source };
  if (detail === "low" || detail === "high" || detail === "auto") return { kind: "image", source, detail };
  return problems.note(`${path}.image_url.detail`, "low, high or auto is expected");
}

function videoPart(part: JsonObject, { path, problems }: At): Part | undefined {
  const given = asObject(part.video_url);
  const field = given === undefined ? `${path}.video_url` : `${path}.video_url.url`;
  const source = readUrl({ value: given === undefined ? part.video_url : given.url, path: field, problems }, "video/mp4");
  return source === undefined ? undefined : { kind: "video", source };
}

function readUrl({ value, path, problems }: Field, fallbackType: string): Blob | undefined {
  if (typeof value !== "string" || value === "") return problems.note(path, "a URL is expected");
  if (/^data:/i.test(value)) return parseDataUrl(value, fallbackType) ?? problems.note(path, "the data URL cannot be read");
  if (/^(https?|gs):\/\//i.test(value)) return { kind: "url", url: value, field: path };
  return problems.note(path, "a data, http, https or gs URL is expected");
}

function audioPart(part: JsonObject, { path, problems }: At): Part | undefined {
  const audio = asObject(part.input_audio) ?? {};
  const encoded = asString(audio.data) ?? "";
  const isUrl = /^data:/i.test(encoded);
  const mimeType = audioType(asString(audio.format) ?? "");
  if (mimeType === undefined && !isUrl) {
    return problems.note(`${path}.input_audio.format`, `one of ${AUDIO_FORMATS.join(", ")} is expected`);
  }
  const source = isUrl ? parseDataUrl(encoded, mimeType ?? "audio/wav") : inline(cleanBase64(encoded), mimeType ?? "");
  return source === undefined ? problems.note(`${path}.input_audio.data`, "base64 is expected") : { kind: "audio", source };
}

function filePart(part: JsonObject, { path, problems }: At): Part | undefined {
  const file = asObject(part.file) ?? {};
  const encoded = asString(file.file_data);
  const name = asString(file.filename);
  if (encoded === undefined) {
    return typeof file.file_id === "string"
      ? problems.note(`${path}.file.file_id`, "files kept at a provider cannot be read here: give file_data")
      : problems.note(`${path}.file.file_data`, "a data URL or base64 is expected");
  }
  const named = name === undefined ? undefined : fileType(name);
  const unread = "application/octet-stream";
  const source = /^data:/i.test(encoded) ? parseDataUrl(encoded, named ?? unread) : inline(cleanBase64(encoded), named ?? unread);
  if (source?.kind !== "inline") return problems.note(`${path}.file.file_data`, "a data URL or base64 is expected");
  const mimeType = source.mimeType === unread ? named : source.mimeType;
  if (mimeType === undefined) {
    return problems.note(`${path}.file`, "the type is not known: give a data URL with a type, or a filename with a known extension");
  }
  return { kind: "file", source: { ...source, mimeType }, ...(name === undefined ? {} : { name }) };
}

function inline(data: string | undefined, mimeType: string): Blob | undefined {
  return data === undefined ? undefined : { kind: "inline", mimeType, data };
}

/** Content of messages and results: text or a list of parts. A part of unknown type is a problem that names the type. */
import type { Blob, Part } from "../../canonical/chat.ts";
import { fileType } from "../../canonical/file_type.ts";
import { asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { AUDIO_FORMATS, audioType, cleanBase64, parseDataUrl } from "../media.ts";
import type { Problems } from "../problems.ts";

/** One value of a body, where it stands, and where to tell what is wrong with it. */
export interface Field {
  readonly value: Json | undefined;
  readonly path: string;
  readonly problems: Problems;
}

/** The parts of a content. */
export function readContent({ value, path, problems }: Field): readonly Part[] {
  if (typeof value === "string") return value === "" ? [] : [{ kind: "text", text: value }];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return problems.note(path, "text or a list of parts is expected") ?? [];
  return value.flatMap((part, index): readonly Part[] => {
    const at = { path: `${path}[${index}]`, problems };
    const read = isObject(part) ? readPart(part, at) : problems.note(at.path, "an object with a type is expected");
    return read === undefined ? [] : [read];
  });
}

type At = Omit<Field, "value">;

function readPart(part: JsonObject, at: At): Part | undefined {
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
    case "reasoning_text":
      if (typeof part.text === "string") return { kind: "text", text: part.text };
      return at.problems.note(`${at.path}.text`, "text is expected");
    case "refusal":
      return { kind: "refusal", text: asString(part.refusal) ?? "" };
    case "input_image":
      return imagePart(part, at);
    case "input_file":
      return filePart(part, at);
    case "input_audio":
      return audioPart(part, at);
    default: {
      const name = typeof part.type === "string" ? `"${part.type.slice(0, 64)}"` : "untyped";
      return at.problems.note(
        `${at.path}.type`,
        `${name} parts are not known: input_text, input_image, input_file or input_audio is expected`,
      );
    }
  }
}

function imagePart(part: JsonObject, { path, problems }: At): Part | undefined {
  const url = asString(part.image_url) ?? asString(asObject(part.image_url)?.url);
  if (url === undefined) {
    if (typeof part.file_id !== "string") return problems.note(`${path}.image_url`, "a URL is expected");
    return problems.note(`${path}.file_id`, "files kept at a provider cannot be read here: give image_url");
  }
  const source = sourceOf({ value: url, path: `${path}.image_url`, problems }, "image/png");
  if (source === undefined) return undefined;
  const { detail } = part;
  return { kind: "image", source, ...(detail === "low" || detail === "high" || detail === "auto" ? { detail } : {}) };
}

function sourceOf({ value, path, problems }: Field, fallbackType: string): Blob | undefined {
  const url = asString(value) ?? "";
  if (/^data:/i.test(url)) return parseDataUrl(url, fallbackType) ?? problems.note(path, "the data URL cannot be read");
  if (/^(https?|gs):\/\//i.test(url)) return { kind: "url", url, field: path };
  return problems.note(path, "a data, http, https or gs URL is expected");
}

function filePart(part: JsonObject, { path, problems }: At): Part | undefined {
  const name = asString(part.filename);
  const named = name === undefined ? {} : { name };
  const url = asString(part.file_url);
  if (url !== undefined) {
    const source = sourceOf({ value: url, path: `${path}.file_url`, problems }, "application/pdf");
    return source === undefined ? undefined : { kind: "file", source, ...named };
  }
  const encoded = asString(part.file_data);
  if (encoded === undefined) {
    if (typeof part.file_id !== "string") return problems.note(`${path}.file_data`, "a data URL or base64 is expected");
    return problems.note(`${path}.file_id`, "files kept at a provider cannot be read here: give file_data");
  }
  const fallback = (name === undefined ? undefined : fileType(name)) ?? "application/pdf";
  const data = cleanBase64(encoded);
  const source = /^data:/i.test(encoded)
    ? parseDataUrl(encoded, fallback)
    : data === undefined
    ? undefined
    : { kind: "inline" as const, mimeType: fallback, data };
  return source === undefined ? problems.note(`${path}.file_data`, "a data URL or base64 is expected") : { kind: "file", source, ...named };
}

function audioPart(part: JsonObject, { path, problems }: At): Part | undefined {
  const audio = asObject(part.input_audio) ?? part;
  const mimeType = audioType(asString(audio.format) ?? "");
  const data = cleanBase64(asString(audio.data) ?? "");
  if (mimeType === undefined) return problems.note(`${path}.input_audio.format`, `one of ${AUDIO_FORMATS.join(", ")} is expected`);
  if (data === undefined) return problems.note(`${path}.input_audio.data`, "base64 is expected");
  return { kind: "audio", source: { kind: "inline", mimeType, data } };
}

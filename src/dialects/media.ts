/**
 * Pictures, sounds and documents in requests: data URLs and the types of formats and file names. What is
 * returned as inline holds clean base64 of the standard alphabet.
 */
import { Buffer } from "node:buffer";
import type { Blob } from "../canonical/chat.ts";

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes of a data URL; undefined when it is none or its base64 is broken. Percent-encoded ones are turned into base64. */
export function parseDataUrl(url: string, fallbackType: string): Blob | undefined {
  const head = DATA_URL.exec(url);
  if (head === null) return undefined;
  const [prefix, type = "", parameters = ""] = head;
  const rest = url.slice(prefix.length);
  const data = /;base64$/i.test(parameters.trim()) ? cleanBase64(rest) : plainToBase64(rest);
  if (data === undefined) return undefined;
  return { kind: "inline", mimeType: type.trim().toLowerCase() || fallbackType, data };
}

/** Base64 of the standard alphabet without line breaks; undefined when the text is no base64 or empty. */
export function cleanBase64(text: string): string | undefined {
  const data = BASE64.test(text) ? text : text.replace(/\s+|%0[ad]/gi, "").replaceAll("%3D", "=").replaceAll("-", "+").replaceAll("_", "/");
  return data !== "" && BASE64.test(data) ? data : undefined;
}

/** What a text file says, with its name in front; undefined for files of other kinds: few providers read text files. */
export function wordsOfFile(source: Blob, name: string | undefined): string | undefined {
  if (source.kind === "url" || !/^text\/|^application\/json$/.test(source.mimeType)) return undefined;
  const text = Buffer.from(source.data, "base64").toString("utf8");
  return name === undefined ? text : `${name}:\n${text}`;
}

function plainToBase64(text: string): string | undefined {
  try {
    return Buffer.from(decodeURIComponent(text), "utf8").toString("base64");
  } catch {
    return undefined;
  }
}

const AUDIO_TYPES: Readonly<Record<string, string>> = {
  wav: "audio/wav",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  flac: "audio/flac",
  aac: "audio/aac",
  m4a: "audio/mp4",
  webm: "audio/webm",
  pcm16: "audio/pcm",
  g711_ulaw: "audio/basic",
  g711_alaw: "audio/basic",
};

/** Every `format` of an `input_audio` part. */
export const AUDIO_FORMATS: readonly string[] = Object.keys(AUDIO_TYPES);

/** The type of sound in that format. */
export function audioType(format: string): string | undefined {
  return AUDIO_TYPES[format.toLowerCase()];
}

const AUDIO_ALIASES: Readonly<Record<string, string>> = { "audio/mp3": "mp3", "audio/x-wav": "wav", "audio/wave": "wav" };

/** The `format` that says a type of sound; undefined when none does. */
export function audioFormat(mimeType: string): string | undefined {
  return AUDIO_ALIASES[mimeType] ?? AUDIO_FORMATS.find((format) => AUDIO_TYPES[format] === mimeType);
}

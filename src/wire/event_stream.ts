/**
 * The framing of Amazon's event streams, as if they were server-sent events: each frame becomes one event whose data
 * names the frame's type. Format: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
 */
import { Buffer } from "node:buffer";
import { asObject, asString, type JsonObject, parseJson } from "../kernel/json.ts";
import type { Cut } from "./sse.ts";

/** Length, length of the headers, and their checksum. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const MAX_FRAME_BYTES = 8 * 1024 * 1024;
/** The only type of header value that matters here: text. */
const TEXT_VALUE = 7;
/** Bytes of the other types' values; types 6 and 7 say their own length. */
const VALUE_BYTES: readonly number[] = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];

export const EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream";

/** Cuts a stream at its frames. Its result does not depend on how the input was cut into pieces. */
export class FrameCutter {
  #pending = Buffer.alloc(0);
  #isBroken = false;

  /** Takes latin1 text, one character a byte; gives whole events as latin1 text. A broken frame is told as an error event, once. */
  push(piece: string): Cut {
    if (this.#isBroken) return { whole: "", torn: "" };
    this.#pending = Buffer.concat([this.#pending, Buffer.from(piece, "latin1")]);
    let whole = "";
    let at = 0;
    while (this.#pending.length - at >= PRELUDE_BYTES) {
      const length = this.#pending.readUInt32BE(at);
      if (length < PRELUDE_BYTES + CHECKSUM_BYTES || length > MAX_FRAME_BYTES) {
        return this.#broken(whole, "a frame has an impossible length");
      }
      if (this.#pending.length - at < length) break;
      const frame = this.#pending.subarray(at, at + length);
      if (!isSound(frame)) return this.#broken(whole, "a frame has a wrong checksum");
      whole += eventOf(frame);
      at += length;
    }
    this.#pending = this.#pending.subarray(at);
    return { whole, torn: "" };
  }

  /** What is left when the stream ends: half a frame says nothing. */
  rest(): string {
    return "";
  }

  #broken(whole: string, message: string): Cut {
    this.#isBroken = true;
    return { whole: whole + dataEvent({ type: "error", error: { type: "broken_stream", message } }), torn: "" };
  }
}

function isSound(frame: Buffer): boolean {
  const end = frame.length - CHECKSUM_BYTES;
  return crc32(frame.subarray(0, 8)) === frame.readUInt32BE(8) && crc32(frame.subarray(0, end)) === frame.readUInt32BE(end);
}

function eventOf(frame: Buffer): string {
  const headersEnd = PRELUDE_BYTES + frame.readUInt32BE(4);
  const headers = readHeaders(frame.subarray(PRELUDE_BYTES, headersEnd));
  const payload = frame.subarray(headersEnd, frame.length - CHECKSUM_BYTES).toString("utf8");
  const parsed = parseJson(payload) ?? payload;
  if (headers.get(":message-type") === "event") return dataEvent({ [headers.get(":event-type") ?? "unknown"]: parsed });
  const type = headers.get(":exception-type") ?? headers.get(":error-code") ?? "error";
  const message = asString(asObject(parsed)?.message) ?? headers.get(":error-message") ?? payload;
  return dataEvent({ type: "error", error: { type, code: type, message } });
}

function dataEvent(value: JsonObject): string {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`, "utf8").toString("latin1");
}

function readHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    const name = bytes.subarray(at + 1, nameEnd).toString("utf8");
    const type = bytes.readUInt8(nameEnd);
    const fixed = VALUE_BYTES[type] ?? 0;
    const start = fixed < 0 ? nameEnd + 3 : nameEnd + 1;
    const end = start + (fixed < 0 ? bytes.readUInt16BE(nameEnd + 1) : fixed);
    if (type === TEXT_VALUE) headers.set(name, bytes.subarray(start, end).toString("utf8"));
    at = end;
  }
  return headers;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The checksum of the format: CRC-32 as in zip files. */
export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}

/** One frame; for those who play the provider. */
export function encodeFrame(headers: Readonly<Record<string, string>>, payload: string): Uint8Array {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const text = Buffer.from(value, "utf8");
      const label = Buffer.from(name, "utf8");
      return Buffer.concat([Buffer.from([label.length]), label, Buffer.from([TEXT_VALUE, text.length >> 8, text.length & 0xff]), text]);
    }),
  );
  const body = Buffer.from(payload, "utf8");
  const frame = Buffer.alloc(PRELUDE_BYTES + head.length + body.length + CHECKSUM_BYTES);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(head.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  head.copy(frame, PRELUDE_BYTES);
  body.copy(frame, PRELUDE_BYTES + head.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, frame.length - CHECKSUM_BYTES)), frame.length - CHECKSUM_BYTES);
  return frame;
}

/**
 * What is about to be sent: status, headers and the body in pieces. Each piece is written to the socket by
 * itself; in an event stream one piece is one event until an edit cuts it otherwise.
 */
import { Buffer } from "node:buffer";
import type { Json, JsonObject } from "../../src/kernel/json.ts";

/** Header values as node takes them. */
export type ReplyHeaders = Readonly<Record<string, string>>;

/** A whole answer, ready to be cut, delayed or broken. */
export interface Reply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly pieces: readonly Uint8Array[];
  /** `events`: one piece per server-sent event; `whole`: the body at once. */
  readonly form: "events" | "whole";
}

/** Headers of an event stream. */
export const EVENT_HEADERS: ReplyHeaders = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };

/** One JSON answer. */
export function jsonReply(status: number, body: Json, headers: ReplyHeaders = {}): Reply {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    pieces: [Buffer.from(JSON.stringify(body))],
    form: "whole",
  };
}

/** An event stream with one piece per value, then `[DONE]`. */
export function eventReply(values: readonly Json[]): Reply {
  return {
    status: 200,
    headers: EVENT_HEADERS,
    pieces: [...values.map((value) => Buffer.from(dataEvent(value))), Buffer.from(DONE_EVENT)],
    form: "events",
  };
}

/** The text of one server-sent event that carries `value` as JSON. */
export function dataEvent(value: Json): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** The event that ends an OpenAI stream. */
export const DONE_EVENT = "data: [DONE]\n\n";

/** Fields of an OpenAI error object; what is left out is null on the wire. */
export interface ErrorFields {
  readonly message: string;
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
}

/** `{"error": {message, type, param, code}}`. */
export function errorBody(fields: ErrorFields): JsonObject {
  return {
    error: {
      message: fields.message,
      type: fields.type ?? "invalid_request_error",
      param: fields.param ?? null,
      code: fields.code ?? null,
    },
  };
}

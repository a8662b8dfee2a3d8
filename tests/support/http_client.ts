/**
 * A small HTTP client for tests on node:http: it shows what came over the wire, follows nothing, decodes
 * nothing, retries nothing. Connections are closed after each request unless an agent is given.
 */
import { Buffer } from "node:buffer";
import { type Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as startRequest } from "node:http";
import { createParser } from "eventsource-parser";
import { type Json, parseJson } from "../../src/kernel/json.ts";

/** A request. `body` goes out as it is. */
export interface RawRequest {
  /** Default: GET, or POST when there is a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** Aborting destroys the connection; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** An agent of the test's own, which the test destroys. */
  readonly agent?: Agent;
}

/** A request whose body is sent as JSON. */
export interface JsonRequest extends Omit<RawRequest, "body"> {
  readonly body?: unknown;
  /** Sent as `Authorization: Bearer`. */
  readonly key?: string;
}

/** A whole answer. */
export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly text: string;
  /** The parsed text, or undefined when it is not JSON. */
  readonly json: Json | undefined;
}

/** An answer whose head has arrived. Its body can be read once, in one of the three ways. */
export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The `data` of each server-sent event, `[DONE]` included. Throws when the connection breaks before the body's end. */
  events(): AsyncIterable<string>;
  /** The body's pieces as they arrive. Throws like `events`. */
  chunks(): AsyncIterable<Uint8Array>;
  /** The whole rest as text. Rejects like `events`. */
  text(): Promise<string>;
  /** Leaves: destroys the connection. Safe to call twice. */
  close(): void;
}

/** Sends JSON and reads the whole answer. */
export function requestJson(url: string, options: JsonRequest = {}): Promise<RawResponse> {
  return requestRaw(url, asRaw(options));
}

/** Sends bytes and reads the whole answer. Rejects when the connection breaks before its end. */
export async function requestRaw(url: string, options: RawRequest = {}): Promise<RawResponse> {
  const response = await send(url, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const text = body.toString();
  return { status: response.statusCode ?? 0, headers: response.headers, body, text, json: parseJson(text) };
}

/** Sends JSON and resolves when the answer's head is there. */
export async function openStream(url: string, options: JsonRequest = {}): Promise<OpenStream> {
  const response = await send(url, asRaw(options));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events: () => eventsOf(response),
    chunks: () => response,
    text: async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
    close: () => void response.destroy(),
  };
}

/** All items of an async iterable; for short streams. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function asRaw({ body, key, headers, ...rest }: JsonRequest): RawRequest {
  return {
    ...rest,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

function send(url: string, options: RawRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { body, signal } = options;
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const request = startRequest(url, {
    method: options.method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...length, ...headerValues(options.headers ?? {}) },
    agent: options.agent ?? false,
  });
  request.on("response", resolve);
  request.on("error", (error) => reject(signal?.aborted === true ? signal.reason : error));
  if (signal !== undefined) abortWith(signal, request);
  request.end(body);
  return promise;
}

function abortWith(signal: AbortSignal, request: ClientRequest): void {
  const leave = () => void request.destroy(new Error("the test left"));
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  request.on("close", () => signal.removeEventListener("abort", leave));
}

function headerValues(headers: Readonly<Record<string, string | readonly string[]>>): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]));
}

async function* eventsOf(response: IncomingMessage): AsyncIterable<string> {
  const ready: string[] = [];
  const parser = createParser({ onEvent: (event) => void ready.push(event.data) });
  const decoder = new TextDecoder();
  for await (const chunk of response) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* ready.splice(0);
  }
}

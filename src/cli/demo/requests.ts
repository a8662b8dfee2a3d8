/**
 * The client's side of the demo: real chat and streaming requests over a socket to the proxy. A request never
 * throws; what went wrong is part of its outcome.
 */
import { Buffer } from "node:buffer";
import { createParser } from "eventsource-parser";
import { type IncomingMessage, request as startRequest } from "node:http";
import type { Stopwatch } from "../../kernel/clock.ts";
import { asObject, asString, parseJson } from "../../kernel/json.ts";
import { type CallKind, DEMO_MODEL } from "./provider.ts";

/** One request of the burst. */
export interface DemoRequest {
  readonly number: number;
  readonly kind: CallKind;
  readonly requestId: string;
}

/** How it ended, as the client saw it. */
export interface RequestOutcome extends DemoRequest {
  /** HTTP status; null when no answer came at all. */
  readonly status: number | null;
  readonly durationMs: number;
  /** Why it counts as failed; undefined when it was answered in full. */
  readonly problem: string | undefined;
}

export interface SendOptions {
  /** Base URL of the proxy, with `/v1`. */
  readonly url: string;
  readonly stopwatch: Stopwatch;
  /** Aborting gives up all requests. */
  readonly signal: AbortSignal;
}

/** `count` requests, chat and stream by turns. */
export function planRequests(count: number): readonly DemoRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    kind: index % 2 === 0 ? "chat" : "stream",
    requestId: `demo-${index + 1}`,
  }));
}

/** Sends one request and reads its answer to the end. */
export async function sendRequest(request: DemoRequest, options: SendOptions): Promise<RequestOutcome> {
  const { stopwatch } = options;
  const beganMs = stopwatch();
  let status: number | null = null;
  let problem: string | undefined;
  try {
    const response = await post(request, options);
    status = response.statusCode ?? null;
    problem = readProblem({ kind: request.kind, status, text: await readText(response) });
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  return { ...request, status, durationMs: stopwatch() - beganMs, problem };
}

function post({ kind, number, requestId }: DemoRequest, { url, signal }: SendOptions): Promise<IncomingMessage> {
  const body = JSON.stringify({
    model: `demo/${DEMO_MODEL}`,
    messages: [{ role: "user", content: `Hello, this is request ${number}.` }],
    ...(kind === "stream" ? { stream: true } : {}),
  });
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), "x-request-id": requestId };
    const sent = startRequest(`${url}/chat/completions`, { method: "POST", headers, agent: false });
    const leave = () => void sent.destroy(new Error("interrupted"));
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    sent.once("close", () => signal.removeEventListener("abort", leave));
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

/** Why an answer is none; undefined when it is whole. */
export function readProblem(
  { kind, status, text }: { readonly kind: CallKind; readonly status: number | null; readonly text: string },
): string | undefined {
  if (status !== 200) return errorMessage(text) ?? "the answer has no explanation";
  if (kind === "chat") return asObject(parseJson(text))?.choices === undefined ? "the answer has no choices" : undefined;
  const events: string[] = [];
  createParser({ onEvent: ({ data }) => void events.push(data) }).feed(text);
  for (const data of events) {
    const message = errorMessage(data);
    if (message !== undefined) return message;
  }
  return events.at(-1) === "[DONE]" ? undefined : "the stream broke off";
}

function errorMessage(text: string): string | undefined {
  return asString(asObject(asObject(parseJson(text))?.error)?.message);
}

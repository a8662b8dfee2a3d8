/**
 * The simulated provider of the demo: a small OpenAI-compatible server on this machine whose four keys each
 * have a fate. It answers only on 127.0.0.1 and writes down every call it got.
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock, Stopwatch } from "../../kernel/clock.ts";
import { asArray, asObject, asString, type JsonObject, parseJson } from "../../kernel/json.ts";
import { mask } from "../../kernel/secret.ts";

/** What a key is like: it decides how each call with it ends. */
export type Fate = "stalling" | "limited" | "revoked" | "healthy";

export interface DemoKey {
  readonly fate: Fate;
  readonly key: string;
  /** The key as people may see it. */
  readonly display: string;
}

/** The keys in the order in which they are used first. They open nothing outside this process. */
export const DEMO_KEYS: readonly DemoKey[] = [
  demoKey("stalling", "demo-key-of-the-simulation-mute"),
  demoKey("limited", "demo-key-of-the-simulation-full"),
  demoKey("revoked", "demo-key-of-the-simulation-void"),
  demoKey("healthy", "demo-key-of-the-simulation-good"),
];

/** The one model there is. */
export const DEMO_MODEL = "echo";

/** The wait that the limited key asks for. */
export const LIMIT_SECONDS = 30;

const CHAT_DELAY_MS = 150;
const REFUSAL_DELAY_MS = 100;
const WORD_DELAY_MS = 20;
/** A call with the stalling key is given up after so long, so that callers with a long time-out get on as well. */
const STALL_MS = 3_000;
const MAX_ECHO_CHARS = 200;

export type CallKind = "chat" | "stream";

/** How a call ended. `silent`: the caller got nothing; `left`: the caller went away in the middle of an answer. */
export type CallOutcome = "answered" | "limited" | "rejected" | "silent" | "left";

export interface ProviderCall {
  readonly requestId: string;
  readonly kind: CallKind;
  readonly key: DemoKey;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
}

export interface DemoProvider {
  /** Base URL for clients, with `/v1`. */
  readonly url: string;
  /** The calls that ended, in the order in which they came. */
  calls(): readonly ProviderCall[];
  close(): Promise<void>;
}

export interface DemoProviderOptions {
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  readonly onArrived?: (key: DemoKey) => void;
  readonly onEnded?: (call: ProviderCall) => void;
}

/** Starts the provider on a free port. */
export function startProvider(options: DemoProviderOptions): Promise<DemoProvider> {
  const records: { ended?: ProviderCall }[] = [];
  const server = createServer((incoming, out) => {
    const record: { ended?: ProviderCall } = {};
    records.push(record);
    void answer({ incoming, out, ...options }, (call) => {
      record.ended = call;
      options.onEnded?.(call);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${port}/v1`,
        calls: () => records.flatMap(({ ended }) => ended ?? []),
        close: () => closeServer(server),
      });
    });
  });
}

function demoKey(fate: Fate, key: string): DemoKey {
  return { fate, key, display: mask(key, { head: 4, tail: 4 }) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Visit extends DemoProviderOptions {
  readonly incoming: IncomingMessage;
  readonly out: ServerResponse;
}

async function answer(visit: Visit, note: (call: ProviderCall) => void): Promise<void> {
  const { incoming, out, stopwatch } = visit;
  const bearer = incoming.headers.authorization?.replace(/^Bearer /, "");
  const key = DEMO_KEYS.find((candidate) => candidate.key === bearer);
  if (incoming.url === "/v1/models") {
    return sendJson(out, 200, { object: "list", data: [{ id: DEMO_MODEL, object: "model", owned_by: "demo" }] });
  }
  if (incoming.url !== "/v1/chat/completions") return refuse(out, 404, { message: "There is nothing here", code: "not_found" });
  if (key === undefined) return refuse(out, 401, REJECTED);
  const beganMs = stopwatch();
  visit.onArrived?.(key);
  const body = await readJson(incoming);
  const kind = body.stream === true ? "stream" : "chat";
  const requestId = String(incoming.headers["x-request-id"] ?? "");
  const outcome = await play({ ...visit, key, kind, body });
  note({ requestId, kind, key, outcome, durationMs: stopwatch() - beganMs });
}

interface Scene extends Visit {
  readonly key: DemoKey;
  readonly kind: CallKind;
  readonly body: JsonObject;
}

const REJECTED = { message: "Incorrect API key provided", type: "invalid_request_error", code: "invalid_api_key" };
const LIMITED = { message: `Rate limit reached. Please try again in ${LIMIT_SECONDS}s.`, type: "requests", code: "rate_limit_exceeded" };

/** Does to a call what the key's fate asks for. Resolves when it is over. */
async function play(scene: Scene): Promise<CallOutcome> {
  const { out, key } = scene;
  switch (key.fate) {
    case "stalling":
      if (await pause(scene, STALL_MS) === "over") refuse(out, 504, { message: "The request timed out" });
      return "silent";
    case "limited":
      if (await pause(scene, REFUSAL_DELAY_MS) === "left") return "left";
      out.setHeader("retry-after", String(LIMIT_SECONDS));
      refuse(out, 429, LIMITED);
      return "limited";
    case "revoked":
      if (await pause(scene, REFUSAL_DELAY_MS) === "left") return "left";
      refuse(out, 401, REJECTED);
      return "rejected";
    case "healthy":
      return scene.kind === "stream" ? await streamEcho(scene) : await chatEcho(scene);
  }
}

async function chatEcho(scene: Scene): Promise<CallOutcome> {
  if (await pause(scene, CHAT_DELAY_MS) === "left") return "left";
  const words = echoOf(scene.body);
  sendJson(scene.out, 200, {
    id: "chatcmpl-demo",
    object: "chat.completion",
    created: Math.floor(scene.clock.now() / 1000),
    model: DEMO_MODEL,
    choices: [{ index: 0, message: { role: "assistant", content: words.join("") }, finish_reason: "stop" }],
    usage: usageOf(words),
  });
  return "answered";
}

async function streamEcho(scene: Scene): Promise<CallOutcome> {
  const { out, body } = scene;
  const created = Math.floor(scene.clock.now() / 1000);
  const send = (choices: readonly object[], more: object = {}) => {
    const chunk = { id: "chatcmpl-demo", object: "chat.completion.chunk", created, model: DEMO_MODEL, choices, ...more };
    out.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const words = echoOf(body);
  out.writeHead(200, { "content-type": "text/event-stream" });
  send([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }]);
  for (const content of words) {
    if (await pause(scene, WORD_DELAY_MS) === "left") return "left";
    send([{ index: 0, delta: { content }, finish_reason: null }]);
  }
  send([{ index: 0, delta: {}, finish_reason: "stop" }]);
  if (asObject(body.stream_options)?.include_usage === true) send([], { usage: usageOf(words) });
  out.end("data: [DONE]\n\n");
  return "answered";
}

/** The pieces of the answer. */
function echoOf(body: JsonObject): readonly string[] {
  const last = asArray(body.messages).findLast((message) => asObject(message)?.role === "user");
  const content = asObject(last)?.content;
  const texts = typeof content === "string" ? [content] : asArray(content).flatMap((part) => asString(asObject(part)?.text) ?? []);
  const said = texts.join(" ").slice(0, MAX_ECHO_CHARS);
  return `The simulated provider heard: ${said}`.match(/\s*\S+/g) ?? [];
}

/** One word counts as one token: nobody pays for these. */
function usageOf(words: readonly string[]): object {
  return { prompt_tokens: words.length, completion_tokens: words.length, total_tokens: 2 * words.length };
}

/** Waits, or notices that the caller left. */
function pause({ out, clock }: Pick<Scene, "out" | "clock">, delayMs: number): Promise<"over" | "left"> {
  return new Promise((resolve) => {
    const onClose = () => {
      cancel();
      resolve("left");
    };
    const cancel = clock.after(delayMs, () => {
      out.off("close", onClose);
      resolve("over");
    });
    out.once("close", onClose);
  });
}

async function readJson(incoming: IncomingMessage): Promise<JsonObject> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of incoming) pieces.push(piece);
  } catch {
    return {};
  }
  return asObject(parseJson(Buffer.concat(pieces).toString("utf8"))) ?? {};
}

function refuse(out: ServerResponse, status: number, error: object): void {
  sendJson(out, status, { error });
}

function sendJson(out: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  out.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  out.end(text);
}

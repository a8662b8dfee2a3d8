/**
 * The fast local provider that benchmarks are measured against: fixed bytes, as quickly as node can write
 * them. Runs in a process of its own and prints its address.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { setImmediate } from "node:timers";

const CHUNK_COUNT = 200;
const ANSWER = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1,
  model: "bench",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello from the benchmark." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 },
});

function chunk(delta: object, finish: string | null): string {
  const body = {
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1,
    model: "bench",
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
  return `data: ${JSON.stringify(body)}\n\n`;
}

const TEXT_CHUNK = chunk({ content: " word" }, null);
const LAST_CHUNKS = `${chunk({}, "stop")}data: [DONE]\n\n`;

/** Writes chunks in steps of the event loop, as a provider that streams would. */
function stream(response: http.ServerResponse, left: number): void {
  if (left === 0) return void response.end(LAST_CHUNKS);
  response.write(TEXT_CHUNK);
  setImmediate(() => stream(response, left - 1));
}

/** Keeps a stream open until the client leaves. */
function hold(response: http.ServerResponse): void {
  response.write(TEXT_CHUNK);
}

const server = http.createServer((request, response) => {
  const pieces: Uint8Array[] = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const body = new TextDecoder().decode(pieces[0] ?? new Uint8Array());
    if (!body.includes('"stream":true')) {
      response.writeHead(200, { "content-type": "application/json", "content-length": String(ANSWER.length) });
      return void response.end(ANSWER);
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (body.includes('"hold"')) hold(response);
    else stream(response, CHUNK_COUNT);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

/**
 * Plays one step on one response. Every wait ends when the exchange is over, so nothing outlives the
 * client's connection or the simulator; a fault happens exactly at its moment, after the bytes before it.
 */
import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "../../src/kernel/clock.ts";
import { answerQuestion, type ProviderFacts } from "./answers.ts";
import { editReply } from "./pieces.ts";
import type { RequestRecord } from "./recorder.ts";
import { EVENT_HEADERS, jsonReply, type Reply } from "./reply.ts";
import type { Body, ConnectionEnd, Fault, Hold, Moment, Step } from "./step.ts";

/** A client's connection. */
export interface Connection {
  readonly socket: Socket;
  readonly index: number;
  /** Set: it breaks this way at the moment its next request arrives. */
  doom?: Fault["kind"];
}

/** One request being served. */
export interface Exchange {
  readonly record: RequestRecord;
  readonly response: ServerResponse;
  readonly connection: Connection;
  /** Aborted when the exchange is over, whoever ended it. */
  readonly over: AbortSignal;
}

/** Serves `exchange` as `step` says. Resolves when there is nothing left to do for it; never rejects. */
export async function play(step: Step, exchange: Exchange, facts: ProviderFacts): Promise<void> {
  exchange.record.step = step.name;
  if (await passes("request", step, exchange) === "over") return;
  const reply = replyOf(step, exchange.record, facts);
  if (step.framing !== "none") {
    writeHeaders(step, exchange, reply);
    if (await passes("headers", step, exchange) === "over") return;
  }
  if (await writePieces(step, exchange, reply.pieces) === "over") return;
  await endAnswer(exchange, step.connectionEnd);
}

function replyOf(step: Step, record: RequestRecord, facts: ProviderFacts): Reply {
  const body = record.isStream ? step.streamBody ?? step.body : step.body;
  const reply = editReply(bodyReply(body, record, facts), step.edits ?? []);
  return { ...reply, status: step.status ?? reply.status, headers: { ...reply.headers, ...step.headers } };
}

function bodyReply(body: Body, record: RequestRecord, facts: ProviderFacts): Reply {
  switch (body.from) {
    case "answer":
      return answerQuestion(record, facts, body.shape);
    case "json":
      return jsonReply(200, body.json);
    case "text":
      return whole(body.contentType ?? "text/plain; charset=utf-8", Buffer.from(body.text));
    case "bytes":
      return whole("application/octet-stream", body.bytes);
    case "events":
      return { status: 200, headers: EVENT_HEADERS, pieces: body.events.map((event) => Buffer.from(event)), form: "events" };
  }
}

function whole(contentType: string, bytes: Uint8Array): Reply {
  return { status: 200, headers: { "content-type": contentType }, pieces: bytes.length === 0 ? [] : [bytes], form: "whole" };
}

function writeHeaders(step: Step, exchange: Exchange, reply: Reply): void {
  const headers: Record<string, string> = { "x-request-id": `req_sim_${exchange.record.index}`, ...reply.headers };
  if (reply.form === "whole" || step.lengthErrorBytes !== undefined) {
    const length = reply.pieces.reduce((sum, piece) => sum + piece.length, 0) + (step.lengthErrorBytes ?? 0);
    if (step.fault?.kind !== "half_close" || step.lengthErrorBytes !== undefined) headers["content-length"] = String(Math.max(length, 0));
  }
  exchange.response.writeHead(reply.status, headers);
  if (happensAt(step, "headers") || reply.pieces.length === 0) exchange.response.flushHeaders();
}

async function writePieces(step: Step, exchange: Exchange, pieces: readonly Uint8Array[]): Promise<"goes_on" | "over"> {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0 && step.chunkDelayMs !== undefined) await pause(step.chunkDelayMs, exchange.over);
    await write(step, exchange, piece);
    if (exchange.over.aborted) return "over";
    exchange.record.bytesSent += piece.length;
    exchange.record.chunksSent = index + 1;
    if (await passes({ chunkCount: index + 1 }, step, exchange) === "over") return "over";
  }
  // Whatever was to happen after more pieces than there are happens at the end of them.
  return await passes({ chunkCount: Infinity }, step, exchange, pieces.length + 1);
}

/** Resolves when the socket took the bytes, or the exchange is over. */
function write(step: Step, exchange: Exchange, piece: Uint8Array): Promise<void> {
  const target = step.framing === "none" ? exchange.connection.socket : exchange.response;
  return wait(exchange.over, (done) => void target.write(piece, done));
}

async function endAnswer(exchange: Exchange, end: ConnectionEnd | undefined): Promise<void> {
  // Before the end of the answer is out: the client may use the connection again as soon as it sees it.
  if (end?.at === "next_request") exchange.connection.doom = end.kind;
  await wait(exchange.over, (done) => void exchange.response.end(done));
  if (exchange.response.writableFinished) exchange.record.end("finished");
  if (end?.at === "answer_end") breakSocket(exchange.connection.socket, end.kind);
}

/** Waits for the holds of `moment`, then lets the fault of that moment happen. */
async function passes(moment: Moment, step: Step, exchange: Exchange, fromCount?: number): Promise<"goes_on" | "over"> {
  for (const hold of (step.holds ?? []).filter((hold) => isAt(hold.at, moment, fromCount))) await held(hold, exchange.over);
  if (exchange.over.aborted) return "over";
  if (step.fault === undefined || !isAt(step.fault.at, moment, fromCount)) return "goes_on";
  strike(step.fault, exchange);
  return "over";
}

/** `fromCount`: any piece count from there on is meant. */
function isAt(at: Moment, moment: Moment, fromCount?: number): boolean {
  if (typeof at === "string" || typeof moment === "string") return at === moment;
  return fromCount === undefined ? at.chunkCount === moment.chunkCount : at.chunkCount >= fromCount;
}

function happensAt(step: Step, moment: Moment): boolean {
  return [...(step.holds ?? []), ...(step.fault === undefined ? [] : [step.fault])].some((event) => isAt(event.at, moment));
}

function held(hold: Hold, over: AbortSignal): Promise<void> {
  const { delayMs, until } = hold;
  if (delayMs !== undefined) return pause(delayMs, over);
  return wait(over, (done) => void until?.released.then(done));
}

function strike(fault: Fault, exchange: Exchange): void {
  exchange.record.end("broken_by_script");
  breakSocket(exchange.connection.socket, fault.kind);
}

/** Ends a connection from this side: with RST, or with FIN after what was written. */
export function breakSocket(socket: Socket, kind: Fault["kind"]): void {
  if (kind === "reset") socket.resetAndDestroy();
  else socket.end();
}

async function pause(delayMs: number, over: AbortSignal): Promise<void> {
  let cancel = () => {};
  await wait(over, (done) => {
    cancel = systemClock.after(delayMs, done);
  });
  cancel();
}

/** Resolves when `start`'s callback is called or the exchange is over, whichever is first. */
function wait(over: AbortSignal, start: (done: () => void) => void): Promise<void> {
  if (over.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    over.removeEventListener("abort", done);
    resolve();
  };
  over.addEventListener("abort", done);
  start(done);
  return promise;
}

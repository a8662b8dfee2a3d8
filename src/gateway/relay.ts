/**
 * From the commit point to the end: the answer goes to the client as it came. The relay owns the lease and
 * settles it once, whoever ends first: provider, client or clock.
 */
import { Buffer } from "node:buffer";
import type { Reading } from "../canonical/answer.ts";
import type { Clock } from "../kernel/clock.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";
import type { Lease } from "../pool/lease.ts";
import { passedHeaders } from "../wire/headers.ts";
import type { Committed } from "./attempt.ts";
import type { Ending, Exchange } from "./exchange.ts";
import type { Owners } from "./owners.ts";
import { earlierIdRestorer, modelRestorer } from "./model_name.ts";
import { ownHeaders } from "./reply_headers.ts";
import type { Target } from "./route.ts";
import { relayBytes } from "./byte_relay.ts";
import { StreamRelay } from "./stream_relay.ts";

export interface RelayInput {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly lease: Lease;
  readonly committed: Committed;
  readonly clock: Clock;
  readonly owners: Owners;
  /** Adds what the tokens cost, when it is known. */
  readonly priced: (target: Target, usage: Usage | undefined) => Usage | undefined;
}

/** Answers the client, settles the lease, and tells how it ended. */
export async function relay(input: RelayInput): Promise<Ending> {
  const { committed, exchange, lease, target } = input;
  const { bound } = exchange.dialect;
  if (committed.kind === "bytes") return await relayBytes({ ...input, committed });
  if (committed.kind === "answer") {
    input.owners.learn(bound?.given(committed.reading.body) ?? [], lease.credential.id);
    const usage = input.priced(target, committed.reading.usage);
    lease.settle({ kind: "ok", ...(usage === undefined ? {} : { usage }) });
    return exchange.request.isStream ? answerAsStream(input, committed, usage) : answer(input, committed, usage);
  }
  const { out } = exchange;
  out.writeHead(200, streamHeaders(input, committed));
  const ended = await new StreamRelay({
    exchange,
    target,
    held: committed.held,
    torn: committed.torn,
    feed: committed.feed,
    form: committed.form,
    hidesUsage: committed.hidesUsage,
    clock: input.clock,
    learn: (event) => input.owners.learn(bound?.given(event) ?? [], lease.credential.id),
  })
    .run();
  const usage = input.priced(target, ended.usage);
  const withUsage = usage === undefined ? {} : { usage };
  if (ended.failure === undefined) lease.settle({ kind: "ok", ...withUsage });
  else if (ended.failure.scope === "client") lease.settle({ kind: "cancelled" });
  else lease.settle({ kind: "failed", failure: ended.failure, when: "committed", ...withUsage });
  return { ...ended, ...withUsage };
}

type Answer = Extract<Committed, { kind: "answer" }>;

function answer(input: RelayInput, committed: Answer, usage: Usage | undefined): Ending {
  const { exchange, target } = input;
  const shown = exchange.dialect.present?.(committed.reading.body);
  const written = shown === undefined ? committed.text : JSON.stringify(shown);
  const text = modelRestorer(target, exchange, "utf8")?.(written) ?? written;
  exchange.out.writeHead(committed.status, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...passedHeaders(committed.headers),
    ...ownHeaders(exchange, target),
  });
  exchange.out.end(text);
  exchange.keep?.(committed.reading.body);
  return { ...ending(committed.status, committed.reading, usage), body: text };
}

/** A whole answer for a client that wanted a stream. */
function answerAsStream(input: RelayInput, committed: Answer, usage: Usage | undefined): Ending {
  const { exchange, target } = input;
  const { body } = committed.reading;
  const shown: JsonObject = { ...body, model: target.model === body.model ? exchange.request.model : body.model };
  const events = exchange.dialect.answerAsEvents(exchange.request.wantsStreamUsage ? shown : { ...shown, usage: undefined });
  const { framing } = exchange.dialect;
  exchange.out.writeHead(200, streamHeaders(input, committed));
  const restoreId = earlierIdRestorer(exchange);
  for (const [index, event] of events.entries()) {
    const text = framing.event(event, index === 0 ? "first" : "later");
    exchange.out.write(restoreId?.(text) ?? text);
  }
  exchange.keep?.(body);
  exchange.out.end(framing.end(events.length === 0 ? "first" : "later"));
  return { ...ending(200, committed.reading, usage), body: JSON.stringify(body) };
}

function streamHeaders({ exchange, target }: RelayInput, committed: Committed): Record<string, string> {
  return {
    "content-type": exchange.dialect.framing.contentType,
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    ...passedHeaders(committed.headers),
    ...ownHeaders(exchange, target),
  };
}

function ending(status: number, reading: Reading, usage: Usage | undefined): Ending {
  return {
    status,
    text: reading.text,
    reasoning: reading.reasoning,
    ...(usage === undefined ? {} : { usage }),
    ...(reading.finishReason === undefined ? {} : { finishReason: reading.finishReason }),
  };
}

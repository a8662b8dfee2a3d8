/**
 * An answer that nobody reads, on its way to the client: its bytes as they come, with back-pressure and an idle limit.
 * An answer that breaks off breaks the client's connection off, so that nobody takes a part for the whole.
 */
import type { Buffer } from "node:buffer";
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure } from "../kernel/failure.ts";
import type { Usage } from "../kernel/usage.ts";
import type { Lease } from "../pool/lease.ts";
import { passedHeaders } from "../wire/headers.ts";
import { withMarks } from "./owned_ids.ts";
import type { Committed } from "./commitment.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { RawUsage } from "./raw_usage.ts";
import { ownHeaders } from "./reply_headers.ts";
import type { Target } from "./route.ts";
import { readBody, reasonOf } from "./send.ts";

/** Longest answer whose ids are marked: lists of files and batches. */
const MAX_MARKED_BYTES = 16 * 1024 * 1024;

export interface ByteRelayInput {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly lease: Lease;
  readonly committed: Extract<Committed, { readonly kind: "bytes" }>;
  readonly clock: Clock;
  /** Adds what the tokens cost, when it is known. */
  readonly priced: (target: Target, usage: Usage | undefined) => Usage | undefined;
}

/** Answers the client, settles the lease, and tells how it ended. */
export async function relayBytes(input: ByteRelayInput): Promise<Ending> {
  const { exchange, lease, committed, target } = input;
  const type = committed.headers["content-type"] ?? "";
  const isJson = type.includes("json");
  const counter = isJson || type.includes("event-stream") ? new RawUsage() : undefined;
  const failed = exchange.request.native.raw?.isOwned === true && isJson ? await relayMarked(input) : await relayPlain(input, counter);
  const usage = failed === undefined ? input.priced(target, counter?.read()) : undefined;
  const withUsage = usage === undefined ? {} : { usage };
  if (failed === undefined) lease.settle({ kind: "ok", ...withUsage });
  else if (failed.scope === "client") lease.settle({ kind: "cancelled" });
  else lease.settle({ kind: "failed", failure: failed, when: "committed" });
  return { status: committed.status, ...withUsage, ...(failed === undefined ? {} : { failure: failed }) };
}

function headersOf({ exchange, target, committed }: ByteRelayInput): Record<string, string> {
  const type = committed.headers["content-type"];
  const disposition = committed.headers["content-disposition"];
  return {
    ...passedHeaders(committed.headers),
    ...(type === undefined ? {} : { "content-type": type }),
    ...(disposition === undefined ? {} : { "content-disposition": disposition }),
    ...ownHeaders(exchange, target),
  };
}

async function relayMarked(input: ByteRelayInput): Promise<Failure | undefined> {
  const { exchange: { out, signal }, lease, committed } = input;
  const bytes = await readBody(committed.body, MAX_MARKED_BYTES);
  if (signal.aborted) return reasonOf(signal);
  if (typeof bytes === "string") {
    out.destroy();
    return brokeOff();
  }
  const text = withMarks(bytes.toString("utf8"), lease.credential.id);
  out.writeHead(committed.status, headersOf(input));
  out.end(text);
  return undefined;
}

function relayPlain(input: ByteRelayInput, counter: RawUsage | undefined): Promise<Failure | undefined> {
  const { exchange: { out, signal, snapshot }, committed: { body, status, headers }, clock } = input;
  return new Promise((resolve) => {
    let lastAt = clock.now();
    let cancelWatch = () => {};
    const end = (failed: Failure | undefined) => {
      cancelWatch();
      signal.removeEventListener("abort", onGone);
      if (failed !== undefined) {
        body.destroy();
        out.destroy();
      }
      resolve(failed);
    };
    const onGone = () => end(reasonOf(signal));
    const limitMs = snapshot.config.answerTimeoutMs;
    const watch = () => {
      const leftMs = lastAt + limitMs - clock.now();
      if (leftMs <= 0) end(brokeOff());
      else cancelWatch = clock.after(leftMs, watch);
    };
    if (signal.aborted) return onGone();
    signal.addEventListener("abort", onGone, { once: true });
    const length = headers["content-length"];
    out.writeHead(status, { ...headersOf(input), ...(length === undefined ? {} : { "content-length": length }) });
    watch();
    body.on("data", (piece: Buffer) => {
      lastAt = clock.now();
      counter?.push(piece);
    });
    body.on("close", () => {
      if (body.complete && body.readableEnded) end(undefined);
      else end(brokeOff());
    });
    body.on("error", () => end(brokeOff()));
    body.pipe(out);
  });
}

function brokeOff(): Failure {
  return failure({ scope: "transport", kind: "read_timeout", status: 502, message: "The provider's answer broke off" });
}

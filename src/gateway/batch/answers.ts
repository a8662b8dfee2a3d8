/** How an answer out of several requests' or several calls' parts reaches its client, and how one of no use is put away. */
import { Buffer } from "node:buffer";
import type { JsonObject } from "../../kernel/json.ts";
import type { Deps } from "../deps.ts";
import type { Ending, Exchange } from "../exchange.ts";
import type { Held } from "../handle.ts";
import { ownHeaders } from "../reply_headers.ts";

export interface Part {
  /** In OpenAI's words. */
  readonly body: JsonObject;
  readonly target: Held["target"];
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly deps: Deps;
}

/** Writes an answer under the client's name of the model, and tells what it cost. */
export function writeAnswer(exchange: Exchange, { body, target, headers, status, deps }: Part): Ending {
  const named = body.model === target.model ? { ...body, model: exchange.request.model } : body;
  const text = JSON.stringify(exchange.dialect.present?.(named) ?? named);
  exchange.out.writeHead(status, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
    ...ownHeaders(exchange, target),
  });
  exchange.out.end(text);
  const usage = deps.priced(target, exchange.dialect.readAnswer(body).usage);
  return { status, text: "", reasoning: "", body: text, ...(usage === undefined ? {} : { usage }) };
}

/** Ends an answer that cannot be used; the credential is not to blame. */
export function discard({ lease, committed }: Held): void {
  if (committed.kind === "stream") committed.feed.destroy();
  if (committed.kind === "bytes") committed.body.destroy();
  lease.settle({ kind: "cancelled" });
}

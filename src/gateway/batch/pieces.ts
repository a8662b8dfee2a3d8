/**
 * One request with more inputs than a call of its model may carry: several calls, a few at a time, and their answers in
 * one. It is answered whole or not at all; each lease is settled with its own call.
 */
import { asArray, asNumber, asObject, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { type Failure, failure, isFailure } from "../../kernel/failure.ts";
import { passedHeaders } from "../../wire/headers.ts";
import type { Deps } from "../deps.ts";
import type { Ending, Exchange } from "../exchange.ts";
import { commit } from "../handle.ts";
import { refuse } from "../refuse.ts";
import type { Target } from "../route.ts";
import type { EmbeddingInputs } from "./inputs.ts";
import { discard, writeAnswer } from "./answers.ts";
import { splitAnswer } from "./split_answer.ts";

const MOST_AT_ONCE = 4;
/** As many as OpenAI takes in one request. */
const MOST_INPUTS = 2_048;

interface Piece {
  readonly body: JsonObject;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers the request with calls of at most `maxItems` inputs each. */
export async function serveInPieces(
  exchange: Exchange,
  { inputs, maxItems, deps }: { readonly inputs: EmbeddingInputs; readonly maxItems: number; readonly deps: Deps },
): Promise<Ending> {
  const { items } = inputs;
  if (items.length > MOST_INPUTS) return refuse(exchange, tooMany(items.length));
  const parts = Array.from({ length: Math.ceil(items.length / maxItems) }, (_, at) => items.slice(at * maxItems, (at + 1) * maxItems));
  const pieces: Piece[] = [];
  let next = 0;
  let failed: Failure | undefined;
  const stop = new AbortController();
  const signal = AbortSignal.any([exchange.signal, stop.signal]);
  const work = async () => {
    while (failed === undefined && next < parts.length) {
      const at = next++;
      const got = await onePiece(exchange, { input: [...parts[at] ?? []], signal, deps });
      if (!isFailure(got)) pieces[at] = got;
      else {
        failed ??= got;
        stop.abort(notWanted());
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, parts.length) }, work));
  const [first] = pieces;
  if (failed !== undefined || first === undefined) return refuse(exchange, failed ?? tooMany(items.length));
  return writeAnswer(exchange, { ...first, body: joined(pieces.map(({ body }) => body)), status: 200, deps });
}

async function onePiece(
  exchange: Exchange,
  { input, signal, deps }: { readonly input: readonly Json[]; readonly signal: AbortSignal; readonly deps: Deps },
): Promise<Piece | Failure> {
  const { request } = exchange;
  const native = { ...request.native, body: { ...request.native.body, input } };
  const own: Exchange = { ...exchange, request: { ...request, native }, signal, waitedMs: 0 };
  const got = await commit(own, deps);
  exchange.waitedMs = Math.max(exchange.waitedMs, own.waitedMs);
  exchange.lossy = own.lossy;
  exchange.target = own.target;
  if (isFailure(got)) return got;
  const { target, lease, committed } = got;
  if (committed.kind !== "answer") {
    discard(got);
    return malformed("The provider answered embeddings with a stream");
  }
  const usage = deps.priced(target, committed.reading.usage);
  lease.settle({ kind: "ok", ...(usage === undefined ? {} : { usage }) });
  const [body] = splitAnswer(committed.reading.body, [partOf(input)]) ?? [];
  if (body === undefined) return malformed("The provider's answer does not hold one vector for each input");
  return { body, target, headers: passedHeaders(committed.headers) };
}

function partOf(items: readonly Json[]): EmbeddingInputs {
  return { kind: "text", items, length: 1 };
}

/** Vectors in the order of the inputs; counts of tokens added up. */
function joined(answers: readonly JsonObject[]): JsonObject {
  const data = answers.flatMap((answer) => asArray(answer.data).filter(isObject)).map((row, index) => ({ ...row, index }));
  const count = (name: string) => answers.reduce((sum, { usage }) => sum + (asNumber(asObject(usage)?.[name]) ?? 0), 0);
  const { usage, ...rest } = answers[0] ?? {};
  const counted = usage === undefined ? {} : { usage: { prompt_tokens: count("prompt_tokens"), total_tokens: count("total_tokens") } };
  return { ...rest, data, ...counted };
}

function malformed(message: string): Failure {
  return failure({ scope: "provider", kind: "malformed_answer", status: 502, message });
}

/** Like a client that leaves, that blames nobody. */
function notWanted(): Failure {
  return failure({ scope: "client", kind: "client_gone", status: 499, message: "Another call of the same request failed" });
}

function tooMany(count: number): Failure {
  return failure({
    scope: "request",
    kind: "invalid_request",
    status: 400,
    message: `Invalid request field "input": at most ${MOST_INPUTS} inputs are taken in one request, found ${count}`,
    param: "input",
  });
}

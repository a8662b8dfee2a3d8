/**
 * One try at a provider, up to the commit point: the first event or answer that says something. Until then
 * nothing has reached the client and another credential may be tried.
 */
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { logger } from "../kernel/log.ts";
import { DIALECTS } from "../dialects/table.ts";
import type { Reduced } from "../dialects/bound.ts";
import { NO_RECALL, type Recall } from "../dialects/codec.ts";
import type { Lease } from "../pool/lease.ts";
import type { Access } from "../providers/access.ts";
import { prepareCall } from "../providers/adapter.ts";
import { hasQuirk } from "../providers/quirks.ts";
import type { ProviderRow } from "../providers/row.ts";
import { accessOf, isWorthRenewing, withdrawn } from "./access.ts";
import { type ClassifyContext, classifyReply } from "./classify.ts";
import { commitment, type Committed } from "./commitment.ts";
import { conversationSeed } from "./conversation.ts";
import type { Exchange } from "./exchange.ts";
import type { Owners } from "./owners.ts";
import type { Target } from "./route.ts";
import { readBody, reasonOf, type Sender, type UpstreamReply } from "./send.ts";

export type { Committed } from "./commitment.ts";

/** Longest text that is kept of an error. */
const MAX_ERROR_BYTES = 64 * 1024;

export interface AttemptInput {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly lease: Lease;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly recall: Recall;
  readonly newId: () => string;
  readonly owners: Owners;
  /** How long it may take until the commit point, ms. */
  readonly timeoutMs: number;
  /** `dropped`: what only one account can read is left out. */
  readonly proofs?: "dropped";
}

/** Tries once; a login whose token is refused is renewed and tried once more. The lease is not settled here. */
export async function attempt(input: AttemptInput): Promise<Committed | Failure> {
  const { exchange, lease: { credential }, clock } = input;
  const stop = new AbortController();
  const { signal } = stop;
  const onClientGone = () => stop.abort(reasonOf(exchange.signal));
  exchange.signal.addEventListener("abort", onClientGone, { once: true });
  const cancelTimeout = clock.after(input.timeoutMs, () => stop.abort(timedOut(input)));
  try {
    const access = await accessOf(credential, { signal });
    if (isFailure(access)) return access;
    const first = await tryWith(access, input, signal);
    // Thoughts that the provider cannot read (any more) are worth less than an answer.
    const isUnread = isFailure(first) && refusesProofs(first) && proofsOf(exchange).length > 0;
    const got = isUnread ? await tryWith(access, { ...input, proofs: "dropped" }, signal) : first;
    if (!isFailure(got)) return got;
    if (!isWorthRenewing(credential, got)) return withdrawn(credential, got);
    const renewed = await accessOf(credential, { signal, rejected: access.secret });
    return isFailure(renewed) ? renewed : refusedAgain(await tryWith(renewed, input, signal));
  } catch (error) {
    // A mistake of ours must not keep the lease: the request fails, the credential is free again and not blamed.
    return unexpected(error, exchange);
  } finally {
    cancelTimeout();
    exchange.signal.removeEventListener("abort", onClientGone);
  }
}

/** Some models of a provider refuse to stream: their whole answer is told as a stream. */
async function tryWith(access: Access, input: AttemptInput, signal: AbortSignal): Promise<Committed | Failure> {
  const { row } = input.target.provider;
  const isStream = input.exchange.request.isStream && !mustNotStream(row, input.exchange);
  const got = await tryAs(isStream ? "stream" : "whole", access, { ...input, signal });
  const isRefused = isStream && isFailure(got) && got.upstreamStatus === 406 && hasQuirk(row, "whole_when_stream_refused");
  return isRefused ? await tryAs("whole", access, { ...input, signal }) : got;
}

async function tryAs(
  form: "stream" | "whole",
  access: Access,
  input: AttemptInput & { readonly signal: AbortSignal },
): Promise<Committed | Failure> {
  const { exchange, target, clock, recall, newId, signal } = input;
  const { row } = target.provider;
  const { request, requestId } = exchange;
  const readable = readableBody(input);
  const prepared = prepareCall({
    row,
    dialect: DIALECTS[request.native.dialect],
    body: target.body(readable.body),
    raw: request.native.raw,
    model: target.model,
    clientModel: request.model,
    isStream: form === "stream",
    wantsStreamUsage: request.wantsStreamUsage,
    access,
    requestId,
    dialectHeaders: exchange.dialectHeaders,
    conversation: conversationSeed(exchange, target),
    now: clock.now(),
    recall: input.proofs === "dropped" ? NO_RECALL : recall,
    newId,
  });
  if (isFailure(prepared)) return prepared;
  exchange.lossy = [...readable.dropped, ...prepared.lossy];
  if (exchange.snapshot.config.isStrict && exchange.lossy.length > 0) return notWhole(row, exchange.lossy);
  const { connectTimeoutMs } = exchange.snapshot.config;
  const traffic = row.adapter === undefined ? undefined : exchange.capture?.traffic(row.id, prepared.call);
  const reply = await input.sender.send(prepared.call, { connectTimeoutMs, signal });
  if (isFailure(reply)) return reply;
  traffic?.reply(reply);
  const { raw } = request.native;
  const asksFor = raw?.isOwned === true ? "thing" as const : "path" as const;
  const known = { row, model: target.model, now: clock.now(), secret: access.secret, headers: reply.headers };
  const context = raw === undefined ? known : { ...known, asksFor };
  if (reply.status < 200 || reply.status > 299) return await refused(reply, context, signal);
  return await commitment({ exchange, reply, context, signal, prepared });
}

/** How providers say that they cannot read a proof: Anthropic, Google, OpenAI. */
const REFUSED_PROOF =
  /invalid.{0,20}signature|signature.{0,40}(?:invalid|not valid)|encrypted content.{0,60}could not be|thought_?signature/i;

function refusesProofs({ scope, upstreamStatus, message }: Failure): boolean {
  return scope === "request" && upstreamStatus === 400 && REFUSED_PROOF.test(message);
}

function proofsOf({ dialect, request }: Exchange): readonly string[] {
  return dialect.bound?.sent(request.native.body) ?? [];
}

/** The request without what this credential's account cannot read. */
function readableBody({ exchange, lease, owners, proofs }: AttemptInput): Reduced {
  const { body } = exchange.request.native;
  const sent = proofsOf(exchange);
  const unread = new Set([
    ...(proofs === "dropped" ? sent : owners.foreign(sent, lease.credential.id)),
    ...[...exchange.owned].flatMap(([id, mark]) => lease.credential.id.endsWith(`:${mark}`) ? [] : id),
  ]);
  return unread.size === 0 ? { body, dropped: [] } : exchange.dialect.bound?.without(body, unread) ?? { body, dropped: [] };
}

function notWhole({ id }: ProviderRow, lossy: readonly string[]): Failure {
  return failure({
    scope: "request",
    kind: "invalid_request",
    status: 400,
    message: `Provider "${id}" cannot be told all of this request, and KEYPROXY_STRICT forbids leaving out: ${lossy.join(", ")}`,
    code: "unsupported_parameter",
    ...(lossy[0] === undefined ? {} : { param: lossy[0] }),
  });
}

function unexpected(error: unknown, { requestId }: Exchange): Failure {
  logger("gateway").error("Request {requestId} failed unexpectedly: {error}", {
    requestId,
    error: error instanceof Error ? error.stack ?? error.message : String(error),
  });
  return failure({
    scope: "request",
    kind: "internal",
    status: 500,
    message: "The proxy failed to handle this request; its log says why",
  });
}

function timedOut({ target, timeoutMs }: AttemptInput): Failure {
  return failure({
    scope: "transport",
    kind: "first_byte_timeout",
    status: 504,
    message: `Provider "${target.provider.row.id}" did not begin to answer within ${(timeoutMs / 1000).toFixed(1)} s`,
  });
}

/** Some providers refuse to stream when tools are given. */
function mustNotStream(row: ProviderRow, exchange: Exchange): boolean {
  const { tools } = exchange.request.native.body;
  return hasQuirk(row, "no_stream_with_tools") && Array.isArray(tools) && tools.length > 0;
}

async function refused(reply: UpstreamReply, context: ClassifyContext, signal: AbortSignal): Promise<Failure> {
  const body = await readBody(reply.body, MAX_ERROR_BYTES);
  if (signal.aborted) return reasonOf(signal);
  const text = typeof body === "string" ? "" : body.toString("utf8");
  return classifyReply({ status: reply.status, headers: reply.headers, body: text }, context);
}

/** A token that was renewed a moment ago and is refused says that the login itself is not wanted any more. */
function refusedAgain(got: Committed | Failure): Committed | Failure {
  if (!isFailure(got) || got.kind !== "rejected") return got;
  const words = got.message.replace(/[.\s]+$/, "");
  return failure({
    ...got,
    isLasting: true,
    message: `${words}. Its token had just been renewed, so the provider refuses the login itself`,
  });
}

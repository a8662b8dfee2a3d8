/**
 * Tries a credential with the cheapest call that proves something: the provider's list where it wants a key,
 * else one token of a known model. Changes nothing but the tokens of a login that is due.
 */
import { NO_RECALL } from "../dialects/codec.ts";
import { randomUUID } from "node:crypto";
import type { Credential } from "../credentials/credential.ts";
import { DIALECTS } from "../dialects/table.ts";
import { accessOf } from "../gateway/access.ts";
import { classifyAnswerError, classifyReply, malformedAnswer } from "../gateway/classify.ts";
import { createSender, readBody, type Sender } from "../gateway/send.ts";
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asObject, parseJson } from "../kernel/json.ts";
import type { Access } from "../providers/access.ts";
import { listingCalls, prepareCall, type UpstreamCall } from "../providers/adapter.ts";
import { quotaCall } from "../providers/gemini_cli/call.ts";
import { readQuota } from "../providers/gemini_cli/quota.ts";
import { readListing } from "../providers/listing.ts";
import type { ProviderRow } from "../providers/row.ts";

/** What came of it. `reason` is one sentence for a person without a secret; empty when there is nothing to add. */
export interface Verdict {
  readonly kind: "valid" | "rejected" | "limited" | "unreachable" | "not_checkable";
  readonly reason: string;
}

export interface CheckAsk {
  /** With its address filled in. */
  readonly row: ProviderRow;
  readonly credential: Credential;
  /** The provider's name of a model that is known to exist. */
  readonly model: string | undefined;
  /** `list_only`: nothing is asked that may cost money. */
  readonly depth: "list_only" | "call";
  readonly signal: AbortSignal;
}

export interface Checker {
  check(ask: CheckAsk): Promise<Verdict>;
  close(): void;
}

const LIMIT_MS = 20_000;
const CONNECT_LIMIT_MS = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;

/** A checker with connections of its own. */
export function openChecker(clock: Clock): Checker {
  const sender = createSender(clock);
  return {
    check: (ask) => withLimit(ask, clock, (signal) => check({ ...ask, signal }, { sender, clock })),
    close: () => sender.close(),
  };
}

interface Means {
  readonly sender: Sender;
  readonly clock: Clock;
}

async function withLimit(ask: CheckAsk, clock: Clock, work: (signal: AbortSignal) => Promise<Verdict>): Promise<Verdict> {
  const stop = new AbortController();
  const give = (message: string) => stop.abort(failure({ scope: "transport", kind: "read_timeout", status: 504, message }));
  const cancel = clock.after(LIMIT_MS, () => give(`No answer within ${LIMIT_MS / 1000} s`));
  const onAbort = () => give("The check was given up");
  ask.signal.addEventListener("abort", onAbort, { once: true });
  if (ask.signal.aborted) onAbort();
  try {
    return await work(stop.signal);
  } finally {
    cancel();
    ask.signal.removeEventListener("abort", onAbort);
  }
}

async function check(ask: CheckAsk, means: Means): Promise<Verdict> {
  const access = await accessOf(ask.credential, { signal: ask.signal });
  if (isFailure(access)) return verdictOf(access);
  if (ask.row.adapter === "gemini_cli" && access.grant !== null) return await tryQuota(ask, access, means);
  const isListPublic = ask.row.listing?.isPublic === true && ask.credential.kind !== "none";
  if (ask.row.listing !== null && !isListPublic) {
    const listed = await tryList(ask, access, means);
    if (listed !== "says_nothing") return listed;
  }
  if (ask.depth === "list_only") return notCheckable("its list of models answers without a key, so it says nothing about this one", ask);
  return await tryChat(ask, access, means);
}

function notCheckable(aboutList: string, { row }: CheckAsk): Verdict {
  return { kind: "not_checkable", reason: row.listing === null ? "it has no list of models to ask for" : aboutList };
}

/** Asks for the list. A key that may call models but not list them is no bad key. */
async function tryList({ row, credential, signal }: CheckAsk, access: Access, means: Means): Promise<Verdict | "says_nothing"> {
  const [call] = listingCalls(row, access, means.clock.now());
  if (call === undefined || row.listing === null) return "says_nothing";
  const reply = await send(call, signal, means);
  if (isFailure(reply)) return verdictOf(reply);
  const context = { row, model: "its list of models", now: means.clock.now(), secret: access.secret, headers: reply.headers };
  if (reply.status >= 200 && reply.status < 300) {
    const json = parseJson(reply.body);
    if (json === undefined) return verdictOf(malformedAnswer(reply.body, context));
    const error = classifyAnswerError(asObject(json) ?? {}, context);
    if (error !== undefined) return verdictOf(error);
    const count = readListing(row.listing.shape, json).length;
    const what = credential.kind === "none" ? "it answers" : "";
    return {
      kind: "valid",
      reason: [what, count === 0 ? "" : count === 1 ? "1 model" : `${count} models`].filter((it) => it !== "").join(", "),
    };
  }
  const failed = classifyReply(reply, context);
  const isAboutList = reply.status === 404 || reply.status === 405 ||
    (reply.status === 403 && /scope|permission|not authorized to perform/i.test(failed.message));
  return isAboutList ? "says_nothing" : verdictOf(failed);
}

/** Asks what is left of an account's quota, which costs none of it. */
async function tryQuota({ row, signal }: CheckAsk, access: Access, means: Means): Promise<Verdict> {
  if (access.grant === null) return { kind: "not_checkable", reason: "it has no login" };
  const reply = await send(quotaCall({ baseUrl: row.baseUrl, grant: access.grant }), signal, means);
  if (isFailure(reply)) return verdictOf(reply);
  const context = { row, model: "its quota", now: means.clock.now(), secret: access.secret, headers: reply.headers };
  if (reply.status < 200 || reply.status > 299) return verdictOf(classifyReply(reply, context));
  const body = asObject(parseJson(reply.body));
  if (body === undefined) return verdictOf(malformedAnswer(reply.body, context));
  const [scarcest] = readQuota(body).toSorted((left, right) => left.remainingFraction - right.remainingFraction);
  return {
    kind: "valid",
    reason: scarcest === undefined ? "" : `${scarcest.model}: ${Math.round(scarcest.remainingFraction * 100)} % left`,
  };
}

/** Asks a model for one token. An answer that finds fault with the request has accepted the key. */
async function tryChat({ row, model, signal }: CheckAsk, access: Access, means: Means): Promise<Verdict> {
  if (!row.operations.includes("chat")) return { kind: "not_checkable", reason: "it has no chat to try" };
  if (model === undefined) return { kind: "not_checkable", reason: "no model of it is known to try" };
  const requestId = randomUUID();
  const now = means.clock.now();
  const prepared = prepareCall({
    row,
    dialect: DIALECTS.openai_chat,
    body: { model, messages: [{ role: "user", content: "hi" }], max_tokens: 1 },
    model,
    clientModel: model,
    isStream: false,
    wantsStreamUsage: false,
    access,
    requestId,
    dialectHeaders: {},
    conversation: requestId,
    now,
    recall: NO_RECALL,
    newId: () => randomUUID(),
  });
  if (isFailure(prepared)) return { kind: "not_checkable", reason: prepared.message };
  const reply = await send(prepared.call, signal, means);
  if (isFailure(reply)) return verdictOf(reply);
  const context = { row, model, now, secret: access.secret, headers: reply.headers };
  if (reply.status < 200 || reply.status > 299) return verdictOf(classifyReply(reply, context));
  const json = asObject(parseJson(reply.body));
  const isStream = (reply.headers["content-type"] ?? "").includes("text/event-stream");
  if (json === undefined) return isStream ? answered(model) : verdictOf(malformedAnswer(reply.body, context));
  const error = classifyAnswerError(json, context);
  return error === undefined ? answered(model) : verdictOf(error);
}

function answered(model: string): Verdict {
  return { kind: "valid", reason: `${model} answered` };
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function send(call: UpstreamCall, signal: AbortSignal, { sender }: Means): Promise<Reply | Failure> {
  const reply = await sender.send(call, { connectTimeoutMs: CONNECT_LIMIT_MS, signal });
  if (isFailure(reply)) return reply;
  const body = await readBody(reply.body, MAX_BYTES);
  if (typeof body !== "string") return { status: reply.status, headers: reply.headers, body: body.toString("utf8") };
  return failure({ scope: "transport", kind: "cut_stream", status: 502, message: "The answer broke off" });
}

/** What a failure says about the credential. */
function verdictOf({ scope, kind, message }: Failure): Verdict {
  if (kind === "withdrawn") return { kind: "rejected", reason: message };
  if (kind === "out_of_credit") return { kind: "limited", reason: message };
  // The model that was tried proves nothing about the others, and a 404 may be the address.
  if (kind === "model_denied") return { kind: "not_checkable", reason: message };
  switch (scope) {
    case "credential":
      return { kind: "rejected", reason: message };
    case "credential_model":
      return { kind: "limited", reason: message };
    case "request":
      return { kind: "valid", reason: "the key was accepted" };
    case "provider":
    case "transport":
      return { kind: "unreachable", reason: message };
    case "model":
    case "client":
    case "gateway":
      return { kind: "not_checkable", reason: message };
  }
}

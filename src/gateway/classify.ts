/**
 * The one place that reads a provider's statuses and words: every reply or error becomes a `Failure` here,
 * once. Pure, and no failure it makes repeats a key.
 */
import { assertNever, type Failure, failure, type FailureKind, type FailureScope } from "../kernel/failure.ts";
import { asObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { Secret } from "../kernel/secret.ts";
import { FAILURE_RULES } from "../providers/failure_rules.ts";
import { type FailureEvidence, findRule, restOf } from "../providers/failure_match.ts";
import type { FailureRule, ProviderRow } from "../providers/row.ts";
import { type ErrorBody, errorInsideAnswer, readErrorBody, readErrorJson } from "../wire/error_body.ts";
import { declaredWaitMs, type HintSource, retryHintMs } from "../wire/hints.ts";
import { GENERAL_RULES, STATUS_MEANINGS, STATUS_OF_CODE } from "./general_failures.ts";
import { redactKeys } from "./redact_keys.ts";

const HOUR_MS = 3_600_000;
const QUOTED_CHARS = 100;

/** Whose answer is read, and when. */
export interface ClassifyContext {
  readonly row: ProviderRow;
  /** The model's name as the provider knows it. */
  readonly model: string;
  /** Epoch ms. */
  readonly now: number;
  /** The key that was used: never repeated in a failure, whatever it looks like. */
  readonly secret?: Secret;
  /** What a request that is passed on asks for, where that is no model: a missing one says nothing about models. */
  readonly asksFor?: "path" | "thing";
  /** Headers of the answer, names in lower case, where the answer is not the first argument. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with a status other than 2xx. */
export interface ErrorReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a status other than 2xx means. */
export function classifyReply(reply: ErrorReply, context: ClassifyContext): Failure {
  const said = readErrorBody(reply.body);
  return decide({ said, statuses: [reply.status], answered: reply.status, headers: reply.headers, body: said.body ?? reply.body }, context);
}

/** What an error object inside a 200 body or a stream's first event means; undefined when `body` is no error. */
export function classifyAnswerError(body: JsonObject, context: ClassifyContext): Failure | undefined {
  if (!errorInsideAnswer(body)) return undefined;
  const said = readErrorJson(body);
  const meant = meantStatus(said);
  return decide(
    { said, statuses: meant === undefined ? [200] : [200, meant], answered: 200, headers: context.headers ?? {}, body },
    context,
  );
}

/** A 2xx whose body or event is no JSON object where one was due: an HTML page, other text, nothing. */
export function malformedAnswer(text: string, context: ClassifyContext): Failure {
  const said = readErrorBody(text);
  const what = {
    empty: "nothing",
    html: said.message,
    json: "JSON of an unknown shape",
    text: `text that is not JSON: "${said.message.slice(0, QUOTED_CHARS)}"`,
  }[said.found];
  return make(
    "malformed_answer",
    { words: `${context.row.name} answered for ${context.model} with ${what}`, upstreamStatus: 200 },
    context,
  );
}

/** A finished 2xx answer in which there is nothing for the client. */
export function emptyAnswer(): Failure {
  return make("empty_answer", { words: "The provider answered without text, reasoning, tool call or refusal", upstreamStatus: 200 }, {});
}

/** How far a call had come when it broke. `connect`: nothing sent; `first_byte`: no answer yet; `body`: inside the answer. */
export type TransportPhase = "connect" | "first_byte" | "body";

/** What a broken or timed-out connection means. The system's code (`ECONNREFUSED`, …) becomes the failure's code. */
export function classifyTransport(error: unknown, phase: TransportPhase): Failure {
  const { name, message, code } = causeOf(error);
  const isTimeout = TIMEOUT.test(`${code ?? ""} ${name} ${message}`);
  const known = TRANSPORT_CAUSES.find((cause) => cause.code.includes(code ?? "") || cause.text.test(`${code ?? ""} ${message}`));
  const why = isTimeout ? "it took too long" : known?.words ?? message;
  const words = `${PHASE_WORDS[phase]}: ${why}${code === undefined ? "" : ` (${code})`}`;
  const kind = transportKind(phase, isTimeout ? "timeout" : "broken");
  return make(kind, { words, status: isTimeout ? 504 : 502, code }, {});
}

/** Whose fault a kind of failure is. */
export function scopeOf(kind: FailureKind): FailureScope {
  switch (kind) {
    case "invalid_request":
    case "too_large":
    case "context_overflow":
    case "content_refused":
      return "request";
    case "rejected":
    case "out_of_credit":
      return "credential";
    case "rate_limited":
    case "model_denied":
      return "credential_model";
    case "unknown_model":
      return "model";
    case "server_error":
    case "malformed_answer":
    case "empty_answer":
    case "withdrawn":
      return "provider";
    case "connect_failed":
    case "first_byte_timeout":
    case "read_timeout":
    case "cut_stream":
      return "transport";
    case "client_gone":
      return "client";
    case "unauthorized":
    case "not_found":
    case "no_credential":
    case "queue_full":
    case "all_resting":
    case "circuit_open":
    case "deadline":
    case "internal":
      return "gateway";
    default:
      return assertNever(kind);
  }
}

interface Seen {
  readonly said: ErrorBody;
  /** Statuses rules may be held against; the last one is what the answer means when no rule holds. */
  readonly statuses: readonly number[];
  /** The status the provider answered with. */
  readonly answered: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

function decide(seen: Seen, context: ClassifyContext): Failure {
  const { row, now } = context;
  const meant = seen.statuses.at(-1) ?? seen.answered;
  const source: HintSource = { headers: seen.headers, body: seen.body, status: meant, now, resetHeaders: row.resetHeaders ?? [] };
  const rule = findRule(rulesOf(row), evidenceOf(seen, source));
  const kind = aboutIts(context.asksFor, { kind: rule?.kind ?? kindOfStatus(meant), rule });
  const retryAfterMs = waitOf({ kind, rule, source });
  const { code, type, param } = seen.said;
  return make(kind, {
    words: wordsOf(kind, { seen, context, rule }),
    status: clientStatus(kind, seen.answered === 200 ? meant : seen.answered),
    upstreamStatus: seen.answered,
    retryAfterMs,
    isLasting: rule?.isLasting,
    code,
    type,
    param,
    details: detailsIn(seen),
  }, context);
}

/** A file that is not there, or a path that the provider lacks, is the request's own trouble. */
function aboutIts(asksFor: ClassifyContext["asksFor"], { kind, rule }: Pick<Decided, "kind" | "rule">): FailureKind {
  if (kind !== "unknown_model" || asksFor === undefined) return kind;
  return asksFor === "thing" || rule === undefined ? "invalid_request" : kind;
}

const MAX_DETAILS_CHARS = 4_096;

/** Anthropic says what a client can do about its request in `error.details`. */
function detailsIn({ body, answered }: Seen): string | undefined {
  if (answered !== 400 || typeof body === "string") return undefined;
  const details = asObject(asObject(asObject(body)?.error)?.details);
  const text = details === undefined ? "" : JSON.stringify(details);
  return text === "" || text.length > MAX_DETAILS_CHARS ? undefined : text;
}

function rulesOf(row: ProviderRow): readonly FailureRule[] {
  const own = Object.hasOwn(FAILURE_RULES, row.id) ? FAILURE_RULES[row.id] ?? [] : [];
  return [...row.failures ?? [], ...own, ...GENERAL_RULES];
}

function evidenceOf(seen: Seen, source: HintSource): FailureEvidence {
  const { message, code, type } = seen.said;
  const waitMs = declaredWaitMs(source);
  return {
    statuses: seen.statuses,
    codes: [code, type].filter((text) => text !== undefined).map((text) => text.toLowerCase()),
    message,
    body: typeof seen.body === "string" ? seen.body : JSON.stringify(seen.body),
    hasShortWait: waitMs !== undefined && waitMs < HOUR_MS,
  };
}

function kindOfStatus(status: number): FailureKind {
  if (status === 200) return "server_error";
  return STATUS_MEANINGS.find(({ statuses: [first, last] }) => status >= first && status <= last)?.kind ?? "malformed_answer";
}

/** The HTTP status an error inside a 200 stands for, by its numeric code, its named code or type, or its words. */
function meantStatus(said: ErrorBody): number | undefined {
  for (const name of [said.code, said.type]) {
    if (name === undefined) continue;
    if (/^[45]\d\d$/.test(name)) return Number(name);
    const status = Object.hasOwn(STATUS_OF_CODE, name.toLowerCase()) ? STATUS_OF_CODE[name.toLowerCase()] : undefined;
    if (status !== undefined) return status;
  }
  return /\brate[ -]?limit|too many requests/i.test(said.message) ? 429 : undefined;
}

interface Decided {
  readonly kind: FailureKind;
  readonly rule: FailureRule | undefined;
  readonly source: HintSource;
}

/**
 * The wait of a failure. Reset headers and worded waits speak of limits only. A key that is refused or out of
 * money does not come back within the hour, so a shorter hint there is noise.
 */
function waitOf({ kind, rule, source }: Decided): number | undefined {
  const scope = scopeOf(kind);
  if (scope === "request" || scope === "model" || kind === "withdrawn") return undefined;
  const status = kind === "rate_limited" ? 429 : source.status === 429 ? 503 : source.status;
  const statedMs = retryHintMs({ ...source, status });
  const hintMs = scope === "credential" && statedMs !== undefined && statedMs < HOUR_MS ? undefined : statedMs;
  return restOf(rule, { hintMs, now: source.now });
}

interface Told {
  readonly seen: Seen;
  readonly context: ClassifyContext;
  readonly rule: FailureRule | undefined;
}

/** A request's failure is told in the provider's own words, any other with who said it and what may be done. */
function wordsOf(kind: FailureKind, { seen, context, rule }: Told): string {
  const { message, found } = seen.said;
  const bare = `${context.row.name} answered ${seen.answered} for ${context.model}`;
  if (found === "empty") return `${bare} without a body`;
  if (scopeOf(kind) === "request") return found === "html" ? `${bare} with ${message}` : message;
  const said = found === "html" ? `${bare} with ${message}` : `${bare}: ${message}`;
  return rule?.advice === undefined ? said : `${said.replace(/[.\s]+$/, "")}. ${rule.advice}`;
}

/** The status a client sees when this failure is the request's end. */
function clientStatus(kind: FailureKind, upstream: number | undefined): number {
  switch (scopeOf(kind)) {
    case "request":
      if (upstream !== undefined && upstream >= 400 && upstream < 500) return upstream;
      return kind === "too_large" ? 413 : 400;
    case "credential":
      return 503;
    case "credential_model":
      return kind === "rate_limited" ? 429 : 404;
    case "model":
      return 404;
    default:
      return kind === "first_byte_timeout" || kind === "read_timeout" ? 504 : 502;
  }
}

interface Parts {
  readonly words: string;
  readonly status?: number;
  readonly upstreamStatus?: number;
  readonly retryAfterMs?: number | undefined;
  readonly isLasting?: true | undefined;
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  readonly param?: string | undefined;
  readonly details?: string | undefined;
}

function make(kind: FailureKind, parts: Parts, context: { readonly secret?: Secret }): Failure {
  const { words, status, upstreamStatus, retryAfterMs, isLasting, code, type, param, details } = parts;
  const safe = (text: string) => redactKeys(text, context.secret);
  return failure({
    scope: scopeOf(kind),
    kind,
    status: status ?? clientStatus(kind, upstreamStatus),
    message: safe(words),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    ...(isLasting === undefined ? {} : { isLasting }),
    ...(code === undefined ? {} : { code: safe(code) }),
    ...(type === undefined ? {} : { type: safe(type) }),
    ...(param === undefined ? {} : { param: safe(param) }),
    ...(details === undefined ? {} : { details: safe(details) }),
  });
}

const TIMEOUT = /TIMEDOUT|TIMEOUT|timed? ?out/i;

const PHASE_WORDS: Readonly<Record<TransportPhase, string>> = {
  connect: "Cannot connect to the provider",
  first_byte: "No answer from the provider",
  body: "The provider's answer broke off",
};

interface TransportCause {
  readonly code: readonly string[];
  readonly text: RegExp;
  readonly words: string;
}

const TRANSPORT_CAUSES: readonly TransportCause[] = [
  { code: ["ECONNREFUSED"], text: /connection refused/i, words: "nothing listens there" },
  { code: ["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA"], text: /failed to lookup|dns error/i, words: "its host name cannot be resolved" },
  { code: ["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN"], text: /unreachable/i, words: "the network does not reach it" },
  {
    code: ["EPROTO", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    text: /certificate|\bCERT_|ERR_TLS|ERR_SSL|\bTLS\b|handshake/i,
    words: "its TLS certificate or handshake was not accepted",
  },
  {
    code: ["ECONNRESET", "EPIPE", "ECONNABORTED", "UND_ERR_SOCKET"],
    text: /socket hang up|connection (?:was )?(?:reset|closed)|premature|unexpected e(?:of|nd)|aborted/i,
    words: "the connection was closed",
  },
];

function transportKind(phase: TransportPhase, how: "timeout" | "broken"): FailureKind {
  if (phase === "body") return how === "timeout" ? "read_timeout" : "cut_stream";
  return phase === "first_byte" && how === "timeout" ? "first_byte_timeout" : "connect_failed";
}

interface Cause {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** The error that tells most: wrappers (`fetch failed`, several addresses tried) keep it in `cause` or `errors`. */
function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { name: "", message: String(error) };
  const wrapped: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === undefined && wrapped instanceof Error) return causeOf(wrapped);
  return { name: error.name, message: error.message, ...(code === undefined ? {} : { code }) };
}

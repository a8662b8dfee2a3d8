/**
 * The state of the server as `status_report.ts` words it, from the snapshot and the ledger. Changes nothing, and
 * every text that somebody else may have written goes through `mask`.
 */
import type { Credential } from "../credentials/credential.ts";
import { countersJson } from "../kernel/day_counters.ts";
import { VERSION } from "../kernel/version.ts";
import type { MemberStatus } from "../pool/report.ts";
import type { Ledger, RequestSummary } from "./ledger.ts";
import type { ServedProvider, Snapshot } from "./snapshot.ts";
import type { CredentialStatus, ProviderStatus, RequestReport, StatusReport } from "./status_report.ts";

/** Finished requests that a report holds. */
const MAX_RECENT = 50;

export interface StatusInput {
  /** Epoch ms, as are the other two. */
  readonly now: number;
  readonly startedAt: number;
  readonly configuredAt: number;
  readonly pid: number;
  readonly phase: "serving" | "stopping";
  readonly inFlightCount: number;
  readonly snapshot: Snapshot;
  readonly ledger: Pick<Ledger, "recent" | "latencies" | "totals">;
  /** Providers whose logins are counted before their keys. */
  readonly loginProviders: ReadonlySet<string>;
  /** The text without known secrets. */
  readonly mask: (text: string) => string;
}

export function statusReport(input: StatusInput): StatusReport {
  const { snapshot, ledger, mask } = input;
  const { finishedCount, failedCount } = ledger.totals();
  return {
    at: input.now,
    version: VERSION,
    pid: input.pid,
    started_at: input.startedAt,
    configured_at: input.configuredAt,
    is_stopping: input.phase === "stopping",
    is_request_log_on: snapshot.config.isRequestLogOn,
    requests: { in_flight: input.inFlightCount, finished: finishedCount, failed: failedCount },
    providers: [...snapshot.providers.values()].map((provider) => providerStatus(provider, input)),
    recent: ledger.recent().slice(-MAX_RECENT).map((summary) => requestReport(summary, mask)),
  };
}

function providerStatus({ row, settings, pool }: ServedProvider, input: StatusInput): ProviderStatus {
  const { maxInFlight } = pool;
  return {
    id: row.id,
    name: row.name,
    base_url: input.mask(row.baseUrl),
    rotation_mode: settings.rotation,
    circuit: pool.circuit,
    queued: pool.queuedCount,
    in_flight: pool.inFlightCount,
    max_in_flight: maxInFlight === Infinity ? null : maxInFlight,
    credentials: inListOrder(pool.status(), input).map((status, at) => credentialStatus(status, { ...input, number: at + 1 })),
  };
}

/** As `creds list` numbers them: logins, then keys, then accounts that are no logins. */
function inListOrder(all: readonly MemberStatus[], { loginProviders }: StatusInput): readonly MemberStatus[] {
  const isLogin = ({ credential }: MemberStatus) => credential.kind === "oauth" && loginProviders.has(credential.provider);
  return [...all.filter(isLogin), ...all.filter((status) => !isLogin(status))];
}

function credentialStatus(
  { credential, report, resting }: MemberStatus,
  { ledger, mask, number }: StatusInput & { readonly number: number },
): CredentialStatus {
  return {
    id: credential.id,
    number,
    display: credential.display,
    kind: credential.kind,
    source: credential.source,
    priority: credential.priority,
    state: report.state,
    reason: report.reason,
    until_at: instant(report.usableAt),
    in_flight: report.inFlightCount,
    resting: resting.map(({ model, reason, untilAt }) => ({ model: mask(model), reason, until_at: instant(untilAt) })),
    login: loginStatus(credential, mask),
    today: countersJson(report.today),
    latencies_ms: [...ledger.latencies(credential.id)],
  };
}

/** What JSON has no number for, and what is now, has no instant. */
function instant(at: number): number | null {
  return at > 0 && at < Infinity ? at : null;
}

function loginStatus(credential: Credential, mask: (text: string) => string): CredentialStatus["login"] {
  if (credential.kind !== "oauth") return null;
  const state = credential.login.state();
  return {
    state: state.kind,
    reason: "reason" in state ? mask(state.reason) : "",
    expires_at: credential.login.current().expiresAt,
  };
}

/** Longest model name, and longest sentence, that is told of a request. */
const MOST_CHARS = { name: 200, sentence: 500 };
/** Attempts and left-out fields that are told of a request: the last and the first so many. */
const MOST = { attempts: 32, lossy: 32 };

/** A finished request, in a size that does not depend on what clients and providers wrote. */
export function requestReport(summary: RequestSummary, mask: (text: string) => string): RequestReport {
  // Masked first: a part of a secret would not be known as one.
  const name = (text: string) => cut(mask(text), MOST_CHARS.name);
  const sentence = (text: string) => cut(mask(text), MOST_CHARS.sentence);
  const { requestId, model, provider, status, arrivedAt, durationMs, isStream, failure, lossy, usage, attempts } = summary;
  return {
    id: name(requestId),
    model: name(model),
    provider,
    status,
    arrived_at: arrivedAt,
    duration_ms: durationMs,
    is_stream: isStream,
    failure: failure === null ? null : sentence(failure),
    lossy: lossy.slice(0, MOST.lossy).map(name),
    usage: usage === undefined ? null : {
      input_tokens: usage.inputTokens,
      cached_tokens: usage.cachedTokens,
      output_tokens: usage.outputTokens,
      cost_usd: usage.costUsd ?? null,
    },
    attempts: attempts.slice(-MOST.attempts).map((attempt) => ({
      provider: attempt.provider,
      model: name(attempt.model),
      credential: attempt.credential,
      started_at: attempt.startedAt,
      duration_ms: Math.round(attempt.durationMs),
      failure: attempt.failure === undefined
        ? null
        : { kind: attempt.failure.kind, status: attempt.failure.status, message: sentence(attempt.failure.message) },
    })),
  };
}

function cut(text: string, mostChars: number): string {
  return text.length <= mostChars ? text : `${text.slice(0, mostChars - 1)}…`;
}

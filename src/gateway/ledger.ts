/**
 * What is written down about a request: failed attempts, the request log, one line in the program's log,
 * and the last requests for people to look at. Never on the way of an answer.
 */
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/log.ts";
import type { Usage } from "../kernel/usage.ts";
import type { AttemptRecord, Ending, Exchange } from "./exchange.ts";
import type { FailuresLog } from "./failures_log.ts";
import { Latencies } from "./latencies.ts";

/** Finished requests that are kept for `recent()`. */
const MAX_RECENT = 200;
/** Clients choose model names, and all of those requests are kept: longer ones are cut. */
const MAX_NAME_CHARS = 1_000;
const MAX_FAILURE_CHARS = 4_000;

/** A finished request in short. */
export interface RequestSummary {
  readonly requestId: string;
  readonly model: string;
  readonly provider: string | null;
  readonly status: number;
  readonly durationMs: number;
  /** Instant of arrival, epoch ms. */
  readonly arrivedAt: number;
  /** Fields of the request that its provider could not be told. */
  readonly lossy: readonly string[];
  readonly attempts: readonly AttemptRecord[];
  readonly failure: string | null;
  readonly isStream: boolean;
  readonly usage: Usage | undefined;
}

export class Ledger {
  readonly #failures: FailuresLog;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #recent: RequestSummary[] = [];
  readonly #latencies = new Latencies();
  readonly #listeners = new Set<(summary: RequestSummary) => void>();
  #finishedCount = 0;
  #failedCount = 0;

  constructor(options: { readonly failures: FailuresLog; readonly log: Logger; readonly clock: Clock }) {
    this.#failures = options.failures;
    this.#log = options.log;
    this.#clock = options.clock;
  }

  /** Notes one attempt, as soon as it failed or committed. */
  attempt(exchange: Exchange, record: AttemptRecord): void {
    const { failure } = record;
    if (failure === undefined) this.#latencies.note(record.credential, record.durationMs);
    exchange.capture?.attempt({
      credential: record.credential,
      provider: record.provider,
      model: record.model,
      startedAt: record.startedAt,
      status: failure === undefined ? 200 : failure.upstreamStatus ?? null,
      failure: failure ?? null,
      durationMs: record.durationMs,
    });
    if (failure === undefined || failure.scope === "client") return;
    this.#failures.record({
      requestId: exchange.requestId,
      provider: record.provider,
      model: record.model,
      credential: record.credential,
      failure,
      attempt: exchange.attempts.length,
      durationMs: record.durationMs,
    });
  }

  /** Notes the end of a request. */
  finish(exchange: Exchange, ending: Ending): void {
    const summary = this.#summary(exchange, ending);
    this.#recent.push(summary);
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    this.#finishedCount += 1;
    if (ending.failure !== undefined && ending.failure.scope !== "client") this.#failedCount += 1;
    if (this.#log.isEnabledFor("info")) this.#tell(summary);
    exchange.capture?.finish({
      status: ending.status,
      headers: shownHeaders(exchange),
      body: ending.body ?? gathered(ending),
      model: exchange.target?.model ?? exchange.request.model,
      provider: exchange.target?.provider.row.id ?? null,
      streaming: exchange.request.isStream,
      usage: ending.usage === undefined ? null : shownUsage(ending.usage),
      finishReason: ending.finishReason ?? null,
      reasoningFound: (ending.reasoning ?? "") !== "",
      reasoningContent: ending.reasoning || null,
      attempts: exchange.attempts.length,
      lossy: exchange.lossy,
    });
    for (const listener of this.#listeners) listener(summary);
  }

  /** Tells `listener`, which must not throw, of every request that ends; the result stops that. */
  onFinish(listener: (summary: RequestSummary) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Requests since the start. A client that left is no failure. */
  totals(): { readonly finishedCount: number; readonly failedCount: number } {
    return { finishedCount: this.#finishedCount, failedCount: this.#failedCount };
  }

  /** Ms until a credential's last answers began, newest last. */
  latencies(credential: string): readonly number[] {
    return this.#latencies.of(credential);
  }

  /** The last requests, newest last. */
  recent(): readonly RequestSummary[] {
    return this.#recent;
  }

  #tell({ requestId, model, status, durationMs, attempts, failure }: RequestSummary): void {
    const trouble = failure === null ? "" : ` ${failure}`;
    const fields = { requestId, model, status, durationMs, attemptCount: attempts.length, trouble };
    this.#log.info("{requestId} {model} {status} {durationMs}ms attempts={attemptCount}{trouble}", fields);
  }

  #summary(exchange: Exchange, ending: Ending): RequestSummary {
    return {
      requestId: exchange.requestId,
      model: exchange.request.model.slice(0, MAX_NAME_CHARS),
      provider: exchange.target?.provider.row.id ?? null,
      status: ending.status,
      durationMs: this.#clock.now() - exchange.arrivedAt,
      arrivedAt: exchange.arrivedAt,
      attempts: [...exchange.attempts],
      lossy: exchange.lossy,
      isStream: exchange.request.isStream,
      usage: ending.usage,
      failure: ending.failure === undefined ? null : `${ending.failure.kind}: ${ending.failure.message}`.slice(0, MAX_FAILURE_CHARS),
    };
  }
}

/** The headers the client got, as texts. */
function shownHeaders(exchange: Exchange): Record<string, string> {
  return Object.fromEntries(Object.entries(exchange.out.getHeaders()).map(([name, value]) => [name, String(value)]));
}

/** Usage under the names of the API, with what it cost. */
function shownUsage({ inputTokens, cachedTokens, outputTokens, costUsd }: Usage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    cached_tokens: cachedTokens,
    ...(costUsd === undefined ? {} : { cost_usd: costUsd }),
  };
}

/** What a stream said, as one piece; undefined when it said nothing. */
function gathered({ text = "", reasoning = "" }: Ending): object | undefined {
  if (text === "" && reasoning === "") return undefined;
  return { content: text, ...(reasoning === "" ? {} : { reasoning_content: reasoning }) };
}

/** A request as any of its traces shows it: a server's memory, the request log, the failure log. What a trace does not tell is null. */
import type { RequestReport } from "../../gateway/status_report.ts";

export type SeenAttempt = RequestReport["attempts"][number];

export interface SeenRequest extends Omit<RequestReport, "status" | "duration_ms" | "is_stream"> {
  /** What the client got; null: only failed attempts are known, not how the request ended. */
  readonly status: number | null;
  readonly duration_ms: number | null;
  readonly is_stream: boolean | null;
  readonly seen_in: "server" | "request_log" | "failure_log";
  /** Of the request log; absolute. */
  readonly directory: string | null;
}

/** As a server tells it. */
export function seenByServer(report: RequestReport): SeenRequest {
  return { ...report, seen_in: "server", directory: null };
}

/** True when the client got no good answer, or when nothing but failures is known. */
export function hasFailed({ status, failure }: Pick<SeenRequest, "status" | "failure">): boolean {
  return status === null || status >= 400 || failure !== null;
}

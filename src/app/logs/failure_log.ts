/** The end of `logs/failures.log`: the requests whose attempts failed last, of which nothing else may be known. */
import { z } from "zod";
import { failuresLogPath } from "../../gateway/failures_log.ts";
import { lastLines } from "../../kernel/file_ends.ts";
import { parseJson } from "../../kernel/json.ts";
import type { SeenAttempt, SeenRequest } from "./seen_request.ts";

/** Of the newest file, and of the one before it. */
const MAX_BYTES = 512 * 1024;

const LINE = z.object({
  timestamp_utc: z.iso.datetime(),
  request_id: z.string(),
  provider: z.string(),
  model: z.string(),
  credential: z.string().nullable(),
  kind: z.string(),
  status: z.number().catch(0),
  message: z.string(),
  duration_ms: z.number(),
});

/** Newest first, attempts in their order. Rejects when a file cannot be read. */
export async function failedRequests(dataDir: string): Promise<SeenRequest[]> {
  const path = failuresLogPath(dataDir);
  const lines = [...await lastLines(`${path}.1`, MAX_BYTES), ...await lastLines(path, MAX_BYTES)];
  const attempts = new Map<string, SeenAttempt[]>();
  for (const line of lines) {
    const it = LINE.safeParse(parseJson(line)).data;
    if (it === undefined) continue;
    const { provider, model, credential, duration_ms, kind, status, message } = it;
    const attempt = {
      provider,
      model,
      credential: credential ?? "",
      started_at: Date.parse(it.timestamp_utc) - duration_ms,
      duration_ms,
      failure: { kind, status, message },
    };
    attempts.set(it.request_id, [...attempts.get(it.request_id) ?? [], attempt]);
  }
  return [...attempts].flatMap(([id, tries]) => requestOf(id, tries)).toSorted((left, right) => right.arrived_at - left.arrived_at);
}

function requestOf(id: string, attempts: readonly SeenAttempt[]): SeenRequest[] {
  const [first] = attempts;
  const last = attempts.at(-1);
  if (first === undefined || last === undefined) return [];
  return [{
    id,
    model: `${last.provider}/${last.model}`,
    provider: last.provider,
    status: null,
    arrived_at: first.started_at,
    duration_ms: null,
    is_stream: null,
    failure: last.failure === null ? null : `${last.failure.kind}: ${last.failure.message}`,
    lossy: [],
    usage: null,
    attempts: [...attempts],
    seen_in: "failure_log",
    directory: null,
  }];
}

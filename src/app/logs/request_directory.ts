/**
 * The directory of one logged request, read back: never more than a bounded part of each file, and whatever in it
 * is not as it was written counts as not told.
 */
import { join } from "node:path";
import { z } from "zod";
import { fileHead, firstLines } from "../../kernel/file_ends.ts";
import { asObject, asString, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { SeenAttempt, SeenRequest } from "./seen_request.ts";

/** Most of `metadata.json` and of `attempts.jsonl` that is read; the first grows with the reasoning in it. */
const MAX_META_BYTES = 64 * 1024;
const MAX_ATTEMPTS_BYTES = 256 * 1024;
/** A body beyond this is told by its size only. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const META = z.object({
  request_id: z.string(),
  timestamp_utc: z.iso.datetime(),
  duration_ms: z.number(),
  status_code: z.number(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  streaming: z.boolean(),
  usage: z.object({
    prompt_tokens: z.number(),
    cached_tokens: z.number().default(0),
    completion_tokens: z.number(),
    cost_usd: z.number().nullable().default(null),
  }).nullable().catch(null),
  finish_reason: z.string().nullable().default(null).catch(null),
  lossy: z.array(z.string()).default([]).catch([]),
});

const ATTEMPT_LINE = z.object({
  credential: z.string(),
  provider: z.string(),
  model: z.string(),
  started_utc: z.iso.datetime(),
  status: z.number().nullable(),
  failure: z.object({ kind: z.string(), message: z.string() }).nullable(),
  duration_ms: z.number(),
});

/** A logged body. */
export interface LoggedBody {
  /** Undefined when there is none, or it is too large to be looked at. */
  readonly json: Json | undefined;
  /** Of its file. */
  readonly sizeBytes: number;
}

export interface LoggedDetail {
  readonly request: SeenRequest;
  readonly finishReason: string | null;
  readonly method: string | null;
  readonly path: string | null;
  readonly sent: LoggedBody | null;
  readonly answer: LoggedBody | null;
}

/** The request in short; undefined while it has not ended, or where its directory is not one of ours. */
export async function readLogged(directory: string): Promise<SeenRequest | undefined> {
  return (await readShort(directory))?.request;
}

/** The request with what was sent and answered. */
export async function readLoggedDetail(directory: string): Promise<LoggedDetail | undefined> {
  const short = await readShort(directory);
  if (short === undefined) return undefined;
  const { document: sent, body: sentBody } = await readDocument(join(directory, "request.json"));
  const { body: answer } = await readDocument(join(directory, "final_response.json"));
  return { ...short, method: asString(sent?.["method"]) ?? null, path: asString(sent?.["path"]) ?? null, sent: sentBody, answer };
}

async function readShort(directory: string): Promise<Pick<LoggedDetail, "request" | "finishReason"> | undefined> {
  const meta = META.safeParse(await readMeta(join(directory, "metadata.json"))).data;
  if (meta === undefined) return undefined;
  const attempts = await readAttempts(join(directory, "attempts.jsonl"));
  const { usage, model, provider, status_code: status } = meta;
  const last = attempts.at(-1)?.failure ?? null;
  const isFailed = status >= 400;
  const request: SeenRequest = {
    id: meta.request_id,
    model: provider === null ? model ?? "?" : `${provider}/${model ?? "?"}`,
    provider,
    status,
    arrived_at: Date.parse(meta.timestamp_utc),
    duration_ms: meta.duration_ms,
    is_stream: meta.streaming,
    failure: isFailed && last !== null ? `${last.kind}: ${last.message}` : null,
    lossy: meta.lossy,
    usage: usage === null ? null : {
      input_tokens: usage.prompt_tokens,
      cached_tokens: usage.cached_tokens,
      output_tokens: usage.completion_tokens,
      cost_usd: usage.cost_usd,
    },
    attempts,
    seen_in: "request_log",
    directory,
  };
  return { request, finishReason: meta.finish_reason };
}

/** The reasoning stands late in the file and may be long: what is before it is enough. */
async function readMeta(path: string): Promise<Json | undefined> {
  const head = await fileHead(path, MAX_META_BYTES).catch(() => undefined);
  if (head === undefined) return undefined;
  if (head.isWhole) return parseJson(head.text);
  const end = head.text.indexOf(',\n  "reasoning_content"');
  return end < 0 ? undefined : parseJson(`${head.text.slice(0, end)}\n}`);
}

async function readAttempts(path: string): Promise<SeenAttempt[]> {
  const lines = await firstLines(path, MAX_ATTEMPTS_BYTES).catch(() => []);
  return lines.flatMap((line) => {
    const it = ATTEMPT_LINE.safeParse(parseJson(line)).data;
    if (it === undefined) return [];
    const { credential, provider, model, failure, status, duration_ms } = it;
    return [{
      provider,
      model,
      credential,
      started_at: Date.parse(it.started_utc),
      duration_ms,
      failure: failure === null ? null : { kind: failure.kind, status: status ?? 0, message: failure.message },
    }];
  });
}

async function readDocument(path: string): Promise<{ readonly document: JsonObject | undefined; readonly body: LoggedBody | null }> {
  const head = await fileHead(path, MAX_BODY_BYTES).catch(() => undefined);
  if (head === undefined) return { document: undefined, body: null };
  const document = head.isWhole ? asObject(parseJson(head.text)) : undefined;
  return { document, body: { json: document?.["body"] ?? undefined, sizeBytes: head.sizeBytes } };
}

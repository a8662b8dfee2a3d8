/**
 * A running server as a screen or a command sees it: its status, its events, and the few things one may ask of it.
 * Every call has a time limit and obeys its signal; every answer is checked before it is believed.
 */
import { createParser } from "eventsource-parser";
import { z } from "zod";
import { systemClock } from "../kernel/clock.ts";
import { parseJson } from "../kernel/json.ts";
import { CHANGE_REPORT, type ChangeReport, RELOAD_REPORT, REQUEST_REPORT, STATUS_REPORT } from "../gateway/status_report.ts";
import type { RequestReport, StatusReport } from "../gateway/status_report.ts";

/** Longest wait for an answer, and for the next event of a stream that has begun. */
const LIMIT_MS = 5_000;

/** Why the server could not be asked. */
export interface Unreachable {
  /** `absent`: nobody listens there; `refused`: the key is missing or wrong; `failed`: something else. */
  readonly kind: "absent" | "refused" | "failed";
  /** A sentence for a person. */
  readonly message: string;
}

export class AdminError extends Error {
  readonly kind: Unreachable["kind"];

  constructor({ kind, message }: Unreachable) {
    super(message);
    this.kind = kind;
  }
}

/** What the event stream tells. */
export type AdminEvent =
  | { readonly kind: "status"; readonly report: StatusReport }
  | { readonly kind: "request"; readonly request: RequestReport };

/** What a credential can be told. */
export type Steering = "reset" | "disable" | "enable";

export interface AdminClient {
  /** Address of the server, without a path. */
  readonly url: string;
  /** Throws an {@link AdminError}, as all of these do. */
  status(signal?: AbortSignal): Promise<StatusReport>;
  /** Status now and every second, requests as they end, until `signal` or the server ends it. */
  events(signal: AbortSignal): AsyncIterable<AdminEvent>;
  /** `reset` ends every rest of a credential; `disable` takes it out of use until `enable`. How it is afterwards. */
  change(credential: string, action: Steering): Promise<ChangeReport>;
  /** What is wrong with the new configuration; empty when it is in force. */
  reload(): Promise<readonly string[]>;
}

/** `url` without a path; `key` is the admin key, empty when there is none. Nothing is asked yet. */
export function adminClient({ url, key }: { readonly url: string; readonly key: string }): AdminClient {
  const call = async (method: "GET" | "POST", path: string, signal: AbortSignal): Promise<Response> => {
    const headers = key === "" ? {} : { authorization: `Bearer ${key}` };
    const answer = await fetch(`${url}${path}`, { method, headers, signal, redirect: "error" }).catch((error: unknown) => {
      throw new AdminError(unreachable(url, error));
    });
    if (answer.ok) return answer;
    throw new AdminError(refusal(answer.status, await answer.text().catch(() => "")));
  };
  const ask = async <T>(method: "GET" | "POST", path: string, { schema, signal }: Asking<T>): Promise<T> => {
    const limit = AbortSignal.timeout(LIMIT_MS);
    const answer = await call(method, path, signal === undefined ? limit : AbortSignal.any([signal, limit]));
    const reading = schema.safeParse(await answer.json().catch(() => undefined));
    if (reading.success) return reading.data;
    throw foreign(url);
  };
  return {
    url,
    status: (signal) => ask("GET", "/admin/status", { schema: STATUS_REPORT, signal }),
    async *events(signal) {
      const silence = new Silence(signal);
      try {
        const answer = await call("GET", "/admin/events", silence.signal);
        yield* eventsOf(answer, { url, silence });
      } finally {
        silence.end();
      }
    },
    change: (credential, action) =>
      ask("POST", `/admin/credentials/${encodeURIComponent(credential)}/${action}`, { schema: CHANGE_REPORT }),
    reload: async () => (await ask("POST", "/admin/reload", { schema: RELOAD_REPORT })).problems,
  };
}

interface Asking<T> {
  readonly schema: z.ZodType<T>;
  readonly signal?: AbortSignal | undefined;
}

/** Ends a stream in which nothing comes for too long: a server tells its status every second. */
class Silence {
  readonly #ended = new AbortController();
  readonly #outer: AbortSignal;
  #cancel = () => {};

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    this.heard();
  }

  /** Of the caller, or of the silence. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#outer, this.#ended.signal]);
  }

  get isCallersEnd(): boolean {
    return this.#outer.aborted;
  }

  heard(): void {
    this.#cancel();
    this.#cancel = systemClock.after(
      LIMIT_MS,
      () => this.#ended.abort(new DOMException(`nothing came for ${LIMIT_MS / 1000} s`, "TimeoutError")),
    );
  }

  end(): void {
    this.#cancel();
  }
}

async function* eventsOf(
  answer: Response,
  { url, silence }: { readonly url: string; readonly silence: Silence },
): AsyncIterable<AdminEvent> {
  const events: AdminEvent[] = [];
  const read = <T>(schema: z.ZodType<T>, data: string): T => {
    const reading = schema.safeParse(parseJson(data));
    if (reading.success) return reading.data;
    throw foreign(url);
  };
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === "status") events.push({ kind: "status", report: read(STATUS_REPORT, data) });
      if (event === "request") events.push({ kind: "request", request: read(REQUEST_REPORT, data) });
    },
  });
  const text = new TextDecoder();
  try {
    for await (const bytes of answer.body ?? []) {
      silence.heard();
      parser.feed(text.decode(bytes, { stream: true }));
      yield* events.splice(0);
    }
  } catch (error) {
    if (error instanceof AdminError) throw error;
    if (!silence.isCallersEnd) {
      throw new AdminError({ kind: "failed", message: `The connection to the server broke off: ${messageOf(error)}` });
    }
  }
}

/** It is something else, or of another version. */
function foreign(url: string): AdminError {
  return new AdminError({ kind: "failed", message: `${url} answered with something else than keyproxy of this version would` });
}

function unreachable(url: string, error: unknown): Unreachable {
  const isTimeout = error instanceof Error && error.name === "TimeoutError";
  if (isTimeout) return { kind: "failed", message: `${url} did not answer within ${LIMIT_MS / 1000} s` };
  return { kind: "absent", message: `No server answers at ${url}${causeOf(error)}` };
}

/** The system's own word where it says more than that nobody listens. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code === "" || code === "ECONNREFUSED" ? "" : ` (${code})`;
}

const ERROR_BODY = z.object({ error: z.object({ message: z.string() }) });

function refusal(status: number, text: string): Unreachable {
  const kind = status === 401 || status === 403 ? "refused" : "failed";
  try {
    return { kind, message: ERROR_BODY.parse(JSON.parse(text)).error.message };
  } catch {
    return { kind, message: `The server answered with status ${status}` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

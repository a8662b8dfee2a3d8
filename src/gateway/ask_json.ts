/**
 * One question to a provider on the gateway's own account, answered in JSON and read whole: with a lease, within a time,
 * and over when the client leaves. The lease is settled here.
 */
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asObject, type JsonObject, parseJson } from "../kernel/json.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Exchange } from "./exchange.ts";
import type { Held } from "./handle.ts";
import { readBody, reasonOf } from "./send.ts";

const MAX_BYTES = 16 * 1024 * 1024;

export interface AskedJson {
  readonly text: string;
  readonly body: JsonObject;
  /** The id of the credential that was used. */
  readonly credential: string;
}

/** Asks by `commit` until `exchange.deadlineAt`, headers and body. The exchange must be a raw one. */
export async function askJson(
  exchange: Exchange,
  { clock, commit }: { readonly clock: Clock; readonly commit: (part: Exchange) => Promise<Held | Failure> },
): Promise<AskedJson | Failure> {
  const stop = new AbortController();
  const signal = AbortSignal.any([exchange.signal, stop.signal]);
  let isLate = false;
  // The gateway itself has waited enough: like a client that leaves, that blames nobody.
  const cancel = clock.after(Math.max(exchange.deadlineAt - clock.now(), 1), () => {
    isLate = true;
    stop.abort(failure({ scope: "client", kind: "client_gone", status: 499, message: "The gateway stopped waiting" }));
  });
  const part: Exchange = { ...exchange, signal };
  try {
    const held = await commit(part);
    const got = isFailure(held) ? held : await readAnswer(held, signal);
    return isFailure(got) && isLate ? late() : got;
  } finally {
    exchange.waitedMs = part.waitedMs;
    cancel();
  }
}

async function readAnswer({ lease, committed }: Held, signal: AbortSignal): Promise<AskedJson | Failure> {
  const bytes = committed.kind === "bytes" ? await readBody(committed.body, MAX_BYTES) : "cut";
  const text = typeof bytes === "string" ? "" : bytes.toString("utf8");
  const body = asObject(parseJson(text));
  if (signal.aborted || body === undefined) {
    const failed = signal.aborted ? reasonOf(signal) : unread();
    lease.settle(failed.scope === "client" ? { kind: "cancelled" } : { kind: "failed", failure: failed, when: "committed" });
    return failed;
  }
  lease.settle({ kind: "ok" });
  return { text, body, credential: lease.credential.id };
}

function late(): Failure {
  return failure({ scope: "transport", kind: "first_byte_timeout", status: 504, message: "The provider did not answer in time" });
}

function unread(): Failure {
  return failure({ scope: "provider", kind: "malformed_answer", status: 502, message: "The provider's answer could not be read" });
}

/** GETs JSON through the one sender, for model lists. */
import type { Clock } from "../kernel/clock.ts";
import { failure, isFailure } from "../kernel/failure.ts";
import { parseJson } from "../kernel/json.ts";
import type { FetchJson } from "../providers/model_listings.ts";
import { readBody, type Sender } from "./send.ts";

const MAX_LIST_BYTES = 32 * 1024 * 1024;

/** Rejects when no answer came in time or at all. */
export function jsonFetcher(sender: Sender, clock: Clock): FetchJson {
  return async (url, headers, { timeoutMs, signal }) => {
    const stop = new AbortController();
    const give = () => stop.abort(failure({ scope: "transport", kind: "read_timeout", status: 504, message: "No answer in time" }));
    const cancel = clock.after(timeoutMs, give);
    signal.addEventListener("abort", give, { once: true });
    try {
      const call = { url: new URL(url), method: "GET" as const, headers, body: undefined };
      const reply = await sender.send(call, { connectTimeoutMs: timeoutMs, signal: stop.signal });
      if (isFailure(reply)) throw new Error(reply.message);
      const body = await readBody(reply.body, MAX_LIST_BYTES);
      if (typeof body === "string") throw new Error("The list broke off");
      return { status: reply.status, body: parseJson(body.toString("utf8")) };
    } finally {
      cancel();
      signal.removeEventListener("abort", give);
    }
  };
}

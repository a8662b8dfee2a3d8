/**
 * One upstream call for several requests, seen by the request line as one exchange. Its members come and go
 * until an attempt sets out; the answer is cut by whom that attempt was for. The lease is settled once.
 */
import type { CanonicalRequest } from "../../canonical/request.ts";
import { type Failure, failure } from "../../kernel/failure.ts";
import type { RequestCapture } from "../capture.ts";
import type { Deps } from "../deps.ts";
import type { AttemptRecord, Exchange } from "../exchange.ts";
import { mergedInput } from "./inputs.ts";
import type { Member } from "./member.ts";

export class SharedCall {
  /** What the request line is given. Nothing is ever written to its `out`: an exchange of many is only committed. */
  readonly exchange: Exchange;
  /** Tells this call when an attempt begins and ends, and everybody else what they are told anyway. */
  readonly deps: Deps;
  readonly #outer: Deps;
  readonly #allGone = new AbortController();
  readonly #cancelDeadlines: readonly (() => void)[];
  #members: readonly Member[];
  #sentFor: readonly Member[] = [];
  #isTrying = false;

  /** `members`: of one group, none of them over. */
  constructor(members: readonly [Member, ...Member[]], deps: Deps) {
    this.#members = members;
    this.#outer = deps;
    this.deps = { ...deps, sender: { ...deps.sender, send: this.#send }, onAttempt: this.#onAttempt };
    this.exchange = this.#exchangeLike(members[0].exchange);
    for (const member of members) member.watch(() => this.#without(member));
    this.#cancelDeadlines = members.map((member) => this.#atDeadlineOf(member));
  }

  /** Those whose inputs the last attempt carried, in that order; some may have left since. */
  get sentFor(): readonly Member[] {
    return this.#sentFor;
  }

  /** Those that still wait. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** The call is over: no deadline interrupts what is done with its outcome. Time spent is put down to every member. */
  close(): void {
    for (const cancel of this.#cancelDeadlines) cancel();
    for (const { exchange } of this.#members) {
      exchange.waitedMs += this.exchange.waitedMs;
      exchange.target = this.exchange.target;
    }
  }

  #exchangeLike(first: Exchange): Exchange {
    // Read anew for each attempt: whoever left in the meantime is not sent.
    const request = () => mergedRequest(first.request, this.#members);
    return {
      ...first,
      get request() {
        return request();
      },
      signal: this.#allGone.signal,
      deadlineAt: Math.max(...this.#members.map(({ exchange }) => exchange.deadlineAt)),
      capture: this.#captureForAll(),
      attempts: [...first.attempts],
      waitedMs: 0,
    };
  }

  /** An attempt is in the request log of each request it was made for. */
  #captureForAll(): RequestCapture {
    return {
      attempt: (line) => this.#members.forEach(({ exchange }) => exchange.capture?.attempt(line)),
      chunk: () => {},
      traffic: () => ({ reply: () => {} }),
      finish: () => {},
    };
  }

  readonly #send: Deps["sender"]["send"] = (call, options) => {
    this.#isTrying = true;
    this.#sentFor = this.#members;
    return this.#outer.sender.send(call, options);
  };

  readonly #onAttempt = (exchange: Exchange, record: AttemptRecord) => {
    this.#isTrying = false;
    for (const member of this.#members) member.exchange.attempts.push(record);
    this.#outer.onAttempt(exchange, record);
    const scope = record.failure?.scope;
    if (scope !== undefined && scope !== "request" && scope !== "client") this.#dropLate();
  };

  /** No attempt begins after a deadline, but one that is under way may end (as with a request by itself). */
  #atDeadlineOf(member: Member): () => void {
    const { clock } = this.#outer;
    return clock.after(member.exchange.deadlineAt - clock.now(), () => {
      if (!this.#isTrying) this.#drop(member);
    });
  }

  #dropLate(): void {
    const now = this.#outer.clock.now();
    for (const member of this.#members) if (member.exchange.deadlineAt <= now) this.#drop(member);
  }

  /** Out of time: the request line refuses it as it refuses any request that is. */
  #drop(member: Member): void {
    member.exchange.waitedMs += this.exchange.waitedMs;
    member.serveAlone(this.#outer);
    this.#without(member);
  }

  #without(gone: Member): void {
    this.#members = this.#members.filter((member) => member !== gone);
    if (this.#members.length === 0) this.#allGone.abort(nobodyLeft());
  }
}

/** One request with the inputs of all; the other fields are those of `first`, which every member shares. */
function mergedRequest(first: CanonicalRequest, members: readonly Member[]): CanonicalRequest {
  const input = mergedInput(members.map(({ inputs }) => inputs));
  return { ...first, native: { ...first.native, body: { ...first.native.body, input } } };
}

function nobodyLeft(): Failure {
  return failure({ scope: "client", kind: "client_gone", status: 499, message: "Every client of this batch closed the connection" });
}

/** A token endpoint without a socket: it answers in the order it is told, remembers what it was asked, and a last answer repeats. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { oauthEndpoints } from "../../src/credentials/oauth/endpoints.ts";
import type { OAuthCall } from "../../src/credentials/oauth/flow.ts";
import type { OAuthRow } from "../../src/credentials/oauth/row.ts";
import { oauthRow } from "../../src/credentials/oauth/rows.ts";
import type { JsonObject } from "../../src/kernel/json.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { FakeClock } from "./fake_clock.ts";

/** A reply, an error of the connection, or silence until the caller gives up. */
export type Answer = (() => Response) | Error | "silence";

export interface AskedOf {
  readonly url: string;
  readonly headers: Headers;
  readonly form: URLSearchParams;
  /** When, epoch ms. */
  readonly at: number;
}

export class ScriptedEndpoint {
  readonly clock = new FakeClock();
  readonly asked: AskedOf[] = [];
  #answers: Answer[];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { clock } = this;
    const request = new Request(input, init);
    this.asked.push({ url: request.url, headers: request.headers, form: new URLSearchParams(await request.text()), at: clock.now() });
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    assert.ok(answer !== undefined, "asked without an answer to give");
    if (answer instanceof Error) throw answer;
    if (answer === "silence") return await silence(init?.signal);
    return answer();
  };

  /** The only question so far. */
  get question(): AskedOf {
    const [only, ...more] = this.asked;
    assert.ok(only !== undefined && more.length === 0, `asked ${this.asked.length} times`);
    return only;
  }

  /** Lets the clock run from timer to timer until `done` has ended. */
  async played<T>(done: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const over = () => {
      state.isOver = true;
    };
    done.then(over, over);
    for (let turn = 0; turn < 100_000 && !state.isOver; turn++) {
      await nextTurn();
      const { nextTimerInMs } = this.clock;
      if (!state.isOver && nextTimerInMs !== undefined) this.clock.advance(nextTimerInMs);
    }
    assert.ok(state.isOver, "it never ended");
    return await done;
  }
}

/** JSON, or a text as it is, with a status. */
export function says(body: JsonObject | string, status = 200, headers: Readonly<Record<string, string>> = {}): () => Response {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return () =>
    new Response(text, { status, headers: { "content-type": typeof body === "string" ? "text/html" : "application/json", ...headers } });
}

/** The row of a provider that has one. */
export function rowOf(provider: string): OAuthRow {
  const row = oauthRow(provider);
  assert.ok(row !== undefined, `no login type ${provider}`);
  return row;
}

/** A call of the provider's login type to the endpoint, as client `the-id` with secret `the-secret` where one is needed. */
export function callTo(provider: string, endpoint: ScriptedEndpoint, more: Partial<OAuthCall> = {}): OAuthCall {
  const row = rowOf(provider);
  return {
    endpoints: oauthEndpoints(row, new Map()),
    client: { id: "the-id", secret: row.clientAuth === "none" ? null : new Secret("the-secret") },
    fetch: endpoint.fetch,
    clock: endpoint.clock,
    signal: new AbortController().signal,
    ...more,
  };
}

function silence(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

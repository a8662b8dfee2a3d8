/**
 * One request on its way through a batch. It ends exactly once: with its answer, with a failure, because its
 * client left, or handed over to be served alone.
 */
import type { Failure } from "../../kernel/failure.ts";
import type { Deps } from "../deps.ts";
import type { Ending, Exchange } from "../exchange.ts";
import { handle } from "../handle.ts";
import { refuse } from "../refuse.ts";
import { reasonOf } from "../send.ts";
import type { EmbeddingInputs } from "./inputs.ts";

export class Member {
  readonly exchange: Exchange;
  readonly inputs: EmbeddingInputs;
  /** How its request ended. */
  readonly ending: Promise<Ending>;
  readonly #resolve: (ending: Ending | Promise<Ending>) => void;
  #onGone: () => void = () => {};
  #isOver = false;

  constructor(exchange: Exchange, inputs: EmbeddingInputs) {
    this.exchange = exchange;
    this.inputs = inputs;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ending = promise;
    this.#resolve = resolve;
    exchange.signal.addEventListener("abort", this.#leave, { once: true });
  }

  /** It left, was answered, or is served alone: a batch has no more to do for it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** `onGone` is told when the client leaves; whoever watched before is told no more. */
  watch(onGone: () => void): void {
    this.#onGone = onGone;
  }

  /** Ends the request, whose answer was written. */
  end(ending: Ending): void {
    if (this.#close()) this.#resolve(ending);
  }

  refuse(failed: Failure): void {
    if (this.#close()) this.#resolve(refuse(this.exchange, failed));
  }

  /** Serves the request by itself, as if there were no batches. */
  serveAlone(deps: Deps): void {
    if (this.#close()) this.#resolve(handle(this.exchange, deps));
  }

  /** Ends the request for a reason nobody foresaw. */
  break(error: unknown): void {
    if (this.#close()) this.#resolve(Promise.reject(error));
  }

  readonly #leave = () => {
    if (!this.#close()) return;
    this.#resolve(refuse(this.exchange, reasonOf(this.exchange.signal)));
    this.#onGone();
  };

  #close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.exchange.signal.removeEventListener("abort", this.#leave);
    return true;
  }
}

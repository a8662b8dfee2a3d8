/**
 * Random interleavings of everything that can happen to a pool, held against the model after each step:
 * who gets what, who waits and who is refused, and that nothing is left behind in the end.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Failure, isFailure } from "../../src/kernel/failure.ts";
import type { Lease, Outcome } from "../../src/pool/lease.ts";
import { Pool } from "../../src/pool/pool.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { CANCELLED, credential, failed, failures, flush, OK, PROVIDER } from "../support/pool_fixtures.ts";
import { type Ending, type ModelAsk, type ModelLease, PoolModel, type Verdict } from "./pool_model.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MAX_QUEUE = 4;
const NAMES = ["a", "b", "c"];
const IDS = NAMES.map((name) => credential(name).id);
const MODELS = ["m1", "m2", "m3"];

const ENDINGS: Ending[] = [
  { kind: "ok" },
  { kind: "cancelled" },
  { kind: "bad_request" },
  { kind: "internal" },
  { kind: "unknown_model" },
  { kind: "denied" },
  { kind: "rejected" },
  { kind: "cut" },
  { kind: "limited" },
  { kind: "limited", hintMs: 2 * SECOND },
  { kind: "limited", hintMs: 3 * HOUR },
  { kind: "out_of_credit" },
  { kind: "out_of_credit", hintMs: 90 * MINUTE },
  { kind: "server_error", trouble: "first" },
  { kind: "server_error", trouble: "repeated" },
  { kind: "unreachable", trouble: "first" },
  { kind: "unreachable", trouble: "repeated" },
];

function outcomeOf(ending: Ending): Outcome {
  switch (ending.kind) {
    case "ok":
      return OK;
    case "cancelled":
      return CANCELLED;
    case "bad_request":
      return failed(failures.badRequest());
    case "internal":
      return failed(failures.internal());
    case "unknown_model":
      return failed(failures.unknownModel());
    case "denied":
      return failed(failures.denied());
    case "rejected":
      return failed(failures.rejected());
    case "cut":
      return failed(failures.unreachable(), { when: "committed" });
    case "limited":
      return failed(failures.limited(ending.hintMs));
    case "out_of_credit":
      return failed(failures.outOfCredit(ending.hintMs));
    case "server_error":
      return failed(failures.serverError(), ending);
    case "unreachable":
      return failed(failures.unreachable(), ending);
  }
}

/** `pick` and `ending` are indices into what there is at that moment and what may happen in that run. */
type Step =
  | {
    readonly kind: "ask";
    readonly model: string;
    readonly exclude: readonly string[];
    readonly patienceMs: number;
    readonly key?: string;
  }
  | { readonly kind: "settle"; readonly pick: number; readonly ending: number }
  | { readonly kind: "accept" | "abort" | "settle_twice"; readonly pick: number }
  | { readonly kind: "disable" | "enable" | "reset"; readonly id: string }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "replace"; readonly places: readonly { readonly name: string; readonly priority: number }[] };

const pick = fc.nat(50);
const ask = fc.record({
  kind: fc.constant("ask" as const),
  model: fc.constantFrom("m1", "m1", ...MODELS),
  exclude: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(IDS) }),
  patienceMs: fc.constantFrom(3 * SECOND, 30 * SECOND, 10 * MINUTE, 4 * HOUR, 4 * HOUR),
  key: fc.constantFrom("talk", "chat"),
}, { requiredKeys: ["kind", "model", "exclude", "patienceMs"] });
const settle = fc.record({ kind: fc.constant("settle" as const), pick, ending: pick });
const touch = fc.record({ kind: fc.constantFrom("accept" as const, "abort" as const, "settle_twice" as const), pick });
const steer = fc.record({
  kind: fc.constantFrom("disable" as const, "enable" as const, "reset" as const),
  id: fc.constantFrom(...IDS),
});
const advance = fc.record({
  kind: fc.constant("advance" as const),
  ms: fc.constantFrom(0, 1, 2 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND, 5 * MINUTE, HOUR, 5 * HOUR),
});
const replace = fc.record({
  kind: fc.constant("replace" as const),
  places: fc.shuffledSubarray(NAMES, { minLength: 1 }).chain((names) =>
    fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), priority: fc.constantFrom(0, 0, 1) })))
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: ask },
  { weight: 7, arbitrary: settle },
  { weight: 2, arbitrary: touch },
  { weight: 3, arbitrary: advance },
  { weight: 1, arbitrary: replace },
  { weight: 2, arbitrary: steer },
);

interface Request {
  readonly ask: ModelAsk;
  readonly abort: AbortController;
  state: "waits" | "was queued" | "over";
}

interface Out {
  readonly real: Lease;
  readonly model: ModelLease;
}

/** Plays one run on the pool and on the model. */
class Run {
  readonly #clock = new FakeClock();
  readonly #model: PoolModel;
  readonly #pool: Pool;
  readonly #maxInFlight: number;
  readonly #endings: readonly Ending[];
  readonly #requests: Request[] = [];
  readonly #out: Out[] = [];
  readonly #settled: Lease[] = [];
  /** What the pool said since the last look, in its order. */
  #answers: { readonly request: Request; readonly got: Lease | Failure }[] = [];

  constructor(options: { readonly maxInFlight: number; readonly endings: readonly Ending[] }) {
    const { maxInFlight } = options;
    this.#maxInFlight = maxInFlight;
    this.#endings = options.endings;
    this.#model = new PoolModel({ maxInFlight, now: this.#clock.now() });
    const places = NAMES.map((name) => ({ id: credential(name).id, priority: 0 }));
    this.#model.replace(places);
    this.#pool = new Pool({
      provider: PROVIDER,
      credentials: NAMES.map((name) => credential(name)),
      settings: { maxInFlight, maxQueue: MAX_QUEUE },
      clock: this.#clock,
      random: () => 0.5,
    });
  }

  async play(next: Step): Promise<void> {
    switch (next.kind) {
      case "ask":
        return await this.#ask(next);
      case "advance":
        return await this.#advance(next.ms);
      case "replace":
        this.#model.replace(next.places.map(({ name, priority }) => ({ id: credential(name).id, priority })));
        this.#pool.replace(next.places.map(({ name, priority }) => credential(name, { priority })), {});
        break;
      case "disable":
      case "enable":
      case "reset":
        this.#model[next.kind](next.id);
        this.#pool[next.kind](next.id);
        break;
      case "abort": {
        const waiting = this.#waiting();
        waiting[next.pick % waiting.length]?.abort.abort();
        break;
      }
      case "settle_twice": {
        const lease = this.#settled[next.pick % this.#settled.length];
        if (lease !== undefined) assert.throws(() => lease.settle(OK), /settled before/);
        break;
      }
      case "accept": {
        const out = this.#out[next.pick % this.#out.length];
        if (out === undefined) return;
        this.#model.accept(out.model);
        out.real.answered();
        break;
      }
      case "settle":
        this.#settle(next.pick % this.#out.length, this.#endings[next.ending % this.#endings.length] ?? { kind: "ok" });
    }
    await this.#check();
  }

  /** Ends everything that is under way: nothing may be left. */
  async finish(): Promise<void> {
    for (const request of this.#waiting()) request.abort.abort();
    await this.#check();
    while (this.#out.length > 0) this.#settle(0, { kind: "ok" });
    await this.#check();
    assert.deepEqual([this.#pool.inFlightCount, this.#pool.queuedCount, this.#clock.timerCount], [0, 0, 0], "something is left behind");
    assert.ok(this.#requests.every(({ state }) => state === "over"), "a request got no answer");
  }

  #waiting(): Request[] {
    return this.#requests.filter(({ state }) => state !== "over");
  }

  async #ask({ model, exclude, patienceMs, key }: Extract<Step, { kind: "ask" }>): Promise<void> {
    const abort = new AbortController();
    const wish = { model, exclude: new Set(exclude), deadlineAt: this.#clock.now() + patienceMs };
    const request: Request = { ask: { ...wish, affinityKey: key }, abort, state: "waits" };
    this.#requests.push(request);
    void this.#pool.acquire({ ...wish, signal: abort.signal, ...(key === undefined ? {} : { affinityKey: key }) })
      .then((got) => this.#answers.push({ request, got }));
    await this.#check();
    if (request.state === "waits") request.state = "was queued";
    assert.ok(this.#waiting().length <= MAX_QUEUE, "the queue is longer than it may be");
  }

  /** From timer to timer, so that each is judged at its own instant. */
  async #advance(ms: number): Promise<void> {
    const endAt = this.#clock.now() + ms;
    for (;;) {
      const inMs = this.#clock.nextTimerInMs ?? Infinity;
      const nextAt = Math.min(this.#clock.now() + inMs, endAt);
      this.#model.moveTo(nextAt);
      this.#clock.advance(nextAt - this.#clock.now());
      await this.#check();
      if (this.#clock.now() >= endAt && (this.#clock.nextTimerInMs ?? Infinity) > 0) return;
    }
  }

  #settle(index: number, ending: Ending): void {
    const [out] = this.#out.splice(index, 1);
    if (out === undefined) return;
    this.#model.settle(out.model, ending);
    out.real.settle(outcomeOf(ending));
    this.#settled.push(out.real);
  }

  /** Judges every answer in the order in which it was given, then everybody who still waits. */
  async #check(): Promise<void> {
    await flush();
    const answers = this.#answers;
    this.#answers = [];
    for (const { request, got } of answers) {
      if (isFailure(got)) this.#judgeRefusal(request, got);
      else this.#judgeLease(request, got);
      request.state = "over";
    }
    for (const { ask } of this.#waiting()) {
      assert.deepEqual(this.#model.verdict(ask).kind, "wait", `a request for ${ask.model} waits although it need not`);
    }
    assert.equal(this.#pool.queuedCount, this.#waiting().length);
    assert.equal(this.#pool.inFlightCount, this.#out.length);
  }

  #judgeLease(request: Request, lease: Lease): void {
    const { ask } = request;
    const verdict = this.#model.verdict(ask);
    assert.equal(verdict.kind === "take" ? verdict.member.id : verdict.kind, lease.credential.id, "another credential was due");
    for (const earlier of this.#waiting().slice(0, this.#waiting().indexOf(request))) {
      const theirs = this.#model.verdict(earlier.ask);
      const isOvertaken = earlier.ask.model === ask.model && isAmong(theirs, lease.credential.id);
      assert.ok(!isOvertaken, "a request was overtaken");
    }
    if (verdict.kind !== "take") return;
    this.#out.push({ real: lease, model: this.#model.take(ask, verdict.member) });
    const together = this.#out.filter(({ real }) => real.credential.id === lease.credential.id && real.model === lease.model);
    assert.ok(together.length <= this.#maxInFlight, "a credential serves more than it may");
  }

  #judgeRefusal(request: Request, got: Failure): void {
    if (request.abort.signal.aborted) return assert.equal(got.kind, "client_gone");
    const verdict = this.#model.verdict(request.ask);
    if (got.kind === "queue_full") {
      assert.deepEqual([verdict.kind, request.state, this.#waiting().length], ["wait", "waits", MAX_QUEUE + 1]);
    } else {
      assert.equal(verdict.kind === "refuse" ? verdict.as : verdict.kind, got.kind, "another answer was due");
    }
  }
}

function isAmong(verdict: Verdict, id: string): boolean {
  return verdict.kind === "take" && verdict.equals.some((member) => member.id === id);
}

Deno.test("whatever happens in whatever order, the pool does what the model says and leaves nothing behind", async () => {
  const runs = fc.record({
    maxInFlight: fc.constantFrom(1, 1, 2, Infinity),
    // Few kinds a run, so that what takes several of a kind does happen.
    endings: fc.subarray(ENDINGS, { minLength: 1, maxLength: 5 }),
    steps: fc.array(step, { maxLength: 120, size: "max" }),
  });
  await fc.assert(
    fc.asyncProperty(runs, async ({ steps, ...options }) => {
      const run = new Run(options);
      for (const next of steps) await run.play(next);
      await run.finish();
    }),
    { numRuns: 2_000 },
  );
});

/** Tests of the model lists' cache: a scripted provider and a clock that moves by hand. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import type { Clock } from "../kernel/clock.ts";
import { type FetchJson, type JsonReply, type ListingSource, ModelListings } from "./model_listings.ts";

/** One GET under way, answered by the test. */
interface Call {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  answer(reply: JsonReply): void;
  fail(): void;
}

function scripted(headerSets: ListingSource["headerSets"] = [{ authorization: "Bearer 1" }]) {
  const state = { now: 1_000_000 };
  const clock: Clock = { now: () => state.now, after: () => () => {} };
  const calls: Call[] = [];
  const fetchJson: FetchJson = (url, headers, { timeoutMs, signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<JsonReply>();
    calls.push({ url, headers, timeoutMs, signal, answer: resolve, fail: () => reject(new Error("no route")) });
    return promise;
  };
  const sourceOf = (provider: string): ListingSource | undefined =>
    provider === "listless" ? undefined : { url: `https://${provider}.example/models`, shape: "openai", headerSets };
  const knownOf = (provider: string) => provider === "a" ? [] : [`${provider}-known`];
  const listings = new ModelListings({ sourceOf, knownOf, fetchJson, clock });
  const at = (index: number): Call => {
    const call = calls[index];
    assert.ok(call, `call ${index} was made`);
    return call;
  };
  return { state, calls, at, listings, ids: (provider: string) => listings.models(provider).map((it) => it.id) };
}

const list = (...ids: readonly string[]): JsonReply => ({ status: 200, body: { data: ids.map((id) => ({ id, context_length: 1000 })) } });
/** Lets continuations of settled promises run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("the first need waits for all providers, asked side by side", async () => {
  const { calls, at, listings, ids } = scripted();
  const ready = listings.ensure(["a", "b"]);
  assert.deepEqual(calls.map((it) => it.url), ["https://a.example/models", "https://b.example/models"]);
  assert.equal(at(0).timeoutMs, 5_000);
  at(0).answer(list("a1", "a2"));
  at(1).answer(list("b1"));
  await ready;
  assert.deepEqual([ids("a"), ids("b")], [["a1", "a2"], ["b1"]]);
  assert.deepEqual(listings.facts("a", "a2"), { contextTokens: 1000 });
  assert.equal(listings.facts("a", "other"), undefined);
});

Deno.test("needs at the same time share one call", async () => {
  const { calls, at, listings } = scripted();
  const both = Promise.all([listings.ensure(["a"]), listings.ensure(["a"]), listings.refresh("a")]);
  at(0).answer(list("a1"));
  await both;
  assert.equal(calls.length, 1);
});

Deno.test("a list is fresh for ten minutes, then served while it is read again", async () => {
  const { state, calls, at, listings, ids } = scripted();
  const first = listings.ensure(["a"]);
  at(0).answer(list("old"));
  await first;
  state.now += 10 * 60_000 - 1;
  await listings.ensure(["a"]);
  assert.equal(calls.length, 1);
  state.now += 1;
  await listings.ensure(["a"]);
  assert.equal(calls.length, 2);
  assert.deepEqual(ids("a"), ["old"]);
  at(1).answer(list("new"));
  await settled();
  assert.deepEqual(ids("a"), ["new"]);
});

Deno.test("a failure keeps the last list and is tried again after a minute", async () => {
  const { state, calls, at, listings, ids } = scripted();
  const first = listings.ensure(["a"]);
  at(0).answer(list("kept"));
  await first;
  state.now += 11 * 60_000;
  await listings.ensure(["a"]);
  at(1).fail();
  await settled();
  assert.deepEqual(ids("a"), ["kept"]);
  assert.equal(listings.isKnown("a"), true);
  state.now += 59_999;
  await listings.ensure(["a"]);
  assert.equal(calls.length, 2);
  state.now += 1;
  await listings.ensure(["a"]);
  assert.equal(calls.length, 3);
});

Deno.test("a provider that never listed is unknown, whatever the reason, and what is known without its list stands in", async () => {
  const { at, listings, ids } = scripted();
  const ready = listings.ensure(["down", "listless", "empty", "html"]);
  at(0).answer({ status: 500, body: undefined });
  at(1).answer(list());
  at(2).answer({ status: 200, body: undefined });
  await ready;
  for (const provider of ["down", "listless", "empty", "html", "never asked"]) {
    assert.equal(listings.isKnown(provider), false, provider);
    assert.deepEqual(ids(provider), [`${provider}-known`]);
  }
});

Deno.test("a refused credential is followed by the next, three at most, within the same five seconds", async () => {
  const keys = ["1", "2", "3", "4"].map((it) => ({ authorization: `Bearer ${it}` }));
  const { state, calls, at, listings } = scripted(keys);
  const ready = listings.ensure(["a"]);
  at(0).answer({ status: 401, body: undefined });
  state.now += 1_500;
  await settled();
  assert.equal(at(1).headers.authorization, "Bearer 2");
  assert.equal(at(1).timeoutMs, 3_500);
  at(1).answer({ status: 403, body: undefined });
  await settled();
  at(2).answer({ status: 429, body: undefined });
  await ready;
  assert.equal(calls.length, 3);
});

Deno.test("a provider in trouble is not asked again with other credentials", async () => {
  const { calls, at, listings } = scripted([{ authorization: "1" }, { authorization: "2" }]);
  const ready = listings.ensure(["a"]);
  at(0).answer({ status: 503, body: undefined });
  await ready;
  assert.equal(calls.length, 1);
});

Deno.test("closing aborts the calls under way", async () => {
  const { at, listings } = scripted();
  const ready = listings.ensure(["a"]);
  listings.close();
  assert.equal(at(0).signal.aborted, true);
  at(0).fail();
  await ready;
});

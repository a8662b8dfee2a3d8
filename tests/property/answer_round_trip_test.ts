/**
 * An answer that a client's half writes, whole or as a stream, is read by the provider's half as what was said. Where a
 * dialect has no word for something, the normal form says what stands in its place.
 */
import { ANSWER_CONTEXT, HELLO } from "../support/plain_chat.ts";
import fc from "fast-check";
import assert from "node:assert/strict";
import type { ChatEvent, ChatUsage, FinishReason } from "../../src/canonical/chat.ts";
import type { Crossing } from "../../src/dialects/codec.ts";
import { UNSIGNED } from "../../src/dialects/anthropic_client/signature.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { callArguments, text } from "./random_chats.ts";
import { DIALECTS, type RoundDialect } from "./round_dialects.ts";

const RUN_COUNT = 1_000;

/** What an answer of a dialect may hold beside text, thoughts, refusals and calls. */
interface Grammar {
  readonly choiceCount: number;
  readonly proofs: readonly ("signed thought" | "encrypted thought" | "signed text" | "signed call")[];
  /** Refusals have a form of their own; else they are text. */
  readonly refusal: "own" | "text" | "text and end";
  /** `always`: the dialect demands it, and estimates it where nobody told. */
  readonly usage: "always" | "where told";
  /** What is told of the input beside what came from the cache. */
  readonly inputs: readonly ("cache writes" | "sound")[];
  /** The text that made the model stop is told. */
  readonly stopSequence: "told" | "untold";
  /** Calls are objects in streams too: one whose arguments have not begun is told when it is over. */
  readonly emptyCall: "in its place" | "last";
  /** A whole answer has a field for each kind, so that the order among kinds is lost. */
  readonly order: "kept" | "by kind";
}

const GRAMMARS: Readonly<Record<RoundDialect["name"], Grammar>> = {
  "chat completions": {
    choiceCount: 3,
    proofs: [],
    refusal: "own",
    usage: "where told",
    inputs: ["sound"],
    stopSequence: "untold",
    emptyCall: "in its place",
    order: "by kind",
  },
  Responses: {
    choiceCount: 1,
    proofs: ["encrypted thought"],
    refusal: "own",
    usage: "where told",
    inputs: [],
    stopSequence: "untold",
    emptyCall: "in its place",
    order: "kept",
  },
  Messages: {
    choiceCount: 1,
    proofs: ["signed thought", "encrypted thought"],
    refusal: "text and end",
    usage: "always",
    inputs: ["cache writes"],
    stopSequence: "told",
    emptyCall: "in its place",
    order: "kept",
  },
  generateContent: {
    choiceCount: 3,
    proofs: ["signed thought", "signed text", "signed call"],
    refusal: "text",
    usage: "where told",
    inputs: [],
    stopSequence: "untold",
    emptyCall: "last",
    order: "kept",
  },
};

const proof = fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => btoa(String.fromCharCode(...bytes)));

/** One thing that is said, as the events it may come in. */
type Saying = (choice: number, id: string) => readonly ChatEvent[];

function cutText(whole: string, at: number): readonly string[] {
  const units = [...whole];
  return [units.slice(0, at).join(""), units.slice(at).join("")];
}

function sayings({ proofs, emptyCall }: Grammar): fc.Arbitrary<Saying> {
  const pieces = fc.tuple(text, fc.nat(6)).map(([whole, at]) => cutText(whole, at));
  const plain = (kind: "text" | "reasoning" | "refusal"): fc.Arbitrary<Saying> =>
    pieces.map((cut) => (choice) => cut.filter((it) => it !== "").map((it) => ({ kind, choice, text: it })));
  const signed = (kind: "text" | "reasoning"): fc.Arbitrary<Saying> =>
    fc.tuple(text, proof).map(([it, signature]) => (choice) => [{ kind, choice, text: it }, { kind, choice, text: "", signature }]);
  const call: fc.Arbitrary<Saying> = fc.record({
    name: fc.constantFrom("f", "g"),
    cut: fc.tuple(callArguments, fc.nat(4), fc.nat(8)).map(([whole, ...at]) => ({ whole, at })),
    signature: proofs.includes("signed call") ? fc.option(proof, { nil: undefined }) : fc.constant(undefined),
  }).map(({ name, cut: { whole, at: [first, second] }, signature }) => (choice, id) => [
    {
      kind: "tool_call",
      choice,
      call: { kind: "tool_call", id, name, arguments: whole.slice(0, first), ...(signature === undefined ? {} : { signature }) },
    },
    { kind: "tool_arguments", choice, id, arguments: whole.slice(first, first + second) },
    { kind: "tool_arguments", choice, id, arguments: whole.slice(first + second) },
  ]);
  const silent: fc.Arbitrary<Saying> = fc.constant((choice, id) => [
    { kind: "tool_call", choice, call: { kind: "tool_call", id, name: "f", arguments: "" } },
  ]);
  const encrypted: fc.Arbitrary<Saying> = proof.map((it) => (choice) => [{ kind: "reasoning", choice, text: "", encrypted: it }]);
  return fc.oneof(
    plain("text"),
    plain("reasoning"),
    plain("refusal"),
    call,
    ...(emptyCall === "last" ? [] : [silent]),
    ...(proofs.includes("signed thought") ? [signed("reasoning")] : []),
    ...(proofs.includes("signed text") ? [signed("text")] : []),
    ...(proofs.includes("encrypted thought") ? [encrypted] : []),
  );
}

/** Calls that were begun one after the other may get the rest of their arguments in turns. */
function interleaved(events: readonly ChatEvent[]): readonly ChatEvent[] {
  const isCall = (event: ChatEvent | undefined) => event?.kind === "tool_call" || event?.kind === "tool_arguments";
  const all: ChatEvent[] = [];
  for (let from = 0; from < events.length;) {
    let to = from;
    while (isCall(events[to])) to++;
    const run = events.slice(from, Math.max(to, from + 1));
    all.push(...run.filter(({ kind }) => kind !== "tool_arguments"), ...run.filter(({ kind }) => kind === "tool_arguments"));
    from += run.length;
  }
  return all;
}

const REASONS: readonly FinishReason[] = ["stop", "length", "content_filter"];

function answersOf(grammar: Grammar): fc.Arbitrary<readonly ChatEvent[]> {
  const choice = fc.record({
    said: fc.array(sayings(grammar), { maxLength: 5 }),
    reason: fc.constantFrom(...REASONS),
    stopSequence: grammar.stopSequence === "told" ? fc.option(text, { nil: undefined }) : fc.constant(undefined),
    isInterleaved: fc.boolean(),
  });
  return fc.tuple(fc.array(choice, { minLength: 1, maxLength: grammar.choiceCount }), usageOf(grammar))
    .map(([choices, usage]) => {
      const said = choices.flatMap((it, index) => {
        const events = it.said.flatMap((say, at) => say(index, `call_${index}_${at}`));
        return it.isInterleaved ? interleaved(events) : events;
      });
      const ends = choices.map(({ reason, stopSequence }, index): ChatEvent => {
        const hasCalled = said.some((event) => event.kind === "tool_call" && event.choice === index);
        const told = hasCalled && reason === "stop" ? "tool_calls" : reason;
        return { kind: "finish", choice: index, reason: told, ...(stopSequence === undefined || told !== "stop" ? {} : { stopSequence }) };
      });
      return [{ kind: "start", id: "a" }, ...said, ...ends, ...(usage === undefined ? [] : [{ kind: "usage" as const, usage }])];
    });
}

function usageOf({ usage, inputs }: Grammar): fc.Arbitrary<ChatUsage | undefined> {
  const count = fc.nat(100_000);
  const tellsWrites = inputs.includes("cache writes");
  const heard = inputs.includes("sound") ? fc.option(count, { nil: undefined }) : fc.constant(undefined);
  const told = fc.tuple(count, count, tellsWrites ? count : fc.constant(0), count, count, heard);
  const counted = told.map(([fresh, cachedTokens, written, spoken, reasoningTokens, inputAudioTokens]): ChatUsage => ({
    inputTokens: fresh + cachedTokens + written,
    cachedTokens,
    outputTokens: spoken + reasoningTokens,
    reasoningTokens,
    totalTokens: fresh + cachedTokens + written + spoken + reasoningTokens,
    ...(tellsWrites ? { cacheWriteTokens: written } : {}),
    ...(inputAudioTokens === undefined ? {} : { inputAudioTokens }),
  }));
  return usage === "always" ? counted : fc.option(counted, { nil: undefined });
}

type Said = { readonly kind: string; text: string; readonly id?: string; readonly name?: string; signature?: string; encrypted?: string };

/** What an answer says, however it was cut, by its choices. */
function normal(events: readonly ChatEvent[], { refusal, order }: Pick<Grammar, "refusal" | "order">): unknown {
  const choices = new Map<number, { readonly said: Said[]; reason: string; stopSequence?: string }>();
  let usage: ChatUsage | undefined;
  for (const event of events) {
    if (event.kind === "usage") usage = event.usage;
    if (event.kind === "usage" || event.kind === "start") continue;
    const choice = choices.get(event.choice) ?? { said: [], reason: "" };
    choices.set(event.choice, choice);
    if (event.kind === "finish") {
      choice.reason = event.reason;
      if (event.stopSequence !== undefined) choice.stopSequence = event.stopSequence;
    } else take(choice.said, event, refusal);
  }
  const told = [...choices].sort(([a], [b]) => a - b).map(([, { said, reason, stopSequence }]) => {
    const hasRefused = events.some((event) => event.kind === "refusal");
    return {
      said: order === "by kind" ? byKind(said) : said.map(withArguments),
      // A refusal that is told as text is known by its end.
      reason: refusal === "text and end" && hasRefused && reason === "stop" ? "content_filter" : reason,
      ...(stopSequence === undefined || (refusal === "text and end" && hasRefused) ? {} : { stopSequence }),
    };
  });
  return { told, usage };
}

function take(said: Said[], event: Exclude<ChatEvent, { readonly kind: "usage" | "start" | "finish" }>, refusal: Grammar["refusal"]): void {
  const last = said.at(-1);
  switch (event.kind) {
    case "text":
    case "refusal":
    case "reasoning": {
      const kind = event.kind === "refusal" && refusal !== "own" ? "text" : event.kind;
      // Where thoughts must be signed, the mark of those that nobody signed says so.
      const signature = event.kind === "refusal" || event.signature === UNSIGNED ? undefined : event.signature;
      const encrypted = event.kind === "reasoning" ? event.encrypted : undefined;
      if (last?.kind === kind && last.signature === undefined && last.encrypted === undefined) last.text += event.text;
      else said.push({ kind, text: event.text });
      const now = said.at(-1);
      if (now !== undefined && signature !== undefined) now.signature = signature;
      if (now !== undefined && encrypted !== undefined) now.encrypted = encrypted;
      return;
    }
    case "tool_call": {
      const { id, name, arguments: begun, signature } = event.call;
      said.push({ kind: "call", id, name, text: begun, ...(signature === undefined ? {} : { signature }) });
      return;
    }
    case "tool_arguments": {
      const call = said.findLast((it) => it.id === event.id);
      assert.ok(call !== undefined, "arguments belong to a call that was told");
      call.text += event.arguments;
      return;
    }
    default:
      assert.fail(`nobody said ${event.kind}`);
  }
}

/** No arguments are an object without any. */
function withArguments(said: Said): Said {
  return said.kind === "call" && said.text === "" ? { ...said, text: "{}" } : said;
}

function byKind(said: readonly Said[]): unknown {
  const words = (kind: string) => said.filter((it) => it.kind === kind).map((it) => it.text).join("");
  return {
    text: words("text"),
    reasoning: words("reasoning"),
    refusal: words("refusal"),
    calls: said.filter(({ kind }) => kind === "call").map(withArguments),
  };
}

function readerOf({ provider, model, recall }: RoundDialect): Crossing {
  const crossing = provider.cross(HELLO, { model, recall, newId: () => "made" });
  assert.ok(!isFailure(crossing));
  return crossing;
}

function whole(dialect: RoundDialect, events: readonly ChatEvent[]): readonly ChatEvent[] {
  return readerOf(dialect).answer(dialect.client.answer(events, ANSWER_CONTEXT));
}

function streamed(dialect: RoundDialect, events: readonly ChatEvent[]): readonly ChatEvent[] {
  const writer = dialect.client.stream(ANSWER_CONTEXT);
  const reader = readerOf(dialect).events();
  const bodies = [...events.flatMap((event) => writer.push(event)), ...writer.end()];
  return [...bodies.flatMap((body) => reader.push(body)), ...reader.end()];
}

type Way = (events: readonly ChatEvent[]) => readonly ChatEvent[];

/** `first`: what the answer went through before; it is what is told, in its order. */
function check(grammar: Grammar, { way, first = (events) => events }: { readonly way: Way; readonly first?: Way }): void {
  fc.assert(
    fc.property(answersOf(grammar), (events) => {
      const told = first(events);
      assert.deepEqual(normal(way(told), grammar), normal(told, grammar));
    }),
    { numRuns: RUN_COUNT },
  );
}

const ONE_EACH = DIALECTS.filter(({ name }, index) => DIALECTS.findIndex((other) => other.name === name) === index);
const [chat] = ONE_EACH;

for (const dialect of ONE_EACH) {
  const { name } = dialect;
  const grammar = GRAMMARS[name];
  Deno.test(`a whole answer in ${name} is read as what was said`, () => check(grammar, { way: (events) => whole(dialect, events) }));
  Deno.test(`a stream in ${name} is read as what was said`, () => {
    check({ ...grammar, order: "kept" }, { way: (events) => streamed(dialect, events) });
  });
  if (chat === undefined || dialect === chat) continue;
  // What both have words for. Streams of chat completions keep the order of kinds.
  const common: Grammar = { ...grammar, proofs: [], inputs: [], stopSequence: "untold" };
  Deno.test(`a whole answer of ${chat.name} says the same by way of ${name}`, () => {
    check({ ...common, order: "by kind" }, {
      first: (events) => whole(chat, events),
      way: (events) => whole(chat, whole(dialect, events)),
    });
  });
  Deno.test(`a stream of ${chat.name} says the same by way of ${name}`, () => {
    check(common, { first: (events) => streamed(chat, events), way: (events) => streamed(chat, streamed(dialect, events)) });
  });
}

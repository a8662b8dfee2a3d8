/** Writing answers, whole and as chunks: both say the same, in the shapes OpenAI's clients expect. */
import fc from "fast-check";
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import type { ChatEvent } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";
import { OPENAI_CHAT_CODEC } from "./codec.ts";

const CONTEXT: AnswerContext = { model: "p/m", id: "req1", createdAtS: 1_700_000_000, wantsStreamUsage: true, request: {} };

const USAGE: ChatEvent = {
  kind: "usage",
  usage: { inputTokens: 10, cachedTokens: 4, outputTokens: 7, reasoningTokens: 3, totalTokens: 17 },
};

function chunksOf(events: readonly ChatEvent[], context = CONTEXT): readonly JsonObject[] {
  const writer = OPENAI_CHAT_CODEC.stream(context);
  return [...events.flatMap((event) => writer.push(event)), ...writer.end()];
}

Deno.test("a stream opens with the role, ends each choice once, and closes with usage", () => {
  const events: ChatEvent[] = [
    { kind: "start", id: "abc", createdAt: 1_600_000_000_500, modelVersion: "m-001" },
    { kind: "reasoning", choice: 0, text: "hm" },
    { kind: "text", choice: 0, text: "hi" },
    { kind: "text", choice: 0, text: "", signature: "AAAA" },
    { kind: "finish", choice: 0, reason: "stop" },
    { kind: "text", choice: 0, text: "!" },
    USAGE,
  ];
  const head = { id: "chatcmpl-abc", object: "chat.completion.chunk", created: 1_600_000_000, model: "p/m" };
  const said = (delta: JsonObject) => ({ ...head, choices: [{ index: 0, delta, finish_reason: null }], usage: null });
  assert.deepEqual(chunksOf(events), [
    said({ role: "assistant", content: "" }),
    said({ reasoning_content: "hm" }),
    said({ content: "hi" }),
    said({ content: "!" }),
    said({ extra_content: { google: { thought_signature: "AAAA" } } }),
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: null, model_version: "m-001" },
    {
      ...head,
      choices: [],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 7,
        total_tokens: 17,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    },
  ]);
  const plain = chunksOf(events, { ...CONTEXT, wantsStreamUsage: false });
  assert.ok(plain.every((chunk) => !("usage" in chunk)));
});

Deno.test("a whole answer has the same fields", () => {
  const call = { kind: "tool_call", id: "c1", name: "f", arguments: '{"a":1}', signature: "AAAA" } as const;
  const body = OPENAI_CHAT_CODEC.answer([
    { kind: "start" },
    { kind: "reasoning", choice: 0, text: "hm" },
    { kind: "tool_call", choice: 0, call },
    { kind: "finish", choice: 0, reason: "tool_calls" },
    USAGE,
  ], CONTEXT);
  assert.deepEqual(body.choices, [{
    index: 0,
    message: {
      role: "assistant",
      content: null,
      reasoning_content: "hm",
      tool_calls: [{
        id: "c1",
        type: "function",
        function: { name: "f", arguments: '{"a":1}' },
        extra_content: { google: { thought_signature: "AAAA" } },
      }],
    },
    finish_reason: "tool_calls",
  }]);
  assert.deepEqual([body.id, body.object, body.created, body.model], ["chatcmpl-req1", "chat.completion", 1_700_000_000, "p/m"]);
});

Deno.test("calls are told in the form their tools were declared in", () => {
  const call = (id: string, form: "free_text" | "legacy", text: string): ChatEvent => ({
    kind: "tool_call",
    choice: 0,
    call: { kind: "tool_call", id, name: "f", arguments: text, form },
  });
  const finish: ChatEvent = { kind: "finish", choice: 0, reason: "tool_calls" };
  const pieces: ChatEvent[] = [
    call("a", "free_text", '{"inp'),
    { kind: "tool_arguments", choice: 0, id: "a", arguments: 'ut":"x"}' },
    finish,
  ];
  const custom = { id: "a", type: "custom", custom: { name: "f", input: "x" } };
  assert.deepEqual(foldedMessage(chunksOf(pieces)).tool_calls, [custom]);
  assert.deepEqual(messageOf(pieces).tool_calls, [custom]);
  const legacy = [call("a", "legacy", "{}"), call("b", "legacy", "{}"), finish];
  assert.deepEqual(messageOf(legacy).function_call, { name: "f", arguments: "{}" });
  assert.deepEqual(foldedMessage(chunksOf(legacy)).function_call, { name: "f", arguments: "{}" });
  assert.equal(asObject(asArray(OPENAI_CHAT_CODEC.answer(legacy, CONTEXT).choices)[0])?.finish_reason, "function_call");
});

Deno.test("an answer of nothing is still an answer with an end", () => {
  assert.deepEqual(chunksOf([{ kind: "start" }]).map((chunk) => asObject(asArray(chunk.choices)[0])?.finish_reason), [null, "stop"]);
  assert.equal(messageOf([]).content, "");
});

function messageOf(events: readonly ChatEvent[]): JsonObject {
  return asObject(asObject(asArray(OPENAI_CHAT_CODEC.answer(events, CONTEXT).choices)[0])?.message) ?? {};
}

function foldedMessage(chunks: readonly JsonObject[]): JsonObject {
  return asObject(foldChunks(chunks).get(0)?.message) ?? {};
}

/** What a client puts together from a stream, by choice. */
function foldChunks(chunks: readonly JsonObject[]): ReadonlyMap<number, JsonObject> {
  const choices = new Map<number, JsonObject>();
  for (const choice of chunks.flatMap((chunk) => asArray(chunk.choices).filter(isObject))) {
    const index = asNumber(choice.index) ?? -1;
    const before: JsonObject = choices.get(index) ?? { index, message: {} };
    assert.equal(before.finish_reason ?? null, null, "nothing follows the end of a choice");
    const { delta, logprobs, ...rest } = choice;
    const logged = [...asArray(asObject(before.logprobs)?.content), ...asArray(asObject(logprobs)?.content)];
    choices.set(index, {
      ...before,
      ...rest,
      message: foldDelta(asObject(before.message) ?? {}, asObject(delta) ?? {}),
      ...(logged.length === 0 ? {} : { logprobs: { content: logged } }),
    });
  }
  return choices;
}

function foldDelta(message: JsonObject, delta: JsonObject): JsonObject {
  const folded: Record<string, Json | undefined> = { ...message };
  for (const [name, value] of Object.entries(delta)) {
    const before = folded[name];
    if (name === "tool_calls") folded[name] = foldCalls(asArray(before), asArray(value));
    else if (name === "audio") folded[name] = foldAudio(asObject(before), asObject(value) ?? {});
    else if (name === "role" || name === "extra_content") folded[name] = value;
    else if (typeof value === "string") folded[name] = (asString(before) ?? "") + value;
    else if (Array.isArray(value)) folded[name] = [...asArray(before), ...value];
    else folded[name] = value;
  }
  return folded;
}

function foldCalls(before: readonly Json[], pieces: readonly Json[]): readonly Json[] {
  const calls = [...before];
  for (const piece of pieces.filter(isObject)) {
    const { index: at, ...fields } = piece;
    const index = asNumber(at) ?? -1;
    assert.ok(index >= 0 && index <= calls.length, "calls are numbered without gaps");
    const call = asObject(calls[index]);
    if (call === undefined) {
      calls.push(fields);
      continue;
    }
    assert.equal(fields.id, undefined, "a call is announced once");
    const called = asObject(call.function) ?? {};
    const more = asString(asObject(fields.function)?.arguments) ?? "";
    calls[index] = { ...call, function: { ...called, arguments: (asString(called.arguments) ?? "") + more } };
  }
  return calls;
}

function foldAudio(before: JsonObject | undefined, piece: JsonObject): JsonObject {
  const bytes = [before?.data, piece.data].map((data) => Buffer.from(asString(data) ?? "", "base64"));
  return { ...piece, data: Buffer.concat(bytes).toString("base64") };
}

const choiceArbitrary = fc.nat({ max: 2 });
const textArbitrary = fc.string({ minLength: 1, maxLength: 5, unit: "grapheme" });
const blobArbitrary = fc.uint8Array({ minLength: 1, maxLength: 5 }).map((bytes) => ({
  kind: "inline" as const,
  mimeType: "x/y",
  data: Buffer.from(bytes).toString("base64"),
}));

/** One event of each kind; ids are made unique afterwards. */
const eventArbitrary: fc.Arbitrary<ChatEvent> = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), choice: choiceArbitrary, text: textArbitrary }),
  fc.record({ kind: fc.constant("text" as const), choice: choiceArbitrary, text: fc.constant(""), signature: textArbitrary }),
  fc.record({ kind: fc.constant("reasoning" as const), choice: choiceArbitrary, text: textArbitrary }),
  fc.record({ kind: fc.constant("refusal" as const), choice: choiceArbitrary, text: textArbitrary }),
  fc.record({
    kind: fc.constant("tool_call" as const),
    choice: choiceArbitrary,
    call: fc.record({
      kind: fc.constant("tool_call" as const),
      id: fc.constant(""),
      name: fc.constantFrom("f", "g"),
      arguments: fc.json({ maxDepth: 1 }),
    }),
  }),
  fc.record({ kind: fc.constant("image" as const), choice: choiceArbitrary, source: blobArbitrary }),
  fc.record({ kind: fc.constant("audio" as const), choice: choiceArbitrary, source: blobArbitrary }),
  fc.record({
    kind: fc.constant("citations" as const),
    choice: choiceArbitrary,
    citations: fc.array(fc.record({ url: textArbitrary, startIndex: fc.nat() }), { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant("logprobs" as const),
    choice: choiceArbitrary,
    tokens: fc.array(fc.record({ token: textArbitrary, logprob: fc.constant(-1), alternatives: fc.constant([]) }), { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant("finish" as const), choice: choiceArbitrary, reason: fc.constantFrom("stop" as const, "length" as const) }),
);

Deno.test("a whole answer is what a client makes of the stream of the same events", () => {
  fc.assert(fc.property(fc.array(eventArbitrary, { maxLength: 30 }), (events) => {
    const named = events.flatMap((event, index): ChatEvent[] => {
      if (event.kind !== "tool_call") return [event];
      const id = `call_${index}`;
      return [{ ...event, call: { ...event.call, id } }, { kind: "tool_arguments", choice: event.choice, id, arguments: "+" }];
    });
    const folded = [...foldChunks(chunksOf(named)).values()].sort((a, b) => Number(a.index) - Number(b.index)).map(sameContent);
    const whole = asArray(OPENAI_CHAT_CODEC.answer(named, CONTEXT).choices).filter(isObject).map(sameContent);
    assert.deepEqual(whole, folded);
  }));
});

/** A whole answer without words says `null` beside calls, where a stream has said "". */
function sameContent(choice: JsonObject): JsonObject {
  const message = asObject(choice.message) ?? {};
  return { ...choice, message: { ...message, content: message.content ?? "" } };
}

/** Tests of token counts: published examples, hostile texts, limits and the event loop's turn. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { countTokens as encodedCount } from "gpt-tokenizer/encoding/o200k_base";
import { countTokens as encodedCountCl100k } from "gpt-tokenizer/encoding/cl100k_base";
import type { Clock } from "../kernel/clock.ts";
import { cutText } from "./token_pieces.ts";
import { countTokens, encodingOf, estimateTokens, MAX_ENCODED_CHARS } from "./tokens.ts";

const counted = async (model: string, text: string) => (await countTokens({ model, text })).count;

Deno.test("known texts have their known counts in each encoding", async () => {
  assert.equal(await counted("openai/gpt-4o", "antidisestablishmentarianism"), 6);
  assert.equal(await counted("gpt-4", "antidisestablishmentarianism"), 6);
  assert.equal(await counted("gpt-4o", "お誕生日おめでとう"), 8);
  assert.equal(await counted("gpt-4", "お誕生日おめでとう"), 9);
  assert.equal(await counted("gpt-4o", ""), 0);
});

/** The examples of OpenAI's cookbook, with the counts its API reported. */
const JARGON = [
  { role: "system", content: "You are a helpful, pattern-following assistant that translates corporate jargon into plain English." },
  { role: "system", name: "example_user", content: "New synergies will help drive top-line growth." },
  { role: "system", name: "example_assistant", content: "Things working well together will increase revenue." },
  {
    role: "system",
    name: "example_user",
    content: "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  { role: "system", name: "example_assistant", content: "Let's talk later when we're less busy about how to do better." },
  { role: "user", content: "This late pivot means we don't have time to boil the ocean for the client deliverable." },
];
const WEATHER = {
  messages: [
    { role: "system", content: "You are a helpful assistant that can answer to questions about the weather." },
    { role: "user", content: "What's the weather like in San Francisco?" },
  ],
  tools: [{
    type: "function",
    function: {
      name: "get_current_weather",
      description: "Get the current weather in a given location",
      parameters: {
        type: "object",
        properties: {
          location: { type: "string", description: "The city and state, e.g. San Francisco, CA" },
          unit: { type: "string", description: "The unit of temperature to return", enum: ["celsius", "fahrenheit"] },
        },
        required: ["location"],
      },
    },
  }],
};

Deno.test("chat messages count as OpenAI bills them", async () => {
  assert.deepEqual(await countTokens({ model: "gpt-4", messages: JARGON }), { count: 129, isEstimate: false, encoding: "cl100k_base" });
  assert.deepEqual(await countTokens({ model: "gpt-4o", messages: JARGON }), { count: 124, isEstimate: false, encoding: "o200k_base" });
});

Deno.test("tools count by the published rule, as an estimate", async () => {
  assert.deepEqual(await countTokens({ model: "gpt-4", ...WEATHER }), { count: 105, isEstimate: true, encoding: "cl100k_base" });
  assert.deepEqual(await countTokens({ model: "gpt-4o", ...WEATHER }), { count: 101, isEstimate: true, encoding: "o200k_base" });
});

Deno.test("text parts count as text, images by a fixed estimate", async () => {
  const count = (content: string | readonly Record<string, unknown>[]) =>
    countTokens({ model: "gpt-4o", messages: JSON.parse(JSON.stringify([{ role: "user", content }])) });
  const plain = await count("hello there");
  assert.deepEqual(await count([{ type: "text", text: "hello there" }]), plain);
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
  assert.deepEqual(await count([{ type: "text", text: "hello there" }, image]), { ...plain, count: plain.count + 765, isEstimate: true });
  const low = { type: "image_url", image_url: { url: "https://a.example/b.png", detail: "low" } };
  assert.equal((await count([{ type: "text", text: "hello there" }, low])).count, plain.count + 85);
});

Deno.test("earlier tool calls count with their names and arguments", async () => {
  const message = { role: "assistant", content: null };
  const bare = await countTokens({ model: "gpt-4o", messages: [message] });
  const tool_calls = [{ id: "c1", type: "function", function: { name: "find", arguments: `{"q":"x"}` } }];
  const calling = await countTokens({ model: "gpt-4o", messages: [{ ...message, tool_calls }] });
  assert.equal(calling.count - bare.count, 3 + encodedCount("find") + encodedCount(`{"q":"x"}`));
  assert.equal(calling.isEstimate, true);
});

Deno.test("inputs are texts, lists of texts, tokens or lists of tokens", async () => {
  const count = async (input: string | number[] | string[] | number[][]) =>
    (await countTokens({ model: "text-embedding-3-small", input })).count;
  assert.equal(await count("hello world"), 2);
  assert.equal(await count(["hello world", "hello"]), 3);
  assert.equal(await count([1, 2, 3]), 3);
  assert.equal(await count([[1, 2], [3]]), 3);
});

Deno.test("strange fields count nothing and break nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), async (messages, tools) => {
      const input = JSON.parse(JSON.stringify({ model: "gpt-4o", messages, tools, input: messages, text: tools }));
      const { count } = await countTokens(input);
      return Number.isInteger(count) && count >= 0;
    }),
    { numRuns: 200 },
  );
});

Deno.test("the encoding follows the model's family", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["openai/gpt-4o-mini", "o200k_base", true],
    ["openrouter/openai/gpt-5.1", "o200k_base", true],
    ["gpt-4.1-nano", "o200k_base", true],
    ["o3-mini", "o200k_base", true],
    ["o1", "o200k_base", true],
    ["ft:gpt-4o:org::id", "o200k_base", true],
    ["GPT-4-Turbo", "cl100k_base", true],
    ["gpt-4", "cl100k_base", true],
    ["gpt-3.5-turbo", "cl100k_base", true],
    ["azure/gpt-35-turbo", "cl100k_base", true],
    ["text-embedding-ada-002", "cl100k_base", true],
    ["anthropic/claude-sonnet-4-5", "o200k_base", false],
    ["gemini-2.5-pro", "o200k_base", false],
    ["olmo-2", "o200k_base", false],
    ["", "o200k_base", false],
  ];
  for (const [model, encoding, isExact] of rows) assert.deepEqual(encodingOf(model), { encoding, isExact }, model);
});

Deno.test("special tokens in a user's text are counted as text", async () => {
  for (const model of ["gpt-4o", "gpt-4"]) {
    for (const text of ["<|endoftext|>", "a <|im_start|>system<|im_end|> b", "<|fim_prefix|><|endofprompt|>"]) {
      assert.ok(await counted(model, text) >= 5, `${text} in ${model}`);
    }
  }
});

Deno.test("cutting at breaks changes no count", () => {
  const words = ["word", "Words", "WORD", "can't", "I'LL", "x", "12", "12345", "été", "e\u0301", "漢字かな", "한국어", "𠮷野", "😀", "ab"];
  const gaps = [" ", "  ", "\n", "\n\n", "\t", " \n ", ", ", ". ", "...", "-", "'", '"', "，", "/", "\r\n", '{"a":[1]}'];
  const text = fc.array(fc.tuple(fc.constantFrom(...words), fc.constantFrom(...gaps)), { maxLength: 60 }).map((it) => it.flat().join(""));
  fc.assert(
    fc.property(text, fc.integer({ min: 20, max: 60 }), (whole, maxChars) => {
      const pieces = [...cutText(whole, maxChars)];
      assert.equal(pieces.map((it) => it.text).join(""), whole);
      assert.ok(pieces.every((it) => it.text.length <= maxChars));
      fc.pre(pieces.every((it) => it.end === "break"));
      for (const count of [encodedCount, encodedCountCl100k]) {
        assert.equal(pieces.reduce((sum, it) => sum + count(it.text), 0), count(whole));
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("an unbroken run is cut at the bound, never inside a character, and makes the count an estimate", async () => {
  const run = "😀".repeat(1_001);
  const pieces = [...cutText(run)];
  assert.equal(pieces.map((it) => it.text).join(""), run);
  assert.ok(pieces.every((it) => it.text.length <= 1_000 && it.text.isWellFormed()));
  assert.equal((await countTokens({ model: "gpt-4o", text: run })).isEstimate, true);
  const prose = "The quick brown fox jumps over the lazy dog. ".repeat(100);
  assert.deepEqual(await countTokens({ model: "gpt-4o", text: prose }), {
    count: encodedCount(prose),
    isEstimate: false,
    encoding: "o200k_base",
  });
});

Deno.test("a long run takes no longer than a bounded multiple of prose", async () => {
  const prose = "Nineteen quarrelsome philosophers contemplated unfathomable juxtapositions. ".repeat(300).slice(0, 20_000);
  const msFor = async (text: string) => {
    const startedAt = performance.now();
    await countTokens({ model: "gpt-4o", text });
    return performance.now() - startedAt;
  };
  await msFor(prose);
  const proseMs = await msFor(prose);
  // Uncut, these runs take hundreds to thousands of times as long as the prose.
  for (const char of ["a", "我", "=", " "]) {
    const ratio = await msFor(char.repeat(20_000)) / Math.max(proseMs, 0.5);
    assert.ok(ratio < 150, `a run of "${char}" took ${ratio.toFixed(0)} times as long`);
  }
});

Deno.test("beyond the bound the length decides", async () => {
  assert.equal(estimateTokens(["abcdefgh", "漢字漢"]), 4);
  const text = "word ".repeat(MAX_ENCODED_CHARS / 5 + 1);
  assert.deepEqual(await countTokens({ model: "gpt-4o", text }), {
    count: Math.ceil(text.length / 4),
    isEstimate: true,
    encoding: "o200k_base",
  });
});

/** A clock on which every look takes `stepMs`, so that slices end soon. */
function slowClock(stepMs: number, onTurn: () => void): Clock {
  let now = 0;
  return {
    now: () => now += stepMs,
    after(_, fn) {
      onTurn();
      queueMicrotask(fn);
      return () => {};
    },
  };
}

Deno.test("a long count lets others have their turn", async () => {
  let turns = 0;
  const text = "word ".repeat(10_000);
  const { count } = await countTokens({ model: "gpt-4o", text }, { clock: slowClock(4, () => turns++) });
  assert.equal(count, encodedCount(text));
  assert.ok(turns >= 10, `${turns} turns`);
});

Deno.test("a text that takes too long to encode is finished by its length", async () => {
  const text = "word ".repeat(10_000);
  const texts = ["first", text, "last"];
  assert.equal((await countTokens({ model: "gpt-4o", input: texts }, { clock: slowClock(4, () => {}) })).isEstimate, false);
  // Looks: one at the start, then one a piece; the budget of 3 s ends at the third piece.
  const { count, isEstimate } = await countTokens({ model: "gpt-4o", input: texts }, { clock: slowClock(1_400, () => {}) });
  assert.equal(isEstimate, true);
  assert.ok(count > 10_002 && count < 12_600, `${count}`);
});

Deno.test("a count ends when it is no longer wanted", async () => {
  const aborter = new AbortController();
  const clock = slowClock(4, () => aborter.abort(new Error("client gone")));
  await assert.rejects(countTokens({ model: "gpt-4o", text: "word ".repeat(10_000) }, { clock, signal: aborter.signal }), /client gone/);
  await assert.rejects(countTokens({ model: "gpt-4o", text: "word" }, { signal: aborter.signal }), /client gone/);
});

/**
 * Every answer quirk on whole answers and on chunks: what needs nothing comes back itself, and what a stream held is never lost.
 */
import assert from "node:assert/strict";
import { asArray, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import { type Quirk, type QuirkName, responseQuirks } from "../quirks.ts";
import { ANSWER_CALL_QUIRKS } from "./answer_calls.ts";
import { ANSWER_ENDING_QUIRKS } from "./answer_endings.ts";
import { ANSWER_QUIRKS } from "./answers.ts";

/** `wanted` absent: the object comes back itself. Both are what a message or a delta says. */
interface SaidCase {
  readonly quirk: QuirkName;
  readonly title: string;
  readonly given: JsonObject;
  readonly wanted?: JsonObject;
}

const SAID_CASES: readonly SaidCase[] = [
  {
    quirk: "reasoning_to_reasoning_content",
    title: "adds and keeps",
    given: { content: "a", reasoning: "r" },
    wanted: { content: "a", reasoning: "r", reasoning_content: "r" },
  },
  {
    quirk: "reasoning_to_reasoning_content",
    title: "leaves what has both",
    given: { reasoning: "r", reasoning_content: "r" },
  },
  { quirk: "reasoning_to_reasoning_content", title: "leaves null", given: { content: "a", reasoning: null } },
  {
    quirk: "thinking_parts_to_reasoning",
    title: "reads Mistral's parts",
    given: {
      content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }, { type: "text", text: "a" }, { type: "reference" }],
    },
    wanted: { content: "a", reasoning_content: "hm" },
  },
  {
    quirk: "thinking_parts_to_reasoning",
    title: "reads Databricks' parts",
    given: { content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }, { type: "text", text: "a" }] },
    wanted: { content: "a", reasoning_content: "hm" },
  },
  { quirk: "thinking_parts_to_reasoning", title: "leaves text", given: { content: "a" } },
  { quirk: "think_tags_to_reasoning", title: "leaves plain text", given: { content: "a < b" } },
  { quirk: "think_tags_to_reasoning", title: "leaves tool calls", given: { content: null, tool_calls: [{ id: "1" }] } },
  {
    quirk: "think_tags_to_reasoning",
    title: "splits a block before the answer",
    given: { content: "<think>hm</think>\n\na" },
    wanted: { content: "a", reasoning_content: "hm" },
  },
];

function quirksOf(...quirks: Quirk[]) {
  const got = responseQuirks(quirks);
  assert.ok(got !== undefined);
  return got;
}

for (const { quirk, title, given, wanted } of SAID_CASES) {
  Deno.test(`answer quirk ${quirk} ${title}, in answers and in chunks`, () => {
    const answer = { id: "1", choices: [{ index: 0, message: given, finish_reason: "stop" }] };
    const gotAnswer = quirksOf(quirk).answer(answer);
    const chunk = { id: "1", choices: [{ index: 0, delta: given, finish_reason: "stop" }] };
    const gotChunks = quirksOf(quirk).chunks().push(chunk);
    if (wanted === undefined) {
      assert.equal(gotAnswer, answer);
      assert.equal(gotChunks[0], chunk);
    } else {
      assert.deepEqual(gotAnswer, { id: "1", choices: [{ index: 0, message: wanted, finish_reason: "stop" }] });
      assert.deepEqual(gotChunks, [{ id: "1", choices: [{ index: 0, delta: wanted, finish_reason: "stop" }] }]);
    }
    assert.equal(gotChunks.length, 1);
  });
}

const FINISH_REASONS: readonly (readonly [given: string | null, wanted: string | null])[] = [
  ["eos", "stop"],
  ["eos_token", "stop"],
  ["model_context_window_exceeded", "length"],
  ["model_length", "length"],
  ["sensitive", "content_filter"],
  ["tool_use", "tool_calls"],
  ["stop", "stop"],
  ["tool_calls", "tool_calls"],
  ["error", "error"],
  ["network_error", "network_error"],
  [null, null],
];

Deno.test("answer quirk openai_finish_reasons translates endings and leaves what means trouble", () => {
  const { answer } = quirksOf("openai_finish_reasons");
  for (const [given, wanted] of FINISH_REASONS) {
    const body = { choices: [{ finish_reason: given }] };
    const got = answer(body);
    assert.deepEqual(got, { choices: [{ finish_reason: wanted }] });
    assert.equal(got === body, given === wanted);
  }
});

Deno.test("answer quirk cached_tokens_in_details puts the count where OpenAI has it", () => {
  const { answer } = quirksOf("cached_tokens_in_details");
  for (const field of ["cached_tokens", "prompt_cache_hit_tokens"]) {
    assert.deepEqual(answer({ usage: { prompt_tokens: 9, [field]: 4, prompt_tokens_details: { audio_tokens: 0 } } }), {
      usage: { prompt_tokens: 9, [field]: 4, prompt_tokens_details: { audio_tokens: 0, cached_tokens: 4 } },
    });
  }
  const told = { usage: { cached_tokens: 4, prompt_tokens_details: { cached_tokens: 4 } } };
  assert.equal(answer(told), told);
  const silent = { usage: null, choices: [] };
  assert.equal(answer(silent), silent);
});

function chunkOf(content: string, rest: JsonObject = {}): JsonObject {
  return { id: "c", choices: [{ index: 0, delta: { content }, finish_reason: null, ...rest }] };
}

/** What the chunks say in all, per choice. */
function said(chunks: readonly JsonObject[], index: number): { content: string; reasoning: string } {
  const choices = chunks.flatMap((chunk) => asArray(chunk.choices)).filter(isObject).filter((choice) => choice.index === index);
  const total = (field: string) => choices.map((choice) => asString(asObject(choice.delta)?.[field]) ?? "").join("");
  return { content: total("content"), reasoning: total("reasoning_content") };
}

Deno.test("answer quirk think_tags_to_reasoning keeps the choices of a stream apart", () => {
  const reader = quirksOf("think_tags_to_reasoning").chunks();
  const chunks = [chunkOf("<thi"), chunkOf("plain <think>", { index: 1 }), chunkOf("nk>hm</th"), chunkOf("ink>yes")].flatMap((chunk) =>
    reader.push(chunk)
  );
  chunks.push(...reader.flush());
  assert.deepEqual(said(chunks, 0), { content: "yes", reasoning: "hm" });
  assert.deepEqual(said(chunks, 1), { content: "plain <think>", reasoning: "" });
});

Deno.test("answer quirk think_tags_to_reasoning gives out what it held with the choice's last chunk", () => {
  const reader = quirksOf("think_tags_to_reasoning").chunks();
  assert.deepEqual(reader.push(chunkOf("<th")), [{ id: "c", choices: [{ index: 0, delta: { content: null }, finish_reason: null }] }]);
  const last = { id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { total_tokens: 1 } };
  assert.deepEqual(reader.push(last), [{ ...last, choices: [{ index: 0, delta: { content: "<th" }, finish_reason: "stop" }] }]);
  assert.deepEqual(reader.flush(), []);
});

Deno.test("answer quirk think_tags_to_reasoning gives out what it held when the stream ends without a finish", () => {
  const reader = quirksOf("think_tags_to_reasoning").chunks();
  reader.push(chunkOf("<think>a</thi"));
  reader.push({ id: "c", choices: [], usage: { total_tokens: 1 } });
  assert.deepEqual(reader.flush(), [{ id: "c", choices: [{ index: 0, delta: { reasoning_content: "</thi" }, finish_reason: null }] }]);
  assert.deepEqual(reader.flush(), []);
});

Deno.test("answer quirk think_tags_to_reasoning returns chunks without text themselves", () => {
  const reader = quirksOf("think_tags_to_reasoning").chunks();
  const chunks = [{ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }, { choices: [], usage: {} }, {
    error: { message: "m" },
  }];
  for (const chunk of chunks) assert.equal(reader.push(chunk)[0], chunk);
});

Deno.test("answer quirks work together, also on what is given out at the end", () => {
  const quirks = quirksOf("think_tags_to_reasoning", "reasoning_to_reasoning_content", "openai_finish_reasons");
  assert.deepEqual(quirks.answer({ choices: [{ message: { content: "<think>b</think>c", reasoning: "a" }, finish_reason: "eos" }] }), {
    choices: [{ message: { content: "c", reasoning: "a", reasoning_content: "b" }, finish_reason: "stop" }],
  });
  const reader = quirks.chunks();
  assert.equal(reader.push(chunkOf("<")).length, 1);
  assert.deepEqual(said(reader.flush(), 0), { content: "<", reasoning: "" });
});

Deno.test("every answer quirk has a case here", () => {
  const tested = new Set<string>(SAID_CASES.map((it) => it.quirk));
  const untested = Object.keys(ANSWER_QUIRKS).filter((name) => !tested.has(name));
  const elsewhere = [
    "cached_tokens_in_details",
    "openai_finish_reasons",
    ...Object.keys(ANSWER_CALL_QUIRKS),
    ...Object.keys(ANSWER_ENDING_QUIRKS),
  ];
  assert.deepEqual(untested, elsewhere, "these have tests of their own");
});

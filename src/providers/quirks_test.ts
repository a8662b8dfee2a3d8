/**
 * Every request quirk on a body it changes and, where that is not plain, on one it must leave: an untouched body comes back itself.
 */
import assert from "node:assert/strict";
import type { JsonObject } from "../kernel/json.ts";
import { findRow } from "./catalog.ts";
import { allowsStreamUsage, applyRequestQuirks, hasQuirk, type Quirk, QUIRK_NAMES, responseQuirks } from "./quirks.ts";
import { ANSWER_QUIRKS } from "./quirks/answers.ts";

/** `wanted` absent: the body comes back itself. */
interface RequestCase {
  readonly quirk: Quirk;
  readonly title: string;
  readonly given: JsonObject;
  readonly wanted?: JsonObject;
}

function user(message: JsonObject): JsonObject {
  return { messages: [message] };
}

const PLACEHOLDER_TOOLS: JsonObject[] = [
  {
    type: "function",
    function: {
      name: "do_not_call_me",
      description: "Does nothing. It must never be called.",
      parameters: { type: "object", properties: {} },
    },
  },
];

const TOOL_WITH_STRICT_SCHEMA: JsonObject = {
  type: "function",
  strict: true,
  function: {
    name: "f",
    strict: true,
    parameters: {
      type: "object",
      additionalProperties: false,
      properties: {
        additionalProperties: { type: "string" },
        strict: { type: "boolean", default: { strict: true } },
        inner: { type: "object", strict: true, additionalProperties: { strict: true } },
      },
      anyOf: [{ additionalProperties: true, required: ["strict"] }],
      oneOf: [{ allOf: [{ $defs: { strict: { strict: true, items: [{ strict: false }] } } }] }],
      items: { additionalProperties: false },
      prefixItems: [{ definitions: { d: { not: { strict: true } } } }],
      enum: [{ strict: true }],
    },
  },
};

const SCHEMA_FORMAT: JsonObject = { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } };
const SCHEMA_TEXT = 'Answer only with JSON that fits this JSON Schema:\n{"type":"object"}';

const PARAMETER_CASES: readonly RequestCase[] = [
  {
    quirk: "max_tokens_only",
    title: "renames",
    given: { max_completion_tokens: 5, model: "m" },
    wanted: { max_tokens: 5, model: "m" },
  },
  {
    quirk: "max_tokens_only",
    title: "keeps what is there under the wanted name",
    given: { max_completion_tokens: 5, max_tokens: 6 },
    wanted: { max_tokens: 6 },
  },
  { quirk: "max_tokens_only", title: "leaves others", given: { max_tokens: 5 } },
  { quirk: "max_completion_tokens_only", title: "renames", given: { max_tokens: 5 }, wanted: { max_completion_tokens: 5 } },
  { quirk: "seed_as_random_seed", title: "renames", given: { seed: 7 }, wanted: { random_seed: 7 } },
  { quirk: "tool_choice_required_as_any", title: "replaces", given: { tool_choice: "required" }, wanted: { tool_choice: "any" } },
  { quirk: "tool_choice_required_as_any", title: "leaves auto", given: { tool_choice: "auto" } },
  { quirk: "tool_choice_required_as_auto", title: "replaces", given: { tool_choice: "required" }, wanted: { tool_choice: "auto" } },
  { quirk: "temperature_at_most_1", title: "lowers", given: { temperature: 1.6 }, wanted: { temperature: 1 } },
  { quirk: "temperature_at_most_1", title: "leaves what fits", given: { temperature: 0 } },
  { quirk: "temperature_above_0", title: "raises zero", given: { temperature: 0 }, wanted: { temperature: 0.01 } },
  { quirk: "temperature_above_0", title: "leaves what fits", given: { temperature: 1.5 } },
  {
    quirk: "openai_reasoning_models",
    title: "serves o-series",
    given: { model: "o4-mini", max_tokens: 5, temperature: 0.2, top_p: 1, seed: 1 },
    wanted: { model: "o4-mini", max_completion_tokens: 5, seed: 1 },
  },
  {
    quirk: "openai_reasoning_models",
    title: "serves gpt-5 behind a vendor name",
    given: { model: "openai/gpt-5-mini", logit_bias: {} },
    wanted: { model: "openai/gpt-5-mini" },
  },
  {
    quirk: "openai_reasoning_models",
    title: "keeps sampling where reasoning is off",
    given: { model: "gpt-5.2", reasoning_effort: "none", temperature: 0.2, max_tokens: 1 },
    wanted: { model: "gpt-5.2", reasoning_effort: "none", temperature: 0.2, max_completion_tokens: 1 },
  },
  { quirk: "openai_reasoning_models", title: "leaves gpt-4o", given: { model: "gpt-4o", max_tokens: 5, temperature: 0.2 } },
  { quirk: "openai_reasoning_models", title: "leaves chat variants", given: { model: "gpt-5-chat-latest", temperature: 0.2 } },
  {
    quirk: "nim_thinking",
    title: "turns effort into the switch",
    given: { model: "deepseek-ai/deepseek-v3.1", reasoning_effort: "high", chat_template_kwargs: { more: 1 } },
    wanted: { model: "deepseek-ai/deepseek-v3.1", chat_template_kwargs: { thinking: true, more: 1 } },
  },
  {
    quirk: "nim_thinking",
    title: "switches off on none",
    given: { model: "deepseek-ai/deepseek-v3.1", reasoning_effort: "none" },
    wanted: { model: "deepseek-ai/deepseek-v3.1", chat_template_kwargs: { thinking: false } },
  },
  {
    quirk: "nim_thinking",
    title: "knows each template's switch",
    given: { model: "qwen/qwen3.5-397b-a17b", reasoning_effort: "low" },
    wanted: { model: "qwen/qwen3.5-397b-a17b", chat_template_kwargs: { enable_thinking: true } },
  },
  {
    quirk: "nim_thinking",
    title: "leaves the client's own switch",
    given: { model: "z-ai/glm4.7", reasoning_effort: "high", chat_template_kwargs: { enable_thinking: false } },
    wanted: { model: "z-ai/glm4.7", chat_template_kwargs: { enable_thinking: false } },
  },
  { quirk: "nim_thinking", title: "leaves requests without an effort", given: { model: "deepseek-ai/deepseek-v3.1" } },
  {
    quirk: "iflow_thinking",
    title: "keeps what GLM thought when on",
    given: { model: "glm-5", reasoning_effort: "medium" },
    wanted: { model: "glm-5", chat_template_kwargs: { enable_thinking: true, clear_thinking: false } },
  },
  {
    quirk: "iflow_thinking",
    title: "switches GLM off",
    given: { model: "glm-4.6", reasoning_effort: "none" },
    wanted: { model: "glm-4.6", chat_template_kwargs: { enable_thinking: false } },
  },
  {
    quirk: "iflow_thinking",
    title: "switches DeepSeek",
    given: { model: "deepseek-v3.2", reasoning_effort: "high" },
    wanted: { model: "deepseek-v3.2", chat_template_kwargs: { enable_thinking: true } },
  },
  {
    quirk: "iflow_thinking",
    title: "splits MiniMax's reasoning",
    given: { model: "minimax-m2.5", reasoning_effort: "minimal" },
    wanted: { model: "minimax-m2.5", reasoning_split: true },
  },
  {
    quirk: "iflow_thinking",
    title: "drops the effort elsewhere",
    given: { model: "deepseek-v3.2-chat", reasoning_effort: "high" },
    wanted: { model: "deepseek-v3.2-chat" },
  },
  { quirk: "iflow_thinking", title: "leaves requests without an effort", given: { model: "glm-5", messages: [] } },
  {
    quirk: "effort_as_enable_thinking",
    title: "switches on",
    given: { model: "coder-model", reasoning_effort: "low" },
    wanted: { model: "coder-model", enable_thinking: true },
  },
  {
    quirk: "effort_as_enable_thinking",
    title: "leaves the client's own switch",
    given: { reasoning_effort: "high", enable_thinking: false },
    wanted: { enable_thinking: false },
  },
  {
    quirk: "no_parallel_tool_calls_true",
    title: "drops what is the default",
    given: { parallel_tool_calls: true, n: 1 },
    wanted: { n: 1 },
  },
  { quirk: "no_parallel_tool_calls_true", title: "leaves a no", given: { parallel_tool_calls: false } },
  { quirk: "nim_thinking", title: "leaves other models", given: { model: "openai/gpt-oss-120b", reasoning_effort: "high" } },
  {
    quirk: "qwen3_thinking_needs_stream",
    title: "switches thinking off",
    given: { model: "qwen3-235b-a22b" },
    wanted: { model: "qwen3-235b-a22b", enable_thinking: false },
  },
  { quirk: "qwen3_thinking_needs_stream", title: "leaves streams", given: { model: "qwen3-8b", stream: true, enable_thinking: true } },
  { quirk: "qwen3_thinking_needs_stream", title: "leaves models of one kind", given: { model: "qwen3-235b-a22b-thinking-2507" } },
  {
    quirk: "json_object_as_json_schema",
    title: "replaces",
    given: { response_format: { type: "json_object" } },
    wanted: { response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } } },
  },
  { quirk: "json_object_as_json_schema", title: "leaves schemas", given: { response_format: SCHEMA_FORMAT } },
  { quirk: "logprobs_as_count", title: "counts", given: { logprobs: true, top_logprobs: 3 }, wanted: { logprobs: 3 } },
  { quirk: "logprobs_as_count", title: "counts the chosen token alone", given: { logprobs: true }, wanted: { logprobs: 1 } },
  { quirk: "logprobs_as_count", title: "drops a no", given: { logprobs: false }, wanted: {} },
  { quirk: "logprobs_as_count", title: "leaves numbers", given: { logprobs: 2 } },
  {
    quirk: "lean_tool_schemas",
    title: "goes only where schemas are",
    given: { tools: [TOOL_WITH_STRICT_SCHEMA] },
    wanted: {
      tools: [{
        type: "function",
        function: {
          name: "f",
          parameters: {
            type: "object",
            properties: {
              additionalProperties: { type: "string" },
              strict: { type: "boolean", default: { strict: true } },
              inner: { type: "object" },
            },
            anyOf: [{ required: ["strict"] }],
            oneOf: [{ allOf: [{ $defs: { strict: { items: [{}] } } }] }],
            items: {},
            prefixItems: [{ definitions: { d: { not: {} } } }],
            enum: [{ strict: true }],
          },
        },
      }],
    },
  },
  { quirk: "lean_tool_schemas", title: "leaves lean ones", given: { tools: [{ type: "function", function: { name: "f" } }] } },
  { quirk: "no_empty_tools", title: "drops", given: { tools: [], tool_choice: "auto", n: 1 }, wanted: { n: 1 } },
  { quirk: "no_empty_tools", title: "leaves tools", given: { tools: [{}] } },
  {
    quirk: "placeholder_tool_when_none",
    title: "puts one in",
    given: { messages: [], tool_choice: "required" },
    wanted: { messages: [], tools: PLACEHOLDER_TOOLS },
  },
  {
    quirk: "placeholder_tool_when_none",
    title: "puts one into an empty list",
    given: { messages: [], tools: [], tool_choice: "none" },
    wanted: { messages: [], tools: PLACEHOLDER_TOOLS, tool_choice: "none" },
  },
  { quirk: "placeholder_tool_when_none", title: "leaves tools", given: { messages: [], tools: [{}] } },
  { quirk: "placeholder_tool_when_none", title: "leaves what is no chat", given: { input: "a" } },
  { quirk: "placeholder_tool_for_empty_list", title: "puts one in", given: { tools: [] }, wanted: { tools: PLACEHOLDER_TOOLS } },
  { quirk: "placeholder_tool_for_empty_list", title: "leaves requests without a list", given: { messages: [] } },
  { quirk: "no_stream_usage", title: "drops", given: { stream: true, stream_options: {} }, wanted: { stream: true } },
  { quirk: { keep: ["n", "stop"] }, title: "keeps", given: { user: "u", n: 1 }, wanted: { n: 1 } },
  { quirk: { keep: ["n", "stop"] }, title: "leaves what is all known", given: { n: 1 } },
  { quirk: { drop: ["user", "store"] }, title: "drops", given: { user: "u", store: true, n: 1 }, wanted: { n: 1 } },
  {
    quirk: { drop: ["stop"], models: /^grok-4/ },
    title: "drops for the model",
    given: { model: "x/Grok-4", stop: "a" },
    wanted: { model: "x/Grok-4" },
  },
  { quirk: { drop: ["stop"], models: /^grok-4/ }, title: "leaves other models", given: { model: "grok-3", stop: "a" } },
];

const MESSAGE_CASES: readonly RequestCase[] = [
  {
    quirk: "plain_text_content",
    title: "joins text parts",
    given: user({ role: "user", content: [{ type: "text", text: "a" }, { type: "text", text: "b" }] }),
    wanted: user({ role: "user", content: "a\nb" }),
  },
  {
    quirk: "plain_text_content",
    title: "makes null empty",
    given: user({ role: "assistant", content: null }),
    wanted: user({ role: "assistant", content: "" }),
  },
  {
    quirk: "plain_text_content",
    title: "leaves images",
    given: user({ content: [{ type: "text", text: "a" }, { type: "image_url", image_url: { url: "u" } }] }),
  },
  { quirk: "no_message_names", title: "drops", given: user({ role: "user", name: "n" }), wanted: user({ role: "user" }) },
  { quirk: "no_developer_role", title: "replaces", given: user({ role: "developer" }), wanted: user({ role: "system" }) },
  { quirk: "no_developer_role", title: "leaves others", given: user({ role: "user", content: "hi" }) },
  {
    quirk: "no_reasoning_replay",
    title: "drops",
    given: user({ content: "a", reasoning_content: "r", reasoning: "r", reasoning_details: [] }),
    wanted: user({ content: "a" }),
  },
  {
    quirk: "reasoning_replay_as_reasoning",
    title: "renames",
    given: user({ reasoning_content: "r" }),
    wanted: user({ reasoning: "r" }),
  },
  {
    quirk: "json_schema_as_json_object",
    title: "adds the schema to the system message",
    given: { response_format: SCHEMA_FORMAT, messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "hi" }] },
    wanted: {
      response_format: { type: "json_object" },
      messages: [{ role: "system", content: `Be brief.\n\n${SCHEMA_TEXT}` }, { role: "user", content: "hi" }],
    },
  },
  {
    quirk: "json_schema_as_json_object",
    title: "adds the schema to a system message of parts",
    given: { response_format: SCHEMA_FORMAT, messages: [{ role: "developer", content: [{ type: "text", text: "a" }] }] },
    wanted: {
      response_format: { type: "json_object" },
      messages: [{ role: "developer", content: [{ type: "text", text: "a" }, { type: "text", text: SCHEMA_TEXT }] }],
    },
  },
  {
    quirk: "json_schema_as_json_object",
    title: "makes a system message where there is none",
    given: { response_format: SCHEMA_FORMAT, messages: [{ role: "user", content: "hi" }] },
    wanted: {
      response_format: { type: "json_object" },
      messages: [{ role: "system", content: SCHEMA_TEXT }, { role: "user", content: "hi" }],
    },
  },
  {
    quirk: "json_schema_as_json_object",
    title: "does without a schema",
    given: { response_format: { type: "json_schema" }, messages: [] },
    wanted: { response_format: { type: "json_object" }, messages: [] },
  },
  { quirk: "json_schema_as_json_object", title: "leaves json_object", given: { response_format: { type: "json_object" } } },
  {
    quirk: "plain_text_tool_results",
    title: "joins the parts of results alone",
    given: {
      messages: [{ role: "user", content: [] }, { role: "tool", content: [{ type: "text", text: "a" }, { type: "text", text: "b" }] }],
    },
    wanted: { messages: [{ role: "user", content: [] }, { role: "tool", content: "a\nb" }] },
  },
  {
    quirk: "system_as_leading_parts",
    title: "gathers what the system says",
    given: {
      messages: [
        { role: "user", content: "hi" },
        { role: "system", content: "a" },
        { role: "developer", content: [{ type: "text", text: "b" }, { type: "text", text: "" }] },
      ],
    },
    wanted: {
      messages: [
        {
          role: "system",
          content: [{ type: "text", text: "a", cache_control: { type: "ephemeral" } }, { type: "text", text: "b" }],
        },
        { role: "user", content: "hi" },
      ],
    },
  },
  {
    quirk: "system_as_leading_parts",
    title: "opens with an empty part where the system says nothing",
    given: { messages: [{ role: "user", content: "hi" }] },
    wanted: {
      messages: [
        { role: "system", content: [{ type: "text", text: "", cache_control: { type: "ephemeral" } }] },
        { role: "user", content: "hi" },
      ],
    },
  },
  {
    quirk: "nine_character_tool_ids",
    title: "leaves ids of nine",
    given: user({ tool_calls: [{ id: "abcDEF123" }], tool_call_id: "abcDEF123" }),
  },
];

function nameOf(quirk: Quirk): string {
  if (typeof quirk === "string") return quirk;
  return "keep" in quirk ? `keep ${quirk.keep.join(", ")}` : `drop ${quirk.drop.join(", ")}`;
}

for (const { quirk, title, given, wanted } of [...PARAMETER_CASES, ...MESSAGE_CASES]) {
  Deno.test(`request quirk ${nameOf(quirk)} ${title}`, () => {
    const before = structuredClone(given);
    const got = applyRequestQuirks([quirk], given);
    if (wanted === undefined) assert.equal(got, given);
    else assert.deepEqual(got, wanted);
    assert.deepEqual(given, before);
  });
}

Deno.test("request quirk nine_character_tool_ids maps an id the same way in calls and results", () => {
  const calls = { role: "assistant", tool_calls: [{ id: "call_long_1", function: { name: "f" } }, { id: "call_long_2" }] };
  const got = applyRequestQuirks(["nine_character_tool_ids"], { messages: [calls, { role: "tool", tool_call_id: "call_long_1" }] });
  const ids = [...JSON.stringify(got).matchAll(/"(?:id|tool_call_id)":"([A-Za-z0-9]{9})"/g)].map((match) => match[1]);
  assert.equal(ids.length, 3);
  assert.equal(ids[0], ids[2]);
  assert.notEqual(ids[0], ids[1]);
});

Deno.test("request quirks apply in the order of the row", () => {
  const body = { model: "gpt-5", max_completion_tokens: 5, temperature: 0 };
  const got = applyRequestQuirks(["max_tokens_only", "openai_reasoning_models"], body);
  assert.deepEqual(got, { model: "gpt-5", max_completion_tokens: 5 });
});

Deno.test("a body is returned itself when the row has no quirks, or only quirks of answers", () => {
  const body = { model: "m", messages: [{ role: "user", content: "hi" }] };
  assert.equal(applyRequestQuirks(undefined, body), body);
  assert.equal(applyRequestQuirks([], body), body);
  assert.equal(applyRequestQuirks(["think_tags_to_reasoning", "no_stream_with_tools"], body), body);
});

Deno.test("no request quirk touches a plain request", () => {
  const body = { model: "m", messages: [{ role: "user", content: "hi" }], stream: true, max_completion_tokens: 1, max_tokens: 1 };
  const exempt = new Set<Quirk>([
    "max_tokens_only",
    "max_completion_tokens_only",
    "placeholder_tool_when_none",
    "system_as_leading_parts",
  ]);
  for (const name of QUIRK_NAMES.filter((it) => !exempt.has(it))) assert.equal(applyRequestQuirks([name], body), body, name);
});

Deno.test("no request quirk trips over a body of a strange shape", () => {
  const strange: JsonObject[] = [
    { model: 4, messages: "hi", tools: {}, response_format: "json", temperature: "hot", tool_choice: null },
    { messages: [null, 4, [], { content: [null, 4], tool_calls: "x", tool_call_id: 4 }], tools: [null, { function: 4 }] },
    { input: ["a", "b"] },
  ];
  for (const name of QUIRK_NAMES) for (const body of strange) assert.equal(typeof applyRequestQuirks([name], body), "object", name);
});

Deno.test("Qwen Code and iFlow get requests as their servers take them", () => {
  const body: JsonObject = {
    model: "coder-model",
    messages: [{ role: "developer", content: "be brief" }, { role: "user", content: "hi" }],
    max_completion_tokens: 5,
    reasoning_effort: "high",
    store: true,
    tools: [],
    stream: true,
    stream_options: { include_usage: true },
  };
  assert.deepEqual(applyRequestQuirks(findRow("qwen_code")?.quirks, body), {
    model: "coder-model",
    messages: [
      { role: "system", content: [{ type: "text", text: "be brief", cache_control: { type: "ephemeral" } }] },
      { role: "user", content: "hi" },
    ],
    max_tokens: 5,
    enable_thinking: true,
    tools: PLACEHOLDER_TOOLS,
    stream: true,
    stream_options: { include_usage: true },
  });
  const history = { role: "assistant", content: "a", reasoning_content: "hm" };
  assert.deepEqual(applyRequestQuirks(findRow("iflow")?.quirks, { ...body, model: "glm-4.7", messages: [history] }), {
    model: "glm-4.7",
    messages: [history],
    max_tokens: 5,
    store: true,
    tools: PLACEHOLDER_TOOLS,
    stream: true,
    chat_template_kwargs: { enable_thinking: true, clear_thinking: false },
  });
});

Deno.test("there are no answer quirks where none touches answers", () => {
  assert.equal(responseQuirks(undefined), undefined);
  assert.equal(responseQuirks(["max_tokens_only", { drop: ["user"] }, "no_stream_with_tools"]), undefined);
});

Deno.test("every request quirk has a case here", () => {
  const tested = new Set<Quirk>([...PARAMETER_CASES, ...MESSAGE_CASES].map((it) => it.quirk));
  const untested = QUIRK_NAMES.filter((name) => !(name in ANSWER_QUIRKS) && !tested.has(name));
  assert.deepEqual(untested, ["no_stream_with_tools", "whole_when_stream_refused"], "only a declared quirk has no effect to test");
});

Deno.test("a row is asked for its quirks by name", () => {
  assert.equal(hasQuirk({ quirks: ["no_stream_with_tools"] }, "no_stream_with_tools"), true);
  assert.equal(hasQuirk({}, "no_stream_with_tools"), false);
  assert.equal(allowsStreamUsage({ quirks: ["no_stream_usage"] }), false);
  assert.equal(allowsStreamUsage({}), true);
});

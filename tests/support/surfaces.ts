/**
 * The dialects clients speak, each as a way to say a conversation and to read what is answered: so that one test can ask
 * the same thing on every surface.
 */
import assert from "node:assert/strict";
import { asArray, asObject, asString, isObject, type Json, type JsonObject, parseJson } from "../../src/kernel/json.ts";

/** One thing said in a conversation. */
export type Said =
  | { readonly by: "user"; readonly text: string; readonly image?: string }
  | { readonly by: "assistant"; readonly text?: string; readonly calls?: readonly SaidCall[] }
  | { readonly by: "tool"; readonly id: string; readonly name: string; readonly text: string };

export interface SaidCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: JsonObject;
}

export interface Question {
  readonly model: string;
  readonly isStream: boolean;
  readonly said: readonly Said[];
  readonly system?: string;
  /** Names of tools that take one text. */
  readonly tools?: readonly string[];
  readonly thinks?: boolean;
}

/** What an answer says, whatever its dialect. */
export interface Heard {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly { readonly name: string; readonly arguments: Json | undefined }[];
  readonly end: "stop" | "tools" | "length" | "refused" | "none";
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Surface {
  readonly name: string;
  /** Under the server's address. */
  path(question: Question): string;
  body(question: Question): JsonObject;
  heard(answer: JsonObject): Heard;
  /** From the bodies of a stream's events, without what only ends it. */
  heardStream(events: readonly JsonObject[]): Heard;
  /** The message of an error body, checked for the dialect's shape. */
  error(body: JsonObject): string;
  /** The message of a stream that failed, from its last events; undefined when it did not. */
  streamError(events: readonly JsonObject[]): string | undefined;
}

const TOOL_SCHEMA: JsonObject = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };

function string(value: Json | undefined): string {
  return asString(value) ?? "";
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return asArray(value).filter(isObject);
}

function number(value: Json | undefined): number {
  assert.equal(typeof value, "number");
  return Number(value);
}

const CHAT: Surface = {
  name: "chat completions",
  path: () => "/v1/chat/completions",
  body({ model, isStream, said, system, tools, thinks }) {
    const messages = said.map((it): JsonObject => {
      if (it.by === "tool") return { role: "tool", tool_call_id: it.id, content: it.text };
      if (it.by === "user") {
        const image = it.image === undefined ? [] : [{ type: "image_url", image_url: { url: `data:image/png;base64,${it.image}` } }];
        return { role: "user", content: image.length === 0 ? it.text : [{ type: "text", text: it.text }, ...image] };
      }
      const tool_calls = (it.calls ?? []).map((call) => ({
        id: call.id,
        type: "function",
        function: { name: call.name, arguments: JSON.stringify(call.arguments) },
      }));
      return { role: "assistant", content: it.text ?? null, ...(tool_calls.length === 0 ? {} : { tool_calls }) };
    });
    return {
      model,
      messages: system === undefined ? messages : [{ role: "system", content: system }, ...messages],
      ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
      ...(tools === undefined ? {} : { tools: tools.map((name) => ({ type: "function", function: { name, parameters: TOOL_SCHEMA } })) }),
      ...(thinks === true ? { reasoning_effort: "low" } : {}),
    };
  },
  heard(answer) {
    const choice = objects(answer.choices)[0] ?? {};
    const message = asObject(choice.message) ?? {};
    const usage = asObject(answer.usage);
    return {
      text: string(message.content),
      reasoning: string(message.reasoning_content),
      calls: objects(message.tool_calls).map((call) => chatCall(asObject(call.function) ?? {})),
      end: chatEnd(choice.finish_reason),
      inputTokens: number(usage?.prompt_tokens),
      outputTokens: number(usage?.completion_tokens),
    };
  },
  heardStream(events) {
    const choices = events.flatMap((event) => objects(event.choices));
    const deltas = choices.map((choice) => asObject(choice.delta) ?? {});
    const calls: { name: string; arguments: string }[] = [];
    for (const piece of deltas.flatMap((delta) => objects(delta.tool_calls))) {
      const at = number(piece.index);
      assert.ok(at <= calls.length, "calls are numbered without gaps");
      const call = calls[at] ??= { name: "", arguments: "" };
      call.name += string(asObject(piece.function)?.name);
      call.arguments += string(asObject(piece.function)?.arguments);
    }
    const usage = asObject(events.at(-1)?.usage);
    return {
      text: deltas.map((delta) => string(delta.content)).join(""),
      reasoning: deltas.map((delta) => string(delta.reasoning_content)).join(""),
      calls: calls.map(chatCall),
      end: chatEnd(choices.map((choice) => choice.finish_reason).filter((it) => it !== null).at(-1)),
      inputTokens: number(usage?.prompt_tokens),
      outputTokens: number(usage?.completion_tokens),
    };
  },
  error: (body) => string(asObject(body.error)?.message),
  streamError: (events) => asString(asObject(events.at(-1)?.error)?.message),
};

function chatCall(call: JsonObject | { name: string; arguments: string }) {
  return { name: string(call.name), arguments: parseJson(string(call.arguments)) };
}

function chatEnd(word: Json | undefined): Heard["end"] {
  return word === "stop"
    ? "stop"
    : word === "tool_calls"
    ? "tools"
    : word === "length"
    ? "length"
    : word === "content_filter"
    ? "refused"
    : "none";
}

const RESPONSES: Surface = {
  name: "responses",
  path: () => "/v1/responses",
  body({ model, isStream, said, system, tools, thinks }) {
    const input = said.flatMap((it): JsonObject[] => {
      if (it.by === "tool") return [{ type: "function_call_output", call_id: it.id, output: it.text }];
      if (it.by === "user") {
        const image = it.image === undefined ? [] : [{ type: "input_image", image_url: `data:image/png;base64,${it.image}` }];
        return [{ role: "user", content: [{ type: "input_text", text: it.text }, ...image] }];
      }
      const text = it.text === undefined ? [] : [{ type: "message", role: "assistant", content: [{ type: "output_text", text: it.text }] }];
      const calls = (it.calls ?? []).map((call) => ({
        type: "function_call",
        call_id: call.id,
        name: call.name,
        arguments: JSON.stringify(call.arguments),
      }));
      return [...text, ...calls];
    });
    return {
      model,
      input,
      ...(system === undefined ? {} : { instructions: system }),
      ...(isStream ? { stream: true } : {}),
      ...(tools === undefined ? {} : { tools: tools.map((name) => ({ type: "function", name, parameters: TOOL_SCHEMA, strict: false })) }),
      ...(thinks === true ? { reasoning: { effort: "low" } } : {}),
    };
  },
  heard(response) {
    const output = objects(response.output);
    const usage = asObject(response.usage);
    const calls = output.filter(({ type }) => type === "function_call").map(chatCall);
    const why = asObject(response.incomplete_details)?.reason;
    return {
      text: output.flatMap((item) => objects(item.content)).map((part) => string(part.text)).join(""),
      reasoning: output.flatMap((item) => objects(item.summary)).map((part) => string(part.text)).join(""),
      calls,
      end: response.status === "completed" ? calls.length > 0 ? "tools" : "stop" : why === "max_output_tokens" ? "length" : "refused",
      inputTokens: number(usage?.input_tokens),
      outputTokens: number(usage?.output_tokens),
    };
  },
  heardStream(events) {
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index), "events are numbered");
    const whole = RESPONSES.heard(asObject(events.at(-1)?.response) ?? {});
    const text = events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => string(delta)).join("");
    assert.equal(text, whole.text, "the deltas are the text");
    return whole;
  },
  error: (body) => string(asObject(body.error)?.message),
  streamError(events) {
    const last = events.at(-1);
    return last?.type === "error" ? asString(last.message) : asString(asObject(asObject(last?.response)?.error)?.message);
  },
};

const MESSAGE_ENDS: ReadonlyMap<string, Heard["end"]> = new Map([
  ["end_turn", "stop"],
  ["tool_use", "tools"],
  ["max_tokens", "length"],
  ["refusal", "refused"],
]);

const MESSAGES: Surface = {
  name: "messages",
  path: () => "/v1/messages",
  body({ model, isStream, said, system, tools, thinks }) {
    const messages = said.map((it): JsonObject => {
      if (it.by === "tool") return { role: "user", content: [{ type: "tool_result", tool_use_id: it.id, content: it.text }] };
      if (it.by === "user") {
        const source = { type: "base64", media_type: "image/png", data: it.image ?? "" };
        const image = it.image === undefined ? [] : [{ type: "image", source }];
        return { role: "user", content: image.length === 0 ? it.text : [{ type: "text", text: it.text }, ...image] };
      }
      const text = it.text === undefined ? [] : [{ type: "text", text: it.text }];
      return {
        role: "assistant",
        content: [...text, ...(it.calls ?? []).map((call) => ({ type: "tool_use", id: call.id, name: call.name, input: call.arguments }))],
      };
    });
    const merged = messages.reduce<JsonObject[]>((all, message) => {
      const last = all.at(-1);
      if (last?.role !== message.role || !Array.isArray(last?.content) || !Array.isArray(message.content)) return [...all, message];
      return [...all.slice(0, -1), { ...last, content: [...last.content, ...message.content] }];
    }, []);
    return {
      model,
      max_tokens: 4_000,
      messages: merged,
      ...(system === undefined ? {} : { system }),
      ...(isStream ? { stream: true } : {}),
      ...(tools === undefined ? {} : { tools: tools.map((name) => ({ name, input_schema: TOOL_SCHEMA })) }),
      ...(thinks === true ? { thinking: { type: "enabled", budget_tokens: 1_024 } } : {}),
    };
  },
  heard(message) {
    const blocks = objects(message.content);
    const usage = asObject(message.usage);
    const of = (type: string) => blocks.filter((block) => block.type === type);
    const input = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"].map((name) => Number(usage?.[name] ?? 0));
    return {
      text: of("text").map((block) => string(block.text)).join(""),
      reasoning: of("thinking").map((block) => string(block.thinking)).join(""),
      calls: of("tool_use").map((block) => ({ name: string(block.name), arguments: block.input })),
      end: MESSAGE_ENDS.get(string(message.stop_reason)) ?? "none",
      inputTokens: input.reduce((sum, count) => sum + count, 0),
      outputTokens: number(usage?.output_tokens),
    };
  },
  heardStream(events) {
    assert.equal(events.at(-1)?.type, "message_stop");
    const blocks: { block: JsonObject; text: string }[] = [];
    let open = -1;
    for (const event of events) {
      const delta = asObject(event.delta) ?? {};
      if (event.type === "content_block_start") {
        assert.equal(open, -1, "one block is open at a time");
        open = number(event.index);
        assert.equal(open, blocks.length, "blocks are numbered without gaps");
        blocks.push({ block: asObject(event.content_block) ?? {}, text: "" });
      } else if (event.type === "content_block_stop") {
        assert.equal(number(event.index), open);
        open = -1;
      } else if (event.type === "content_block_delta") {
        const last = blocks[number(event.index)];
        assert.ok(last !== undefined && number(event.index) === open);
        last.text += string(delta.text ?? delta.thinking ?? delta.partial_json);
      }
    }
    assert.equal(open, -1);
    const content = blocks.map(({ block, text }) => {
      if (block.type === "tool_use") return { ...block, input: parseJson(text) ?? {} };
      return block.type === "thinking" ? { ...block, thinking: text } : { ...block, text };
    });
    const start = asObject(events.find(({ type }) => type === "message_start")?.message) ?? {};
    assert.equal(typeof asObject(start.usage)?.input_tokens, "number");
    const end = events.find(({ type }) => type === "message_delta") ?? {};
    const usage = { ...asObject(start.usage), ...asObject(end.usage) };
    return MESSAGES.heard({ content, stop_reason: asObject(end.delta)?.stop_reason ?? null, usage });
  },
  error(body) {
    assert.equal(body.type, "error");
    return string(asObject(body.error)?.message);
  },
  streamError: (events) => events.at(-1)?.type === "error" ? string(asObject(events.at(-1)?.error)?.message) : undefined,
};

const GENERATE: Surface = {
  name: "generateContent",
  path: ({ model, isStream }) => `/v1beta/models/${model}:${isStream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
  body({ said, system, tools, thinks }) {
    const contents = said.map((it): JsonObject => {
      if (it.by === "tool") {
        return { role: "user", parts: [{ functionResponse: { id: it.id, name: it.name, response: { result: it.text } } }] };
      }
      if (it.by === "user") {
        const image = it.image === undefined ? [] : [{ inlineData: { mimeType: "image/png", data: it.image } }];
        return { role: "user", parts: [{ text: it.text }, ...image] };
      }
      const text = it.text === undefined ? [] : [{ text: it.text }];
      return {
        role: "model",
        parts: [...text, ...(it.calls ?? []).map((call) => ({ functionCall: { id: call.id, name: call.name, args: call.arguments } }))],
      };
    });
    const merged = contents.reduce<JsonObject[]>((all, content) => {
      const last = all.at(-1);
      if (last?.role !== content.role) return [...all, content];
      return [...all.slice(0, -1), { ...last, parts: [...asArray(last?.parts), ...asArray(content.parts)] }];
    }, []);
    return {
      contents: merged,
      ...(system === undefined ? {} : { systemInstruction: { parts: [{ text: system }] } }),
      ...(tools === undefined
        ? {}
        : { tools: [{ functionDeclarations: tools.map((name) => ({ name, parametersJsonSchema: TOOL_SCHEMA })) }] }),
      ...(thinks === true ? { generationConfig: { thinkingConfig: { thinkingBudget: 1_024, includeThoughts: true } } } : {}),
    };
  },
  heard: (answer) => GENERATE.heardStream([answer]),
  heardStream(chunks) {
    const candidates = chunks.flatMap((chunk) => objects(chunk.candidates));
    const parts = candidates.flatMap((candidate) => objects(asObject(candidate.content)?.parts));
    const calls = parts.flatMap((part) => {
      const call = asObject(part.functionCall);
      return call === undefined ? [] : [{ name: string(call.name), arguments: call.args }];
    });
    const word = candidates.map(({ finishReason }) => finishReason).filter((it) => it !== undefined).at(-1);
    const usage = chunks.map(({ usageMetadata }) => asObject(usageMetadata)).filter((it) => it !== undefined).at(-1);
    return {
      text: parts.filter(({ thought }) => thought !== true).map(({ text }) => string(text)).join(""),
      reasoning: parts.filter(({ thought }) => thought === true).map(({ text }) => string(text)).join(""),
      calls,
      end: word === "STOP"
        ? calls.length > 0 ? "tools" : "stop"
        : word === "MAX_TOKENS"
        ? "length"
        : word === "SAFETY"
        ? "refused"
        : "none",
      inputTokens: number(usage?.promptTokenCount),
      outputTokens: number(usage?.candidatesTokenCount) + Number(usage?.thoughtsTokenCount ?? 0),
    };
  },
  error(body) {
    assert.equal(typeof asObject(body.error)?.code, "number");
    return string(asObject(body.error)?.message);
  },
  streamError: (events) => asString(asObject(events.at(-1)?.error)?.message),
};

/** Every surface. */
export const SURFACES: readonly Surface[] = [CHAT, RESPONSES, MESSAGES, GENERATE];

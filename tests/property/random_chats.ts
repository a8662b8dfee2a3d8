/**
 * Random chats in the canonical form, limited to what a dialect has words for. What is limited by more than a missing
 * word (what may stand beside what) is limited here too, and says why.
 */
import fc from "fast-check";
import type { Blob, ChatRequest, Effort, Part, Reasoning, Sampling, Tool, ToolChoice, Turn } from "../../src/canonical/chat.ts";
import type { JsonObject } from "../../src/kernel/json.ts";

/** What a dialect may have a word for. Texts, calls and their results, tools, and a limit of tokens have one in all of them. */
export type Word =
  | "image"
  | "image_url"
  | "image_detail"
  | "audio"
  | "video"
  | "file"
  | "file_url"
  | "cache_mark"
  | "plain_thought"
  | "signed_thought"
  | "encrypted_thought"
  | "signed_text"
  | "signed_call"
  | "failed_result"
  | "result_image"
  | "strict"
  | "one_by_one"
  | "several_named"
  | "stop"
  | "temperature"
  | "top_p"
  | "top_k"
  | "seed"
  | "penalties"
  | "n"
  | "logprobs"
  | "json"
  | "schema"
  | "format_name"
  | "budget"
  | "thinks_as_it_likes"
  | "hides_thoughts"
  | "user"
  | "modalities"
  /** Settings of sampling, and calls that must be made, go together with thinking. */
  | "free_thinking"
  | `effort ${Effort}`;

export type Words = ReadonlySet<Word>;

type Maybe<T> = fc.Arbitrary<T | undefined>;

export const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: "binary" }).filter((it) => it.trim() !== "" && it.isWellFormed()),
  fc.constantFrom("a\n\nb", " spaced ", "```js\n1\n```", "{", "null", "naïve 🎈"),
);
const base64 = fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => btoa(String.fromCharCode(...bytes)));
const proof = fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => btoa(String.fromCharCode(...bytes)));
/** Names and values as they come back from any JSON parser: `__proto__` is a word like any other. */
const argument = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer(), { maxLength: 2 }));
export const callArguments = fc.array(fc.tuple(fc.string({ maxLength: 5 }), argument), { maxLength: 3 })
  .map((fields) => JSON.stringify(JSON.parse(JSON.stringify(Object.fromEntries(fields)))));

/** Closed objects with every property demanded: what the strict form of each dialect takes as it is. */
const schema: fc.Arbitrary<JsonObject> = fc.letrec<{ object: JsonObject; value: JsonObject }>((tie) => ({
  object: fc.dictionary(fc.constantFrom("a", "b", "type", "items", "nullable"), tie("value"), {
    minKeys: 1,
    maxKeys: 2,
    noNullPrototype: true,
  })
    .map((properties) => ({ type: "object", properties, required: Object.keys(properties), additionalProperties: false })),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<JsonObject>({ type: "string" }, { type: "integer", description: "how many" }, { type: "string", enum: ["x", "y"] }),
    tie("value").map((items) => ({ type: "array", items })),
    tie("object"),
  ),
})).object;

/** The word's thing, or nothing. */
function perhaps<T>(words: Words, word: Word, thing: fc.Arbitrary<T>): Maybe<T> {
  return words.has(word) ? fc.option(thing, { nil: undefined }) : fc.constant(undefined);
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** A record without the fields that are undefined. */
function fields<T extends object>(arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Given<T>> {
  return fc.record<T>(arbitraries).map((record) => {
    const kept: Given<T> = {};
    for (const name in record) {
      if (record[name] !== undefined) Object.assign(kept, { [name]: record[name] });
    }
    return kept;
  });
}

function userPart(words: Words): fc.Arbitrary<Part> {
  const inline = (mimeType: string) => base64.map((data) => ({ kind: "inline" as const, mimeType, data }));
  const url = (of: string) => fc.constant({ kind: "url" as const, url: of });
  const detail = perhaps(words, "image_detail", fc.constantFrom("low" as const, "high" as const, "auto" as const));
  const cache = perhaps(words, "cache_mark", fc.constantFrom("5m" as const, "1h" as const));
  const image = (source: fc.Arbitrary<Blob>) =>
    fc.tuple(source, detail).map(([given, how]): Part => ({ kind: "image", source: given, ...(how === undefined ? {} : { detail: how }) }));
  const kinds: readonly (readonly [Word, fc.Arbitrary<Part>])[] = [
    ["image", image(inline("image/png"))],
    ["image_url", image(url("https://example.com/a.png?x=1"))],
    ["audio", inline("audio/mpeg").map((source) => ({ kind: "audio", source }))],
    ["video", inline("video/mp4").map((source) => ({ kind: "video", source }))],
    ["file", inline("application/pdf").map((source) => ({ kind: "file", source, name: "a.pdf" }))],
    ["file_url", url("https://example.com/a.pdf").map((source) => ({ kind: "file", source }))],
  ];
  const said = fc.tuple(text, cache).map(([it, mark]): Part => ({
    kind: "text",
    text: it,
    ...(mark === undefined ? {} : { cache: mark }),
  }));
  return fc.oneof(said, ...kinds.flatMap(([word, part]) => words.has(word) ? [part] : []));
}

function thought(words: Words): fc.Arbitrary<readonly Part[]> {
  const kinds: readonly (readonly [Word, fc.Arbitrary<Part>])[] = [
    ["plain_thought", text.map((it) => ({ kind: "reasoning", text: it }))],
    ["signed_thought", fc.tuple(text, proof).map(([it, signature]) => ({ kind: "reasoning", text: it, signature }))],
    ["encrypted_thought", proof.map((encrypted) => ({ kind: "reasoning", text: "", encrypted }))],
  ];
  const known = kinds.flatMap(([word, part]) => words.has(word) ? [part] : []);
  return known.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...known), { maxLength: words.has("plain_thought") ? 1 : 2 });
}

interface Called {
  readonly name: string;
  readonly text: string;
  readonly signature: string | undefined;
  readonly result: string;
  readonly isError: true | undefined;
  readonly image: string | undefined;
}

/** One answer of the assistant, and what the user said to it: results first, since every dialect wants them there. */
function exchange(words: Words, names: readonly string[]): fc.Arbitrary<(at: number) => readonly Turn[]> {
  const called: fc.Arbitrary<Called> = fc.record({
    name: fc.constantFrom(...names),
    text: callArguments,
    signature: perhaps(words, "signed_call", proof),
    // Words, or an object: what else is JSON comes back as it is written without white space where results are JSON.
    result: fc.oneof(text.map((it) => `so: ${it}`), fc.constantFrom('{"a":[1]}', "12", "12345678901234567890")),
    isError: perhaps(words, "failed_result", fc.constant(true as const)),
    image: perhaps(words, "result_image", base64),
  });
  const said = fc.tuple(text, perhaps(words, "signed_text", proof));
  return fc.record({
    thoughts: thought(words),
    said,
    calls: fc.array(called, { maxLength: 3 }),
    next: fc.array(userPart(words), { maxLength: 2 }),
    last: text,
  })
    .map(({ thoughts, said: [it, signature], calls, next, last }) => (at: number): readonly Turn[] => [
      {
        role: "assistant",
        parts: [
          ...thoughts,
          { kind: "text", text: it, ...(signature === undefined ? {} : { signature }) },
          ...calls.map((call, index): Part => ({
            kind: "tool_call",
            id: `call_${at}_${index}`,
            name: call.name,
            arguments: call.text,
            ...(call.signature === undefined ? {} : { signature: call.signature }),
          })),
        ],
      },
      {
        role: "user",
        parts: [...calls.map((call, index) => resultOf(call, `call_${at}_${index}`)), ...next, { kind: "text", text: last }],
      },
    ]);
}

function resultOf({ name, result, isError, image }: Called, callId: string): Part {
  return {
    kind: "tool_result",
    callId,
    name,
    content: [
      { kind: "text", text: result },
      ...(image === undefined || isError
        ? []
        : [{ kind: "image" as const, source: { kind: "inline" as const, mimeType: "image/png", data: image } }]),
    ],
    ...(isError === undefined ? {} : { isError }),
  };
}

function toolsOf(words: Words): fc.Arbitrary<readonly Tool[]> {
  const tool = fields({
    description: fc.option(text, { nil: undefined }),
    parameters: fc.option(schema, { nil: undefined }),
    isStrict: perhaps(words, "strict", fc.boolean()),
    cache: perhaps(words, "cache_mark", fc.constantFrom("5m" as const, "1h" as const)),
  });
  const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/), { maxLength: 3 });
  return names.chain((unique) => fc.tuple(...unique.map((name) => tool.map((it): Tool => ({ name, ...it })))));
}

function choiceOf(words: Words, tools: readonly Tool[]): Maybe<ToolChoice> {
  const names = tools.map(({ name }) => name);
  const named = fc.subarray(names, { minLength: 1, maxLength: words.has("several_named") ? names.length : 1 })
    .map((some): ToolChoice => ({ kind: "named", names: some }));
  const kind = fc.constantFrom("auto" as const, "none" as const, "required" as const).map((it): ToolChoice => ({ kind: it }));
  return fc.option(fc.oneof(kind, named), { nil: undefined });
}

const quarter = (most: number) => fc.integer({ min: 0, max: most * 4 }).map((it) => it / 4);

function samplingOf(words: Words): fc.Arbitrary<Sampling> {
  return fields({
    // A dialect that demands a limit always gets one; a budget for thinking is less than it.
    maxTokens: fc.integer({ min: 30_000, max: 60_000 }),
    temperature: perhaps(words, "temperature", quarter(1)),
    topP: perhaps(words, "top_p", quarter(1)),
    topK: perhaps(words, "top_k", fc.integer({ min: 1, max: 100 })),
    stop: perhaps(words, "stop", fc.array(text, { maxLength: 4 })),
    seed: perhaps(words, "seed", fc.integer()),
    presencePenalty: perhaps(words, "penalties", quarter(2)),
    frequencyPenalty: perhaps(words, "penalties", quarter(2)),
    choiceCount: perhaps(words, "n", fc.integer({ min: 1, max: 4 })),
    topLogprobs: perhaps(words, "logprobs", fc.integer({ min: 0, max: 5 })),
  });
}

const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

function reasoningOf(words: Words): Maybe<Reasoning> {
  const kinds: Reasoning[] = [
    ...EFFORTS.flatMap((effort): Reasoning[] => words.has(`effort ${effort}`) ? [{ kind: "effort", effort }] : []),
    ...(words.has("thinks_as_it_likes") ? [{ kind: "auto" as const }] : []),
  ];
  const budget = fc.integer({ min: 1_024, max: 20_000 }).map((tokens): Reasoning => ({ kind: "budget", tokens }));
  const known = [...kinds.map((it) => fc.constant(it)), ...(words.has("budget") ? [budget] : [])];
  return known.length === 0 ? fc.constant(undefined) : fc.option(fc.oneof(...known), { nil: undefined });
}

function formatOf(words: Words): Maybe<Exclude<ChatRequest["format"], undefined>> {
  const named = fields({
    description: perhaps(words, "format_name", text),
    isStrict: perhaps(words, "format_name", fc.boolean()),
  });
  const shaped = fc.tuple(schema, named).map(([it, more]) => ({ kind: "schema" as const, schema: it, name: "answer", ...more }));
  return fc.oneof(
    fc.constantFrom(undefined, { kind: "text" as const }),
    perhaps(words, "json", fc.constant({ kind: "json" as const })),
    perhaps(words, "schema", shaped),
  );
}

/** A chat of at most three exchanges that ends with words of the user. */
export function chatOf(words: Words): fc.Arbitrary<ChatRequest> {
  const opening = fc.array(userPart(words), { minLength: 1, maxLength: 2 }).chain((parts) =>
    text.map((it): Turn => ({ role: "user", parts: [...parts, { kind: "text", text: it }] }))
  );
  return toolsOf(words).chain((tools) => {
    const names = tools.length === 0 ? ["gone"] : tools.map(({ name }) => name);
    const rest = fields({
      toolChoice: tools.length === 0 ? fc.constant(undefined) : choiceOf(words, tools),
      callsOneByOne: tools.length === 0 ? fc.constant(undefined) : perhaps(words, "one_by_one", fc.constant(true as const)),
      sampling: samplingOf(words),
      format: formatOf(words),
      reasoning: reasoningOf(words),
      hidesReasoning: perhaps(words, "hides_thoughts", fc.constant(true as const)),
      userId: perhaps(words, "user", fc.stringMatching(/^[a-z0-9-]{1,40}$/)),
      modalities: perhaps(words, "modalities", fc.constant(["text", "audio"])),
    });
    return fc.record({
      system: fc.array(text.map((it) => ({ kind: "text" as const, text: it })), { maxLength: 2 }),
      opening,
      exchanges: fc.array(exchange(words, names), { maxLength: 2 }),
      rest,
    }).map(({ system, opening: first, exchanges, rest: { sampling = {}, ...others } }) =>
      fitting(words, {
        system,
        turns: [first, ...exchanges.flatMap((write, at) => write(at))],
        tools,
        sampling,
        ...others,
        extensions: {},
        dropped: [],
      })
    );
  });
}

const MAX_CACHE_MARKS = 4;

/** Without what the dialect refuses beside thinking, and with no more marks than it takes. */
function fitting(words: Words, given: ChatRequest): ChatRequest {
  let left = MAX_CACHE_MARKS;
  const request: ChatRequest = JSON.parse(JSON.stringify(given), (name, value) => name === "cache" && left-- <= 0 ? undefined : value);
  const { reasoning, toolChoice, sampling: { temperature: _temperature, topP: _topP, topK: _topK, ...sampling }, ...rest } = request;
  const isOff = reasoning === undefined || (reasoning.kind === "effort" && reasoning.effort === "none");
  if (isOff || words.has("free_thinking")) return request;
  const isForced = toolChoice?.kind === "required" || toolChoice?.kind === "named";
  return { ...rest, reasoning, sampling, ...(toolChoice === undefined || isForced ? {} : { toolChoice }) };
}

/**
 * What is written in a dialect that clients and providers both speak is read again as what was meant: requests from the
 * canonical form through the provider's half and back through the client's, and by way of another dialect.
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import type { ChatRequest, Part, Turn } from "../../src/canonical/chat.ts";
import { chatOf, type Word, type Words } from "./random_chats.ts";
import { DIALECTS, type RoundDialect } from "./round_dialects.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { isObject, type JsonObject } from "../../src/kernel/json.ts";

const RUN_COUNT = 200;

/** The request after it was written by the provider's half and read by the client's. */
function throughWire(dialect: RoundDialect, request: ChatRequest): ChatRequest {
  const crossing = dialect.provider.cross(request, { model: dialect.model, recall: dialect.recall, newId: () => "made" });
  assert.ok(!isFailure(crossing), isFailure(crossing) ? crossing.message : "");
  assert.deepEqual(crossing.lossy, [], "nothing is lost");
  const read = dialect.client.decode(crossing.body);
  assert.ok(!isFailure(read), isFailure(read) ? read.message : "");
  assert.deepEqual(read.dropped, [], "nothing is dropped");
  // Filters are switched off where the client asks for none; that is the gateway's word and none of the client's.
  const { safety_settings: _safety, ...extensions } = read.extensions;
  return { ...read, extensions };
}

/** What two requests have in common that mean the same; `words` are those of the dialects they went through. */
function normal(request: ChatRequest, words: Words): unknown {
  const { toolChoice = { kind: "auto" }, callsOneByOne, format, tools, sampling: { stop = [], choiceCount = 1, ...sampling }, ...rest } =
    request;
  return {
    ...rest,
    sampling,
    // Some formats hold one system prompt: its texts are joined by an empty line.
    system: request.system.map(({ text }) => text).join("\n\n"),
    turns: merged(request.turns).map(({ role, parts }) => ({ role, parts: role === "user" ? parts.flatMap(normalPart) : said(parts) })),
    // Nothing said about arguments is an object without any; nothing said about strictness is none.
    tools: tools.map(({ parameters = {}, isStrict = false, form: _form, ...tool }) => ({
      ...tool,
      parameters: { type: "object", properties: {}, ...(isStrict ? { required: [], additionalProperties: false } : {}), ...parameters },
      ...(isStrict ? { isStrict } : {}),
    })),
    // Models choose by themselves unless told otherwise, answer once, in words, and stop when they are done.
    toolChoice: tools.length === 0 ? undefined : toolChoice,
    // Where nothing may be called, nothing is called at once.
    callsOneByOne: toolChoice.kind === "none" ? undefined : callsOneByOne,
    format: format?.kind === "schema" && !words.has("format_name") ? { kind: "schema", schema: format.schema } : normalFormat(format),
    stop,
    choiceCount,
    reasoning: normalReasoning(request, words),
  };
}

/** Gemini's models think as they like unless they are told otherwise. */
function normalReasoning({ reasoning }: ChatRequest, words: Words): ChatRequest["reasoning"] {
  const isSaid = [...words].some((word) => word === "budget" || word.startsWith("effort "));
  return !isSaid || (reasoning?.kind === "auto" && words.has("hides_thoughts")) ? undefined : reasoning;
}

/** A format that is not strict is one that does not say so. */
function normalFormat(format: ChatRequest["format"]): unknown {
  if (format?.kind !== "schema") return format?.kind === "json" ? format : undefined;
  const { isStrict = false, ...rest } = format;
  return { ...rest, isStrict };
}

/** Some formats have a message for each result, so a turn may come back as several. */
function merged(turns: readonly Turn[]): readonly Turn[] {
  const all: Turn[] = [];
  for (const { role, parts } of turns) {
    const last = all.at(-1);
    if (last?.role === role) all[all.length - 1] = { role, parts: [...last.parts, ...parts] };
    else all.push({ role, parts });
  }
  return all;
}

const SKIPPED_CHECK = "skip_thought_signature_validator";

function said(parts: readonly Part[]): readonly Part[] {
  return parts.flatMap(normalPart);
}

/** Fields of the client's body are another's; a call that nobody signed is told as such where one must be signed. */
function normalPart(part: Part): Part {
  switch (part.kind) {
    case "image":
    case "file": {
      if (part.source.kind === "inline") return part;
      const { field: _field, ...source } = part.source;
      return { ...part, source };
    }
    case "tool_call": {
      const { signature, ...call } = part;
      return signature === undefined || signature === SKIPPED_CHECK ? call : part;
    }
    default:
      return part;
  }
}

/** Without fields that are undefined, which say nothing. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (!isObject(value)) return value;
  const object: JsonObject = value;
  return Object.fromEntries(Object.entries(object).flatMap(([name, it]) => it === undefined ? [] : [[name, clean(it)]]));
}

function assertSame(read: ChatRequest, meant: ChatRequest, words: Words): void {
  assert.deepEqual(clean(normal(read, words)), clean(normal(meant, words)));
}

for (const dialect of DIALECTS) {
  Deno.test(`a request told to ${dialect.model} in ${dialect.name} is read as it was meant`, () => {
    fc.assert(
      fc.property(chatOf(dialect.words), (request) => assertSame(throughWire(dialect, request), request, dialect.words)),
      { numRuns: RUN_COUNT },
    );
  });
}

const [chat, ...others] = DIALECTS;
for (const other of others) {
  if (chat === undefined) continue;
  const common = new Set<Word>([...chat.words].filter((word) => other.words.has(word)));
  Deno.test(`a request of ${chat.name} means the same by way of ${other.name} for ${other.model}`, () => {
    fc.assert(
      fc.property(chatOf(common), (request) => {
        const given = throughWire(chat, request);
        const back = throughWire(chat, throughWire(other, given));
        assertSame(back, given, common);
      }),
      { numRuns: RUN_COUNT },
    );
  });
}

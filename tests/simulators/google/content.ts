/**
 * What the simulated models say, as parts in the order they come. A pure function of the request and the
 * seed: by default the last user text is echoed, so that an answer shows which request it belongs to.
 */
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../../src/kernel/json.ts";
import type { SeededTokens } from "../oauth/seeded_tokens.ts";
import type { GoogleModel } from "./models.ts";
import { makeSignature } from "./signatures.ts";
import { declarationsIn } from "./strict_request.ts";

/** Answers a rule can ask for. Calls name the declared functions in turn, or `get_weather` when none is declared. */
export type ContentName =
  | "text"
  | "thoughts_text"
  | "one_call"
  | "parallel_calls"
  | "calls_over_two_events"
  | "call_with_id"
  | "call_without_args"
  | "text_and_call"
  | "image"
  | "code_execution"
  | "grounding"
  | "logprobs"
  | "empty_text_parts";

/** What is asked of a model, with camelCase names. */
export interface Prompt {
  readonly model: GoogleModel;
  readonly request: JsonObject;
  readonly tokens: SeededTokens;
}

/** An answer: the parts of each event, and what ends it. */
export interface Said {
  readonly steps: readonly (readonly JsonObject[])[];
  readonly finishReason: string;
  readonly finishMessage?: string;
  /** Further fields of the candidate, in its last event. */
  readonly candidate?: JsonObject;
}

/** A transparent picture of one pixel. */
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const DEFAULT_FUNCTION = "get_weather";

/** What `name` says to the prompt. */
export function contentOf(name: ContentName, prompt: Prompt): Said {
  switch (name) {
    case "text":
      return textSaid(prompt);
    case "thoughts_text":
      return withThoughts(textSaid(prompt), prompt);
    case "one_call":
      return callsSaid([[callPart(prompt, 0)]], prompt);
    case "parallel_calls":
      return callsSaid([[0, 1, 2].map((index) => callPart(prompt, index))], prompt);
    case "calls_over_two_events":
      return callsSaid([[callPart(prompt, 0)], [callPart(prompt, 1), callPart(prompt, 2)]], prompt);
    case "call_with_id":
      return callsSaid([[callPart(prompt, 0, { id: `call-${prompt.tokens.hex("call", 12)}` })]], prompt);
    case "call_without_args":
      return callsSaid([[{ functionCall: { name: functionNameOf(prompt, 0) } }]], prompt);
    case "text_and_call":
      return callsSaid([[{ text: "I will look. " }, callPart(prompt, 0)]], prompt);
    case "image":
      return { steps: [[{ text: "Here is a picture. " }], [{ inlineData: { mimeType: "image/png", data: PIXEL } }]], finishReason: "STOP" };
    case "code_execution":
      return {
        steps: [
          [{ executableCode: { language: "PYTHON", code: "print(6 * 7)\n" } }],
          [{ codeExecutionResult: { outcome: "OUTCOME_OK", output: "42\n" } }],
          [{ text: "It is 42." }],
        ],
        finishReason: "STOP",
      };
    case "grounding":
      return { ...textSaid(prompt), candidate: { groundingMetadata: groundingOf(echoOf(prompt.request)) } };
    case "logprobs":
      return { ...textSaid(prompt), candidate: logprobsOf(echoOf(prompt.request)) };
    case "empty_text_parts":
      return { steps: [[{ text: "" }], ...textSaid(prompt).steps, [{ text: "" }]], finishReason: "STOP" };
  }
}

/** What a correct model says to the prompt when no rule decides. */
export function naturalContent(prompt: Prompt): Said {
  const { model, request } = prompt;
  const wantsCall = declarationsIn(request).length > 0 && !isToolResult(request) && isCallWanted(prompt);
  if (wantsCall) return contentOf("one_call", prompt);
  const config = asObject(asObject(request.generationConfig)?.thinkingConfig);
  const isShown = model.id === "sim-think" || (config?.includeThoughts === true && config.thinkingBudget !== 0);
  return contentOf(isShown ? "thoughts_text" : "text", prompt);
}

function isCallWanted({ model, request }: Prompt): boolean {
  const mode = asObject(asObject(request.toolConfig)?.functionCallingConfig)?.mode;
  if (mode === "NONE") return false;
  return model.id === "sim-tools" || mode === "ANY" || echoOf(request).toLowerCase().includes("use the tool");
}

/** The last user text; the tool's answer when the last turn is one. */
function echoOf(request: JsonObject): string {
  const last = asObject(asArray(request.contents).at(-1));
  const parts = asArray(last?.parts).filter(isObject);
  const results = parts.map((part) => part.functionResponse).filter(isObject);
  if (results.length > 0) return results.map((result) => `The tool said: ${toolText(result.response)}`).join("\n");
  return parts.filter((part) => part.thought !== true).map((part) => asString(part.text) ?? "").join("");
}

function toolText(response: Json | undefined): string {
  const fields = asObject(response) ?? {};
  const values = Object.values(fields);
  const [only] = values;
  return values.length === 1 && typeof only === "string" ? only : JSON.stringify(fields);
}

function isToolResult(request: JsonObject): boolean {
  const last = asObject(asArray(request.contents).at(-1));
  return asArray(last?.parts).some((part) => asObject(part)?.functionResponse !== undefined);
}

function textSaid(prompt: Prompt): Said {
  const { model, request, tokens } = prompt;
  const longWordCount = Number(model.id.match(/^sim-long:(\d+)$/)?.[1] ?? 0);
  const words = longWordCount > 0 ? Array.from({ length: longWordCount }, (_, at) => `word${at} `) : wordsOf(echoOf(request));
  const limit = asNumber(asObject(request.generationConfig)?.maxOutputTokens) ?? Infinity;
  const steps = words.slice(0, limit).map((text): readonly JsonObject[] => [{ text }]);
  // Gemini 3 signs its text too, in a part with no text of its own.
  const signed = model.family === "gemini-3" ? [[{ text: "", thoughtSignature: makeSignature(tokens, model) }]] : [];
  return { steps: [...steps, ...signed], finishReason: words.length > limit ? "MAX_TOKENS" : "STOP" };
}

function withThoughts(said: Said, prompt: Prompt): Said {
  const thoughts = [`**Reading**\n\nThe user said: ${echoOf(prompt.request)}\n`, "**Answering**\n\nI will repeat it.\n"];
  return { ...said, steps: [...thoughts.map((text) => [{ text, thought: true }]), ...said.steps] };
}

/** Of all calls of an answer only the first is signed. */
function callsSaid(steps: readonly (readonly JsonObject[])[], { model, tokens }: Prompt): Said {
  if (model.family !== "gemini-3") return { steps, finishReason: "STOP" };
  let isSigned = false;
  const sign = (part: JsonObject): JsonObject => {
    if (isSigned || part.functionCall === undefined) return part;
    isSigned = true;
    return { ...part, thoughtSignature: makeSignature(tokens, model) };
  };
  return { steps: steps.map((parts) => parts.map(sign)), finishReason: "STOP" };
}

function callPart(prompt: Prompt, index: number, more: JsonObject = {}): JsonObject {
  const declared = declarationsIn(prompt.request);
  const schema = asObject(declared[index % declared.length]?.parametersJsonSchema ?? declared[index % declared.length]?.parameters);
  const args = schema === undefined
    ? { city: `City ${index}` }
    : asObject(sampleOf(schema, { text: echoOf(prompt.request), depth: 0 })) ?? {};
  return { functionCall: { ...more, name: functionNameOf(prompt, index), args } };
}

function functionNameOf({ request }: Prompt, index: number): string {
  const declared = declarationsIn(request);
  return asString(declared[index % declared.length]?.name) ?? DEFAULT_FUNCTION;
}

/** A value the schema accepts: the required properties, or all when none is required. */
function sampleOf(schema: JsonObject | undefined, fill: { readonly text: string; readonly depth: number }): Json {
  const [choice] = asArray(schema?.enum);
  if (choice !== undefined) return choice;
  const type = asString(schema?.type)?.toLowerCase();
  if (type === "integer" || type === "number") return 1;
  if (type === "boolean") return true;
  if (type === "array") return [];
  const properties = asObject(schema?.properties);
  if (properties === undefined || fill.depth > 5) return type === "object" ? {} : fill.text;
  const required = asArray(schema?.required).flatMap((name) => asString(name) ?? []);
  const names = required.length > 0 ? required : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, sampleOf(asObject(properties[name]), { ...fill, depth: fill.depth + 1 })]));
}

function groundingOf(text: string): JsonObject {
  const web = { uri: "https://example.com/source", title: "example.com", domain: "example.com" };
  return {
    webSearchQueries: [text],
    groundingChunks: [{ web }],
    groundingSupports: [{ segment: { startIndex: 0, endIndex: text.length, text }, groundingChunkIndices: [0] }],
    searchEntryPoint: { renderedContent: "<div>search</div>" },
  };
}

function logprobsOf(text: string): JsonObject {
  const chosenCandidates = wordsOf(text).map((token) => ({ token, tokenId: token.length, logProbability: -0.25 }));
  const topCandidates = chosenCandidates.map((chosen) => ({ candidates: [chosen, { token: "x", tokenId: 0, logProbability: -2.5 }] }));
  return { avgLogprobs: -0.25, logprobsResult: { chosenCandidates, topCandidates } };
}

/** The text cut before each run of blanks: joined again it is the same text. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

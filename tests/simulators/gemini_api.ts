/**
 * A correct Gemini API: `models/<model>:generateContent` and `:streamGenerateContent`, checked as strictly as the
 * simulated Code Assist checks its requests. Pure.
 */
import { Buffer } from "node:buffer";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../src/kernel/json.ts";
import type { Question } from "./answers.ts";
import { cacheRefusal, cacheReply } from "./gemini_caches.ts";
import { googleModel } from "./google/models.ts";
import { fieldMistakeIn } from "./google/strict_fields.ts";
import { historyMistakeIn } from "./google/strict_history.ts";
import { settingMistakeIn } from "./google/strict_request.ts";
import { type AnswerShape, contentText, plan, type Planned, wordsOf } from "./plan.ts";
import { dataEvent, EVENT_HEADERS, jsonReply, type Reply } from "./reply.ts";
import { tokensOf } from "./tokens.ts";

const ROUTE = /\/models\/([^/]+):(generateContent|streamGenerateContent)$/;
/** What signs the calls of this Gemini. */
export const GEMINI_SIGNATURE = "c2ltLWdlbWluaS1zaWduYXR1cmUh";

/** The answer to a call of generateContent; undefined for every other request. */
export function geminiReply(question: Question, shape: AnswerShape): Reply | undefined {
  const [, name = "", method] = ROUTE.exec(question.path) ?? [];
  if (method === undefined || question.method !== "POST") return cacheReply(question);
  const body = asObject(question.body) ?? {};
  const cached = asString(body.cachedContent);
  const uncached = cached === undefined ? undefined : cacheRefusal(cached, question.key ?? "");
  if (uncached !== undefined) return uncached;
  const id = decodeURIComponent(name);
  const mistake = mistakeIn(body, id);
  if (mistake !== undefined) return geminiError(400, { status: "INVALID_ARGUMENT", message: mistake });
  const contents = asArray(body.contents).filter(isObject);
  const all = contents.map((content) => contentText(content.parts)).join(" ");
  const limit = asNumber(asObject(body.generationConfig)?.maxOutputTokens);
  const asked = limit === undefined ? {} : { max_tokens: limit };
  const planned = plan({ body: asked, shape }, { all, ...reactionTo(contents, body) });
  const frame = { modelVersion: id, responseId: `sim${question.index}` };
  const usageMetadata = usageOf(planned, tokensOf(all));
  const finishReason = { stop: "STOP", length: "MAX_TOKENS", tool_calls: "STOP", content_filter: "SAFETY" }[planned.finishReason] ??
    "OTHER";
  if (method === "generateContent") {
    const candidate = { content: { role: "model", parts: partsOf(planned) }, finishReason, index: 0 };
    return jsonReply(200, { candidates: [candidate], usageMetadata, ...frame });
  }
  const parts = piecesOf(planned);
  const events = [...parts, undefined].map((part) => ({
    candidates: [{
      content: { role: "model", parts: part === undefined ? [{ text: "" }] : [part] },
      index: 0,
      ...(part === undefined ? { finishReason } : {}),
    }],
    usageMetadata,
    ...frame,
  }));
  return { status: 200, headers: EVENT_HEADERS, pieces: events.map((event) => Buffer.from(dataEvent(event))), form: "events" };
}

/** Any error in Google's shape. */
export function geminiError(code: number, error: { readonly status: string; readonly message: string }): Reply {
  return jsonReply(code, geminiErrorBody(code, error));
}

export function geminiErrorBody(code: number, error: { readonly status: string; readonly message: string }): JsonObject {
  return { error: { code, ...error } };
}

function mistakeIn(body: JsonObject, id: string): string | undefined {
  const field = fieldMistakeIn("generateContent", { model: id, request: body });
  if (field !== undefined) return field.message;
  const model = googleModel(id);
  if (model === undefined) return undefined;
  return (historyMistakeIn(body.contents, model) ?? settingMistakeIn(body, model))?.message;
}

function usageOf({ usage, reasoning }: Planned, promptTokenCount: number): JsonObject {
  const thoughtsTokenCount = tokensOf(reasoning ?? "");
  const candidatesTokenCount = Math.max((asNumber(usage.completion_tokens) ?? 0) - thoughtsTokenCount, 0);
  return {
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount + thoughtsTokenCount,
    ...(thoughtsTokenCount === 0 ? {} : { thoughtsTokenCount }),
  };
}

function partsOf({ text, reasoning, toolCalls }: Planned): readonly JsonObject[] {
  return [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...(text === "" ? [] : [{ text }]),
    ...callParts(toolCalls),
  ];
}

function piecesOf({ text, reasoning, toolCalls }: Planned): readonly JsonObject[] {
  return [
    ...wordsOf(reasoning ?? "").map((word) => ({ text: word, thought: true })),
    ...wordsOf(text).map((word) => ({ text: word })),
    ...callParts(toolCalls),
  ];
}

/** Only the first call of a step is signed. */
function callParts(calls: Planned["toolCalls"]): readonly JsonObject[] {
  return calls.map((call, index) => ({
    functionCall: { name: call.name, args: call.arguments },
    ...(index === 0 ? { thoughtSignature: GEMINI_SIGNATURE } : {}),
  }));
}

function reactionTo(contents: readonly JsonObject[], body: JsonObject) {
  const last = contents.at(-1);
  const results = asArray(last?.parts).filter(isObject).map((part) => part.functionResponse).filter(isObject);
  if (results.length > 0) {
    const said = results.map(({ response }) => {
      const fields = asObject(response) ?? {};
      return asString(fields.result) ?? asString(fields.error) ?? JSON.stringify(fields);
    });
    return { echo: `The tool said: ${said.join(" | ")}`, toolCalls: [] };
  }
  const echo = contentText(contents.findLast(({ role }) => role === "user")?.parts);
  const declared = asArray(body.tools).filter(isObject).flatMap((tool) => asArray(tool.functionDeclarations));
  const name = asString(asObject(declared[0])?.name);
  const isAsked = name !== undefined && echo.toLowerCase().includes("use the tool");
  return { echo, toolCalls: isAsked ? [{ name, arguments: { text: echo } }] : [] };
}

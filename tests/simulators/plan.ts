/**
 * What a simulated provider says to a request, before it is put into a format: the echo of the last user message, a tool
 * call that was asked for, or what the test wants. The same request always gets the same plan.
 */
import { asArray, asNumber, asObject, asString, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { tokensOf } from "./tokens.ts";

/** One tool call an answer makes. */
export interface AnsweredCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** What an answer says when it is not to be the echo. */
export interface AnswerShape {
  readonly text?: string;
  /** Sent as `reasoning_content`, before the text. */
  readonly reasoning?: string;
  readonly toolCalls?: readonly AnsweredCall[];
  readonly finishReason?: string;
  readonly usage?: JsonObject;
}

/** What an answer says. */
export interface Planned {
  readonly text: string;
  readonly reasoning: string | undefined;
  readonly toolCalls: readonly AnsweredCall[];
  readonly finishReason: string;
  readonly choiceCount: number;
  readonly usage: JsonObject;
}

/** Text of choice `index`: the second and later ones say which they are. */
export function choiceText(plan: Planned, index: number): string {
  return index === 0 || plan.text === "" ? plan.text : `${plan.text} #${index}`;
}

/** The answer to a request. `all`: everything that was said; `echo`: what is answered unless the shape says otherwise. */
export function plan(
  { body, shape }: { readonly body: JsonObject; readonly shape: AnswerShape },
  prompt: { readonly all: string; readonly echo: string; readonly toolCalls: readonly AnsweredCall[] },
): Planned {
  const toolCalls = shape.toolCalls ?? (shape.text === undefined ? prompt.toolCalls : []);
  const whole = shape.text ?? (toolCalls.length > 0 ? "" : prompt.echo);
  const limit = asNumber(body.max_completion_tokens) ?? asNumber(body.max_tokens) ?? Infinity;
  const text = wordsOf(whole).slice(0, limit).join("");
  const ended = text.length < whole.length ? "length" : toolCalls.length > 0 ? "tool_calls" : "stop";
  const choiceCount = asNumber(body.n) ?? 1;
  const written = tokensOf(text) + tokensOf(shape.reasoning ?? "") +
    tokensOf(toolCalls.map((call) => JSON.stringify(call.arguments)).join(" "));
  const promptTokens = tokensOf(prompt.all);
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: written * choiceCount,
    total_tokens: promptTokens + written * choiceCount,
  };
  return {
    text,
    reasoning: shape.reasoning,
    toolCalls,
    finishReason: shape.finishReason ?? ended,
    choiceCount,
    usage: shape.usage ?? usage,
  };
}

/** The text of a message's content, whether a string or a list of parts. */
export function contentText(content: Json | undefined): string {
  if (typeof content === "string") return content;
  return asArray(content).map((part) => asString(part) ?? asString(asObject(part)?.text) ?? "").join("");
}

/** The text cut before each run of blanks: joined again it is the same text. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** 0, 1, … */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/**
 * What a logged request and its answer say, in a few words: in whichever dialect they are. Pure. It looks for what
 * every dialect has and takes nothing for granted; what it does not know it leaves out.
 */
import { asArray, asNumber, asObject, asString, type Json, type JsonObject } from "../../kernel/json.ts";
import { counted } from "../../terminal/words.ts";

/** `3 messages, 2 tools, streamed` and the last words of the user. */
export interface SentWords {
  readonly outline: string;
  readonly lastText: string;
}

export function sentWords(body: Json | undefined): SentWords {
  const sent = asObject(body);
  if (sent === undefined) return { outline: "", lastText: "" };
  const turns = turnsOf(sent);
  const tools = asArray(sent["tools"]).length;
  const outline = [
    turns.length === 0 ? "" : counted(turns.length, "message"),
    tools === 0 ? "" : counted(tools, "tool"),
    sent["stream"] === true ? "streamed" : "",
    ...["max_tokens", "max_completion_tokens", "max_output_tokens", "temperature"].map((name) => {
      const value = asNumber(sent[name]);
      return value === undefined ? "" : `${name} ${value}`;
    }),
  ].filter((it) => it !== "").join(", ");
  const last = turns.at(-1);
  return { outline, lastText: last === undefined ? textOf(sent["input"] ?? sent["prompt"]) : textOf(last) };
}

/** Messages (OpenAI, Anthropic, Cohere), input items (Responses) or contents (Gemini). */
function turnsOf(sent: JsonObject): readonly Json[] {
  return [sent["messages"], sent["input"], sent["contents"]].map((it) => asArray(it).filter((turn) => asObject(turn) !== undefined))
    .find((turns) => turns.length > 0) ?? [];
}

/** What was answered: its text, the tools it calls, or the error. */
export interface AnswerWords {
  readonly text: string;
  readonly tools: readonly string[];
  readonly error: string;
}

export function answerWords(body: Json | undefined): AnswerWords {
  const answer = asObject(body);
  if (answer === undefined) return { text: textOf(body), tools: [], error: "" };
  const error = asObject(answer["error"]);
  const choice = asObject(asObject(asArray(answer["choices"])[0])?.["message"]);
  const candidate = asObject(asObject(asArray(answer["candidates"])[0])?.["content"]);
  const message = choice ?? candidate ?? asObject(answer["message"]) ?? answer;
  return {
    text: textOf(message["output"] ?? message),
    tools: toolsOf(message),
    error: asString(error?.["message"]) ?? asString(answer["error"]) ?? "",
  };
}

/** All text in a message or in its parts, in order. */
function textOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map((part: Json) => textOf(part)).filter((text) => text !== "").join(" ");
  const part = asObject(value);
  if (part === undefined) return "";
  for (const name of ["content", "parts", "text"]) {
    const text = textOf(part[name]);
    if (text !== "") return text;
  }
  return "";
}

function toolsOf(message: JsonObject): string[] {
  const calls = [message["tool_calls"], message["content"], message["parts"], message["output"]].flatMap((it) => asArray(it));
  return calls.flatMap((call) => {
    const it = asObject(call);
    const named = asObject(it?.["function"]) ?? asObject(it?.["functionCall"]) ??
      (["tool_use", "function_call"].includes(asString(it?.["type"]) ?? "") ? it : undefined);
    return asString(named?.["name"]) ?? [];
  });
}

/**
 * A conversation as Anthropic takes it: begins with the user, roles alternate, every call is answered first thing in
 * the next turn. Thoughts go along only with their signature; history that does not add up is mended.
 */
import type { ChatRequest, Part } from "../../canonical/chat.ts";
import { asString, isObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import { type AnsweredCall, type Step, stepsOf } from "../history.ts";
import type { ToolNames } from "../tool_names.ts";
import type { ThoughtMemory } from "./memory.ts";
import { type PartContext, resultBlock, userBlocks } from "./parts.ts";

export interface HistoryContext {
  readonly names: ToolNames;
  readonly memory: ThoughtMemory;
  readonly parts: PartContext;
  readonly takesPrefill: boolean;
}

export interface History {
  readonly messages: readonly JsonObject[];
  readonly lossy: readonly string[];
  /** A tool loop is under way whose thoughts are gone: the model must not think in this call. */
  readonly lacksThoughts: boolean;
}

interface Message {
  readonly role: "user" | "assistant";
  readonly content: JsonObject[];
}

/** Said where something must be said. */
const GO_ON: JsonObject = { type: "text", text: "Continue." };

/** The messages of a request. Failures are left in `context.parts`. */
export function writeHistory({ turns }: Pick<ChatRequest, "turns">, context: HistoryContext): History {
  const steps = stepsOf(turns);
  const messages = merged(steps.flatMap((step) => writeStep(step, context)));
  if (messages[0]?.role !== "user") messages.unshift({ role: "user", content: [GO_ON] });
  const last = messages.at(-1);
  const isPrefilled = last?.role === "assistant";
  if (isPrefilled && context.takesPrefill) trimEnd(last.content);
  const isRefused = isPrefilled && (!context.takesPrefill || last.content.length === 0);
  if (isRefused) messages.push({ role: "user", content: [GO_ON] });
  return {
    messages: messages.filter(({ content }) => content.length > 0).map((message) => ({ ...message })),
    lossy: isPrefilled && !context.takesPrefill ? ["messages[last]"] : [],
    lacksThoughts: lacksThoughts(messages),
  };
}

function writeStep(step: Step, context: HistoryContext): readonly Message[] {
  if (step.role === "user") {
    return [{ role: "user", content: step.parts.flatMap((part) => userBlocks(part, context.parts)) }];
  }
  const content = assistantBlocks(step.parts, step.calls, context);
  if (step.calls.length === 0) return [{ role: "assistant", content }];
  const results = step.calls.map(({ call, result }) => resultBlock(wireId(call.id), result, context.parts));
  return [{ role: "assistant", content }, { role: "user", content: results }];
}

function assistantBlocks(parts: readonly Part[], calls: readonly AnsweredCall[], { names, memory }: HistoryContext): JsonObject[] {
  const blocks = parts.flatMap((part): readonly JsonObject[] => {
    switch (part.kind) {
      case "text":
      case "refusal":
        return part.text === "" ? [] : [{ type: "text", text: part.text }];
      case "reasoning":
        return thoughtBlocks(part, memory);
      case "tool_call":
        return [{ type: "tool_use", id: wireId(part.id), name: names.toWire(part.name), input: inputOf(part.arguments) }];
      default:
        return [];
    }
  });
  const isThought = blocks.some(isThinking);
  const first = calls[0]?.call.id;
  return isThought || first === undefined ? blocks : [...memory.before(first), ...blocks];
}

function thoughtBlocks({ text, signature, encrypted }: Extract<Part, { readonly kind: "reasoning" }>, memory: ThoughtMemory): JsonObject[] {
  if (encrypted !== undefined) return memory.isOurs(encrypted) ? [{ type: "redacted_thinking", data: encrypted }] : [];
  return signature !== undefined && memory.isOurs(signature) ? [{ type: "thinking", thinking: text, signature }] : [];
}

function isThinking({ type }: JsonObject): boolean {
  return type === "thinking" || type === "redacted_thinking";
}

/** Ids hold letters, digits, `_` and `-`; the same id always becomes the same. */
function wireId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_");
}

function inputOf(text: string): JsonObject {
  const parsed = parseJson(text);
  return isObject(parsed) ? parsed : {};
}

function merged(messages: readonly Message[]): Message[] {
  const all: Message[] = [];
  for (const { role, content } of messages) {
    const last = all.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) all.push({ role, content: [...content] });
  }
  return all;
}

/** The beginning of an answer must not end with white space. */
function trimEnd(content: JsonObject[]): void {
  const last = content.at(-1);
  if (last?.type !== "text") return;
  const text = (asString(last.text) ?? "").trimEnd();
  content.pop();
  if (text !== "") content.push({ ...last, text });
}

/** Since the user last spoke, a turn with calls must begin with its thoughts. */
function lacksThoughts(messages: readonly Message[]): boolean {
  const lastWords = messages.findLastIndex(({ role, content }) => role === "user" && content.some(({ type }) => type !== "tool_result"));
  return messages.some(({ role, content }, index) =>
    index > lastWords && role === "assistant" && content.some(({ type }) => type === "tool_use") && !isThinking(content[0] ?? {})
  );
}

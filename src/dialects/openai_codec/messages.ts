/**
 * Messages of a request, read into what the system said and turns of user and assistant. Order is kept; each
 * message is one turn, and history that does not add up is left for the provider's half to mend.
 */
import type { Part, TextPart, ToolCall, Turn } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { type Field, imagePart, readTextContent, readTexts, readUserContent } from "./parts.ts";
import type { Problems } from "../problems.ts";

export interface Conversation {
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
  readonly dropped: readonly string[];
}

/** All messages. */
export function readMessages(messages: Json | undefined, problems: Problems): Conversation {
  const reader = new MessageReader(problems);
  for (const [index, message] of asArray(messages).entries()) {
    const path = `messages[${index}]`;
    if (isObject(message)) reader.read(message, path);
    else problems.note(path, "an object is expected");
  }
  return reader;
}

/** An assistant's or a call's `extra_content.google.thought_signature`, in each spelling clients use. */
export function signatureOf(fields: JsonObject | undefined): string | undefined {
  const google = asObject(asObject(fields?.extra_content)?.google);
  const found = asString(google?.thought_signature) ?? asString(fields?.thought_signature) ?? asString(fields?.thoughtSignature);
  return found === "" ? undefined : found;
}

class MessageReader implements Conversation {
  readonly system: TextPart[] = [];
  readonly turns: Turn[] = [];
  readonly dropped: string[] = [];
  readonly #problems: Problems;
  /** Names of tools by the ids of their calls. */
  readonly #names = new Map<string, string>();
  /** Calls in the older shape have no id: the one made for the last call of each name. */
  readonly #legacyIds = new Map<string, string>();

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  read(message: JsonObject, path: string): void {
    switch (message.role) {
      case "system":
      case "developer":
        this.system.push(...readTexts(this.#content(message, path)));
        break;
      case "user":
        this.turns.push({ role: "user", parts: readUserContent(this.#content(message, path)) });
        break;
      case "assistant":
      case "model":
        this.turns.push({ role: "assistant", parts: this.#assistant(message, path) });
        break;
      case "tool":
        this.#tool(message, path);
        break;
      case "function":
        this.#legacyResult(message, path);
        break;
      default:
        this.#problems.note(`${path}.role`, "system, developer, user, assistant, tool or function is expected");
    }
  }

  #content(message: JsonObject, path: string): Field {
    return { value: message.content, path: `${path}.content`, problems: this.#problems };
  }

  #assistant(message: JsonObject, path: string): readonly Part[] {
    const { content } = message;
    const said = content === undefined || content === null ? [] : readTextContent(this.#content(message, path));
    const refusal = asString(message.refusal) ?? "";
    if (isObject(message.audio)) this.dropped.push(`${path}.audio`);
    return [
      ...readReasoning(message),
      ...withSignature(said, signatureOf(message)),
      ...(refusal === "" ? [] : [{ kind: "refusal" as const, text: refusal }]),
      ...this.#images(message, path),
      ...this.#calls(message, path),
    ];
  }

  #images(message: JsonObject, path: string): readonly Part[] {
    return asArray(message.images).flatMap((image, index) => {
      const at = { path: `${path}.images[${index}]`, problems: this.#problems };
      return isObject(image) ? imagePart(image, at) ?? [] : [];
    });
  }

  #calls(message: JsonObject, path: string): readonly ToolCall[] {
    const calls = asArray(message.tool_calls).flatMap((item, index) => this.#call(asObject(item), `${path}.tool_calls[${index}]`) ?? []);
    const legacy = asObject(message.function_call);
    const name = asString(legacy?.name);
    if (legacy === undefined || calls.length > 0) return calls;
    if (name === undefined) return this.#problems.note(`${path}.function_call.name`, "the name of a function is expected") ?? [];
    const id = `${path}.function_call`;
    this.#legacyIds.set(name, id);
    return [this.#remember({ kind: "tool_call", id, name, arguments: argumentsOf(legacy.arguments), ...signed(signatureOf(legacy)) })];
  }

  #call(call: JsonObject | undefined, path: string): ToolCall | undefined {
    const custom = asObject(call?.custom);
    const called = asObject(call?.function);
    const id = asString(call?.id) ?? "";
    const name = asString((custom ?? called)?.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.${custom === undefined ? "function" : "custom"}.name`, "a name is expected");
    if (id === "") return this.#problems.note(`${path}.id`, "the id of the call is expected");
    const text = custom === undefined ? argumentsOf(called?.arguments) : JSON.stringify({ input: asString(custom.input) ?? "" });
    return this.#remember({ kind: "tool_call", id, name, arguments: text, ...signed(signatureOf(call) ?? signatureOf(called)) });
  }

  #remember(call: ToolCall): ToolCall {
    this.#names.set(call.id, call.name);
    return call;
  }

  #tool(message: JsonObject, path: string): void {
    const callId = asString(message.tool_call_id) ?? "";
    if (callId === "") return this.#problems.note(`${path}.tool_call_id`, "the id of the call that is answered is expected");
    this.#result({ callId, name: this.#names.get(callId) ?? asString(message.name) }, message, path);
  }

  #legacyResult(message: JsonObject, path: string): void {
    const name = asString(message.name) ?? "";
    if (name === "") return this.#problems.note(`${path}.name`, "the name of the function is expected");
    this.#result({ callId: this.#legacyIds.get(name) ?? path, name }, message, path);
  }

  #result(of: { readonly callId: string; readonly name: string | undefined }, message: JsonObject, path: string): void {
    const { content: given } = message;
    const content = given === undefined || given === null ? [] : readUserContent(this.#content(message, path));
    const named = of.name === undefined ? {} : { name: of.name };
    this.turns.push({ role: "user", parts: [{ kind: "tool_result", callId: of.callId, ...named, content }] });
  }
}

/** Arguments are JSON text; some clients send the object itself. */
function argumentsOf(value: Json | undefined): string {
  if (typeof value === "string") return value === "" ? "{}" : value;
  return isObject(value) ? JSON.stringify(value) : "{}";
}

function signed(signature: string | undefined): { signature?: string } {
  return signature === undefined ? {} : { signature };
}

/** A message has one signature: that of its last text. */
function withSignature(parts: readonly Part[], signature: string | undefined): readonly Part[] {
  if (signature === undefined) return parts;
  const last = parts.findLastIndex((part) => part.kind === "text");
  if (last < 0) return [...parts, { kind: "text", text: "", signature }];
  return parts.map((part, index) => index === last && part.kind === "text" ? { ...part, signature } : part);
}

/** Thoughts in each of the three shapes that are in use; details are preferred, because only they are signed. */
function readReasoning(message: JsonObject): readonly Part[] {
  const details = asArray(message.reasoning_details).filter(isObject).flatMap((detail): readonly Part[] => {
    const text = asString(detail.text) ?? asString(detail.summary) ?? "";
    const encrypted = asString(detail.data) ?? "";
    if (encrypted !== "") return [{ kind: "reasoning", text, encrypted }];
    return text === "" ? [] : [{ kind: "reasoning", text, ...signed(asString(detail.signature)) }];
  });
  if (details.length > 0) return details;
  const text = asString(message.reasoning_content) ?? asString(message.reasoning) ?? "";
  return text === "" ? [] : [{ kind: "reasoning", text }];
}

/**
 * Request quirks that concern messages: roles, content shapes, ids. Each is pure and returns its input
 * itself when it does not apply.
 */
import { createHash } from "node:crypto";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { type Edit, editField, editList, renamed, without } from "./edit.ts";

function eachMessage(edit: Edit): Edit {
  return (body) => editList(body, "messages", edit);
}

/** The texts of the parts, or undefined when one of them is not text. */
function textsOf(parts: readonly Json[]): string[] | undefined {
  const texts: string[] = [];
  for (const part of parts) {
    const text = isObject(part) && part.type === "text" ? asString(part.text) : undefined;
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}

/** Parts are separate blocks, so a line break keeps them apart. Images and the like stay: only the provider can say no. */
function plainTextContent(message: JsonObject): JsonObject {
  if (message.content === null) return { ...message, content: "" };
  if (!Array.isArray(message.content)) return message;
  const texts = textsOf(asArray(message.content));
  return texts === undefined ? message : { ...message, content: texts.join("\n") };
}

const ALPHANUMERICS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TOOL_ID_LENGTH = 9;

/** The same id always becomes the same nine characters, so that a call and its result still meet. */
function nineCharacterId(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  const digest = createHash("sha256").update(id).digest();
  return [...digest.subarray(0, TOOL_ID_LENGTH)].map((byte) => ALPHANUMERICS.charAt(byte % ALPHANUMERICS.length)).join("");
}

function withNineCharacterId(field: string): Edit {
  return (object) => {
    const id = asString(object[field]);
    const short = id === undefined ? undefined : nineCharacterId(id);
    return short === id ? object : { ...object, [field]: short };
  };
}

function nineCharacterToolIds(message: JsonObject): JsonObject {
  return withNineCharacterId("tool_call_id")(editList(message, "tool_calls", withNineCharacterId("id")));
}

/** Adds a line of instruction to the first system message, or makes one. */
function withInstruction(body: JsonObject, instruction: string): JsonObject {
  const [first, ...rest] = asArray(body.messages);
  if (!isObject(first) || (first.role !== "system" && first.role !== "developer")) {
    return { ...body, messages: [{ role: "system", content: instruction }, ...asArray(body.messages)] };
  }
  const content = Array.isArray(first.content)
    ? [...asArray(first.content), { type: "text", text: instruction }]
    : [asString(first.content), instruction].filter(Boolean).join("\n\n");
  return { ...body, messages: [{ ...first, content }, ...rest] };
}

/** Plain JSON mode cannot carry the schema, so it goes where the model reads it. */
function jsonSchemaAsJsonObject(body: JsonObject): JsonObject {
  const format = asObject(body.response_format);
  if (format?.type !== "json_schema") return body;
  const relaxed = editField(body, "response_format", () => ({ type: "json_object" }));
  const schema = asObject(format.json_schema)?.schema;
  if (schema === undefined) return relaxed;
  return withInstruction(relaxed, `Answer only with JSON that fits this JSON Schema:\n${JSON.stringify(schema)}`);
}

const CACHED = { cache_control: { type: "ephemeral" } } as const;

/** The parts of a system message that say something. */
function systemParts({ content }: JsonObject): readonly JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return asArray(content).filter(isObject).filter((part) => part.text !== "");
}

function isSystem(message: Json): boolean {
  return isObject(message) && (message.role === "system" || message.role === "developer");
}

/** Everything the system says in one first message of parts, the first of which is marked for the cache. */
function systemAsLeadingParts(body: JsonObject): JsonObject {
  if (!Array.isArray(body.messages)) return body;
  const messages = asArray(body.messages);
  const [first = { type: "text", text: "" }, ...rest] = messages.filter(isSystem).filter(isObject).flatMap(systemParts);
  const leading = { role: "system", content: [{ ...CACHED, ...first }, ...rest] };
  return { ...body, messages: [leading, ...messages.filter((message) => !isSystem(message))] };
}

/** The message quirks that have a name alone. */
export const MESSAGE_QUIRKS = {
  /** Content must be a string: text parts are joined, null becomes empty. */
  plain_text_content: eachMessage(plainTextContent),
  no_message_names: eachMessage((message) => without(message, ["name"])),
  no_developer_role: eachMessage((message) => message.role === "developer" ? { ...message, role: "system" } : message),
  /** Tool call ids must be nine letters and digits. */
  nine_character_tool_ids: eachMessage(nineCharacterToolIds),
  json_schema_as_json_object: jsonSchemaAsJsonObject,
  /** What a tool said must be a string. */
  plain_text_tool_results: eachMessage((message) => message.role === "tool" ? plainTextContent(message) : message),
  /** A request without a first system message of parts, marked for the cache, is refused. */
  system_as_leading_parts: systemAsLeadingParts,
  /** Reasoning of earlier turns is an unknown field. */
  no_reasoning_replay: eachMessage((message) => without(message, ["reasoning_content", "reasoning", "reasoning_details"])),
  /** Reasoning of earlier turns is read from `reasoning` only. */
  reasoning_replay_as_reasoning: eachMessage((message) => renamed(message, "reasoning_content", "reasoning")),
} as const satisfies Record<string, Edit>;

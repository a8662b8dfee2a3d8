/**
 * What of a request becomes tokens: its texts, and a number for what is not text. Follows the counting rules
 * OpenAI publishes (cookbook, "How to count tokens with tiktoken"); what they leave open makes the count an estimate.
 */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";

/** The parts of a request that are counted; every other field is ignored. */
export interface CountInput {
  /** With or without the provider in front. */
  readonly model: string;
  /** Chat messages. */
  readonly messages?: Json | undefined;
  readonly text?: Json | undefined;
  /** As for embeddings: a text, texts, tokens, or lists of tokens. */
  readonly input?: Json | undefined;
  readonly tools?: Json | undefined;
}

/** How tools weigh; differs by encoding. */
export interface ToolWeights {
  readonly perTool: number;
}

export interface Countable {
  readonly texts: readonly string[];
  /** Tokens that come with the form of the request. */
  readonly fixedCount: number;
  readonly isEstimate: boolean;
}

const PER_MESSAGE = 3;
const PER_NAME = 1;
/** Every answer is primed with the start of an assistant message. */
const PRIMING = 3;
const PER_TOOL_CALL = 3;
/** One image at low detail. https://platform.openai.com/docs/guides/images-vision */
const LOW_DETAIL_IMAGE = 85;
/** One image of 1024 × 1024 at high detail: 85 + 4 tiles of 170. Stands for every part that is no text, since sizes are not looked at. */
const OTHER_PART = 765;
const TOOLS_END = 12;
const PROPERTIES_START = 3;
const PER_PROPERTY = 3;
const ENUM_START = -3;
const PER_ENUM_VALUE = 3;
/** Deeper schemas are not followed. */
const MAX_SCHEMA_DEPTH = 16;

/** Collects what `input` is made of. Fields of an unexpected type count nothing. */
export function countableOf(input: CountInput, weights: ToolWeights): Countable {
  const tally = new Tally();
  tally.addMessages(input.messages);
  tally.addInput(input.text);
  tally.addInput(input.input);
  tally.addTools(input.tools, weights);
  return tally;
}

class Tally implements Countable {
  readonly texts: string[] = [];
  fixedCount = 0;
  isEstimate = false;

  addMessages(messages: Json | undefined): void {
    if (!Array.isArray(messages) || messages.length === 0) return;
    this.fixedCount += PRIMING;
    for (const message of messages) {
      if (isObject(message)) this.#addMessage(message);
    }
  }

  addInput(input: Json | undefined): void {
    if (typeof input === "string") this.texts.push(input);
    for (const item of asArray(input)) {
      if (typeof item === "number") this.fixedCount++;
      else if (typeof item === "string") this.texts.push(item);
      else if (Array.isArray(item)) this.fixedCount += item.length;
      else if (isObject(item)) {
        this.isEstimate = true;
        this.#addMessage(item);
      }
    }
  }

  addTools(tools: Json | undefined, weights: ToolWeights): void {
    const functions = asArray(tools).filter(isObject).map((it) => asObject(it.function) ?? it).filter((it) => typeof it.name === "string");
    if (functions.length === 0) return;
    this.isEstimate = true;
    this.fixedCount += TOOLS_END;
    for (const definition of functions) {
      this.fixedCount += weights.perTool;
      this.texts.push(`${asString(definition.name) ?? ""}:${description(definition)}`);
      this.#addProperties(asObject(definition.parameters), 0);
    }
  }

  #addMessage(message: JsonObject): void {
    this.fixedCount += PER_MESSAGE;
    for (const field of [message.role, message.reasoning_content, message.refusal]) this.#addText(field);
    if (typeof message.name === "string") {
      this.fixedCount += PER_NAME;
      this.#addText(message.name);
    }
    this.#addText(message.content);
    for (const part of asArray(message.content)) this.#addPart(part);
    for (const call of asArray(message.tool_calls)) this.#addToolCall(asObject(asObject(call)?.function));
  }

  #addPart(part: Json): void {
    const fields = asObject(part);
    const text = typeof part === "string" ? part : asString(fields?.text) ?? asString(fields?.refusal);
    if (text !== undefined) return this.#addText(text);
    this.isEstimate = true;
    const detail = asObject(fields?.image_url)?.detail ?? fields?.detail;
    this.fixedCount += detail === "low" ? LOW_DETAIL_IMAGE : OTHER_PART;
  }

  #addToolCall(call: JsonObject | undefined): void {
    this.isEstimate = true;
    this.fixedCount += PER_TOOL_CALL;
    this.#addText(call?.name);
    this.#addText(call?.arguments);
  }

  #addProperties(schema: JsonObject | undefined, depth: number): void {
    const properties = Object.entries(asObject(schema?.properties) ?? {});
    if (properties.length === 0 || depth > MAX_SCHEMA_DEPTH) return;
    this.fixedCount += PROPERTIES_START;
    for (const [name, value] of properties) {
      const property = asObject(value) ?? {};
      this.fixedCount += PER_PROPERTY;
      this.texts.push(`${name}:${[property.type].flat().filter((it) => typeof it === "string").join("|")}:${description(property)}`);
      this.#addEnum(property.enum);
      this.#addProperties(property, depth + 1);
      this.#addProperties(asObject(property.items), depth + 1);
    }
  }

  #addEnum(values: Json | undefined): void {
    if (!Array.isArray(values)) return;
    this.fixedCount += ENUM_START;
    for (const value of values) {
      this.fixedCount += PER_ENUM_VALUE;
      if (typeof value !== "object") this.texts.push(String(value));
    }
  }

  #addText(value: Json | undefined): void {
    if (typeof value === "string") this.texts.push(value);
  }
}

/** Counted without its final full stop. */
function description(fields: JsonObject): string {
  return (asString(fields.description) ?? "").replace(/\.$/, "");
}

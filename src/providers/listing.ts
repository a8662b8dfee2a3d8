/**
 * Reads a provider's model list, whatever its shape, with the facts it states. A row without an id is
 * dropped and a field of an unexpected type is ignored: a strange list never breaks the gateway.
 */
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { FoundFacts, ModelPrices } from "./model_facts.ts";
import type { ListingShape } from "./row.ts";

/** A model as its provider lists it. */
export interface ListedModel {
  /** The provider's id, as a call needs it. */
  readonly id: string;
  readonly facts: FoundFacts;
}

/** Rows beyond this are ignored; the longest list known has about 22,000. */
const MAX_ROWS = 50_000;

/** The models of a list, in its order, each id once. Empty when nothing in `json` looks like a list. */
export function readListing(shape: ListingShape, json: Json | undefined): ListedModel[] {
  const models = new Map<string, ListedModel>();
  for (const row of rowsOf(shape, json).slice(0, MAX_ROWS)) {
    const id = idOf(shape, row);
    if (id !== undefined && !models.has(id)) models.set(id, { id, facts: isObject(row) ? factsOfRow(row) : {} });
  }
  return [...models.values()];
}

/** Where each shape keeps its rows. Providers change wrappers more often than rows, so the other places are tried too. */
const ROW_FIELDS: Readonly<Record<ListingShape, readonly string[]>> = {
  openai: ["data", "models"],
  bare_array: ["data", "models"],
  github: ["data", "models"],
  cloudflare: ["result", "data"],
  envelope: ["data", "models"],
  ollama_tags: ["models", "data"],
  bedrock: ["modelSummaries", "inferenceProfileSummaries"],
};

function rowsOf(shape: ListingShape, json: Json | undefined): readonly Json[] {
  if (Array.isArray(json)) return json;
  const outer = asObject(json);
  for (const field of ROW_FIELDS[shape]) {
    const inner = outer?.[field];
    if (Array.isArray(inner)) return inner;
    const nested = ROW_FIELDS[shape].map((it) => asObject(inner)?.[it]).find((it) => Array.isArray(it));
    if (nested !== undefined) return asArray(nested);
  }
  return [];
}

/** Cloudflare's `id` is a number of its own: a call wants the name. */
const ID_FIELDS: Readonly<Record<ListingShape, readonly string[]>> = {
  openai: ["id", "name", "model"],
  bare_array: ["id", "name", "model"],
  github: ["id", "name"],
  cloudflare: ["name"],
  envelope: ["id", "name", "model"],
  ollama_tags: ["name", "model", "id"],
  bedrock: ["modelId", "inferenceProfileId"],
};

function idOf(shape: ListingShape, row: Json): string | undefined {
  if (typeof row === "string") return cleanId(row);
  const fields = asObject(row);
  if (fields?.is_ready === false) return undefined;
  if ((shape === "bedrock" && !isCallable(fields)) || (shape === "cloudflare" && !isText(fields))) return undefined;
  for (const name of ID_FIELDS[shape]) {
    const id = cleanId(asString(fields?.[name]));
    if (id !== undefined) return id;
  }
  return undefined;
}

/** Cloudflare lists models that hear, draw and classify, under addresses of their own. */
function isText(row: JsonObject | undefined): boolean {
  const task = asString(asObject(row?.task)?.name);
  return task === undefined || /^text (?:generation|embeddings)$/i.test(task);
}

/** Amazon lists models that only their profiles reach, and models that draw. */
function isCallable(row: JsonObject | undefined): boolean {
  const says = (name: string, words: readonly string[]) => {
    const said = asArray(row?.[name]);
    return said.length === 0 || words.some((word) => said.includes(word));
  };
  return says("inferenceTypesSupported", ["ON_DEMAND"]) && says("outputModalities", ["TEXT", "EMBEDDING"]);
}

function cleanId(id: string | undefined): string | undefined {
  return id?.trim().replace(/^models\//, "") || undefined;
}

/** A row, and the parts of it in which providers keep facts, outermost first. */
function placesOf(row: JsonObject): readonly JsonObject[] {
  const inner = [row.top_provider, row.limits, row.limit, row.metadata, row.capabilities, row.architecture, row.modalities];
  return [row, ...inner.filter(isObject)];
}

const CONTEXT_FIELDS = [
  "context_length",
  "context_window",
  "max_model_len",
  "contextWindow",
  "contextLength",
  "max_context_length",
  "max_context_window_tokens",
  "max_input_tokens",
  "inputTokenLimit",
  "input_token_limit",
  "context_size",
];
const OUTPUT_FIELDS = [
  "max_output_tokens",
  "max_completion_tokens",
  "max_output_length",
  "outputTokenLimit",
  "output_token_limit",
  "maxOutputTokens",
];
const INPUT_MODALITY_FIELDS = ["input_modalities", "inputModalities", "supported_input_modalities", "input"];
const OUTPUT_MODALITY_FIELDS = ["output_modalities", "outputModalities", "supported_output_modalities", "output"];

function factsOfRow(row: JsonObject): FoundFacts {
  const places = placesOf(row);
  const properties = cloudflareProperties(row);
  const contextTokens = tokenCount(places, CONTEXT_FIELDS) ?? wholeNumber(properties.context_window);
  const maxOutputTokens = tokenCount(places, OUTPUT_FIELDS);
  const prices = pricesOf(row) ?? cloudflarePrices(properties.price);
  const inputModalities = wordsOf(places, INPUT_MODALITY_FIELDS);
  const outputModalities = wordsOf(places, OUTPUT_MODALITY_FIELDS);
  const abilities = abilitiesOf(row, properties);
  return {
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(prices === undefined ? {} : { prices }),
    ...(inputModalities === undefined ? {} : { inputModalities }),
    ...(outputModalities === undefined ? {} : { outputModalities }),
    ...abilities,
  };
}

/** The first positive whole number under one of the names, in the first place that has one. */
function tokenCount(places: readonly JsonObject[], names: readonly string[]): number | undefined {
  for (const place of places) {
    for (const name of names) {
      const count = wholeNumber(place[name]);
      if (count !== undefined) return count;
    }
  }
  return undefined;
}

function wholeNumber(value: Json | undefined): number | undefined {
  const number = typeof value === "string" && /^\d{1,12}$/.test(value) ? Number(value) : asNumber(value);
  return number !== undefined && Number.isInteger(number) && number > 0 ? number : undefined;
}

function wordsOf(places: readonly JsonObject[], names: readonly string[]): readonly string[] | undefined {
  for (const place of places) {
    for (const name of names) {
      const words = asArray(place[name]).flatMap((it) => asString(it)?.toLowerCase() ?? []);
      if (words.length > 0) return [...new Set(words)];
    }
  }
  return undefined;
}

const PRICE_FIELDS = {
  input: ["prompt", "input", "input_tokens", "input_price"],
  output: ["completion", "output", "output_tokens", "output_price"],
  cached: ["input_cache_read", "cached_input", "cachedInput", "cache_read_tokens", "cached_price"],
} as const;

/** Prices under `pricing`, `metadata.pricing` or in the row itself, in USD per token or per million tokens. */
function pricesOf(row: JsonObject): ModelPrices | undefined {
  const place = asObject(row.pricing) ?? asObject(asObject(row.metadata)?.pricing) ?? row;
  if ((asString(place.currency) ?? "USD").toUpperCase() !== "USD") return undefined;
  const input = price(place, PRICE_FIELDS.input);
  const output = price(place, PRICE_FIELDS.output);
  if (input === undefined || (output === undefined && place === row)) return undefined;
  const cached = price(place, PRICE_FIELDS.cached);
  const scale = scaleOf(Math.max(input, output ?? 0));
  return {
    inputPerMillion: scaled(input, scale),
    ...(output === undefined ? {} : { outputPerMillion: scaled(output, scale) }),
    ...(cached === undefined ? {} : { cachedInputPerMillion: scaled(cached, scale) }),
  };
}

/** OpenRouter marks prices that vary with -1: unknown, like everything else that is no amount. */
function price(place: JsonObject, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = place[name];
    const text = typeof value === "string" ? value.trim().replace(/^\$/, "") : "";
    const amount = text === "" ? asNumber(value) : Number(text);
    if (amount !== undefined && Number.isFinite(amount) && amount >= 0) return amount;
  }
  return undefined;
}

/**
 * The unit is never stated, but the amounts cannot be confused: no model costs 1,000 dollars per million
 * tokens, and none costs less than a thousandth of a dollar per million.
 */
const DEAREST_PER_TOKEN = 0.001;

function scaleOf(amount: number): number {
  return amount < DEAREST_PER_TOKEN ? 1e6 : 1;
}

/** Without the digits that binary fractions add: 0.0000025 × 1e6 is 2.5. */
function scaled(amount: number, scale: number): number {
  return Number((amount * scale).toPrecision(12));
}

/** A flag is believed as it stands; a list of abilities only for what it names, since no provider says whether its list is complete. */
function abilitiesOf(row: JsonObject, properties: JsonObject): Pick<FoundFacts, "supportsTools" | "supportsReasoning"> {
  const lists = [row.supported_parameters, row.supported_features, row.capabilities, row.tags, asObject(row.metadata)?.tags];
  const named = new Set(lists.flatMap(asArray));
  const says = (names: readonly string[]) => names.some((it) => named.has(it)) ? true : undefined;
  const supportsTools = flag(row, ["supports_tools", "supports_tool_calling", "supports_function_calling", "function_calling"]) ??
    flag(properties, ["function_calling"]) ?? says(["tools", "tool-calling", "tool-use", "function_calling"]);
  const supportsReasoning = flag(row, ["supports_reasoning", "reasoning"]) ?? flag(properties, ["reasoning"]) ?? says(["reasoning"]);
  return {
    ...(supportsTools === undefined ? {} : { supportsTools }),
    ...(supportsReasoning === undefined ? {} : { supportsReasoning }),
  };
}

function flag(row: JsonObject, names: readonly string[]): boolean | undefined {
  for (const place of [row, asObject(row.capabilities) ?? {}]) {
    for (const name of names) {
      const value = place[name];
      if (typeof value === "boolean") return value;
      if (value === "true" || value === "false") return value === "true";
    }
  }
  return undefined;
}

/** Cloudflare keeps facts as a list: `properties: [{property_id, value}]`. */
function cloudflareProperties(row: JsonObject): JsonObject {
  const pairs = asArray(row.properties).flatMap((it) => {
    const name = asString(asObject(it)?.property_id);
    const value = asObject(it)?.value;
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}

/** `[{unit: "per M input tokens", price, currency: "USD"}, …]` */
function cloudflarePrices(list: Json | undefined): ModelPrices | undefined {
  const inUsd = asArray(list).filter(isObject).filter((it) => it.currency === "USD");
  const per = (unit: string) => {
    const amount = asNumber(inUsd.find((it) => it.unit === unit)?.price);
    return amount !== undefined && amount >= 0 ? amount : undefined;
  };
  const inputPerMillion = per("per M input tokens");
  const outputPerMillion = per("per M output tokens");
  if (inputPerMillion === undefined) return undefined;
  return { inputPerMillion, ...(outputPerMillion === undefined ? {} : { outputPerMillion }) };
}

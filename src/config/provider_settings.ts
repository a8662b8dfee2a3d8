/**
 * What the environment says about single providers: limits, rotation, models. Every family is looked up under
 * every name of a provider; the name shown first wins.
 */
import { z } from "zod";
import { BASE_URL_EXPECTED, readBaseUrl } from "../kernel/base_url.ts";
import { parseJson } from "../kernel/json.ts";
import type { ProviderNames, Variables } from "../kernel/variables.ts";
import type { ModelDefinition, ProviderSettings } from "./config.ts";
import type { Kind } from "./kinds.ts";
import { PATTERN_KINDS, PATTERNS } from "./provider_patterns.ts";

/** What is needed to read one family, and where complaints go. */
interface Desk {
  readonly variables: Variables;
  readonly names: ProviderNames;
  /** `value` is the raw text; it is made fit for print by the receiver. */
  readonly problem: (variable: string, expected: string, value?: string) => void;
  readonly warn: (message: string) => void;
}

const MODEL_NAME = z.string().trim().min(1);
const MODEL_FIELDS = z.strictObject({
  id: MODEL_NAME.optional(),
  options: z.record(z.string(), z.json()).optional(),
});
const MODELS = z.union([z.array(MODEL_NAME), z.record(MODEL_NAME, MODEL_FIELDS)]);
export const MODELS_EXPECTED = 'JSON: ["name", …] or {"name": {"id": "…", "options": {…}}, …}';

/** Settings of every provider that has any, by id. Complaints go through `desk`. */
export function readProviderSettings(desk: Desk): Map<string, ProviderSettings> {
  const settings = new Map<string, ProviderSettings>();
  const ids = new Set(desk.names.all.flatMap((name) => desk.names.idOf(name) ?? []));
  for (const id of ids) {
    const maxInFlight = readFamily(desk, id, { pattern: PATTERNS.maxInFlight.name, kind: PATTERN_KINDS.maxInFlight });
    const rotation = readFamily(desk, id, { pattern: PATTERNS.rotation.name, kind: PATTERN_KINDS.rotation });
    const ignoreModels = readFamily(desk, id, { pattern: PATTERNS.ignoreModels.name, kind: PATTERN_KINDS.ignoreModels });
    const whitelistModels = readFamily(desk, id, { pattern: PATTERNS.whitelistModels.name, kind: PATTERN_KINDS.whitelistModels });
    const models = readModels(desk, id);
    const fallbacks = readFallbacks(desk, id);
    readFamily(desk, id, { pattern: PATTERNS.oauthPort.name, kind: PATTERN_KINDS.oauthPort });
    if ([maxInFlight, rotation, ignoreModels, whitelistModels, models, fallbacks].every((it) => it === undefined)) continue;
    settings.set(id, {
      ...(maxInFlight === undefined ? {} : { maxInFlight }),
      rotation: rotation ?? "balanced",
      ignoreModels: ignoreModels ?? [],
      whitelistModels: whitelistModels ?? [],
      models: models ?? [],
      fallbacks: fallbacks ?? new Map(),
    });
  }
  checkPriorities(desk);
  checkAddresses(desk);
  return settings;
}

/** The strongest non-blank variable of a family for a provider; weaker ones get a warning. */
function find(desk: Desk, id: string, pattern: string): { readonly variable: string; readonly text: string } | undefined {
  const found = desk.names.namesOf(id).flatMap((name) => {
    const variable = nameIn(pattern, name);
    const text = desk.variables.get(variable)?.value.trim() ?? "";
    return text === "" ? [] : [{ variable, text }];
  });
  const [first, ...others] = found;
  for (const { variable } of others) desk.warn(`${variable} is ignored: ${first?.variable} already says it for the same provider.`);
  return first;
}

/** `IGNORE_MODELS_P` and `OPENAI` → `IGNORE_MODELS_OPENAI`; `P_MODELS` → `OPENAI_MODELS`. */
function nameIn(pattern: string, name: string): string {
  return pattern.startsWith("P_") ? name + pattern.slice(1) : pattern.slice(0, -1) + name;
}

function readFamily<T>(desk: Desk, id: string, family: { readonly pattern: string; readonly kind: Kind<T> }): T | undefined {
  const found = find(desk, id, family.pattern);
  if (found === undefined) return undefined;
  const reading = family.kind.schema.safeParse(found.text);
  if (reading.success) return reading.data;
  desk.problem(found.variable, family.kind.expected, found.text);
  return undefined;
}

function readModels(desk: Desk, id: string): readonly ModelDefinition[] | undefined {
  const found = find(desk, id, PATTERNS.models.name);
  if (found === undefined) return undefined;
  const models = readModelDefinitions(found.text);
  if (models === undefined) desk.problem(found.variable, MODELS_EXPECTED);
  return models;
}

/** What `P_MODELS` defines; undefined when it cannot be read. */
export function readModelDefinitions(text: string): readonly ModelDefinition[] | undefined {
  const reading = MODELS.safeParse(parseJson(text));
  if (!reading.success) return undefined;
  if (Array.isArray(reading.data)) return [...new Set(reading.data)].map((name) => ({ name, id: name, options: {} }));
  return Object.entries(reading.data).map(([name, fields]) => ({ name, id: fields.id ?? name, options: fields.options ?? {} }));
}

/** Models to fall back to, by the name of the model in variables; undefined when there is none. */
function readFallbacks(desk: Desk, id: string): ReadonlyMap<string, string> | undefined {
  const fallbacks = new Map<string, string>();
  for (const name of desk.names.namesOf(id)) {
    const head = `${name}_FALLBACK_`;
    for (const [variable, { value }] of desk.variables) {
      const model = variable.slice(head.length);
      const named = value.trim().replace(new RegExp(`^${id}/`), "");
      if (variable.startsWith(head) && named !== "" && !fallbacks.has(model)) fallbacks.set(model, named);
    }
  }
  return fallbacks.size === 0 ? undefined : fallbacks;
}

/** The ranks themselves belong to the credentials; here they are only checked. */
function checkPriorities(desk: Desk): void {
  for (const [variable, { value }] of desk.variables) {
    const match = /^(.+?)_PRIORITY(?:_.+)?$/.exec(variable);
    const isOurs = match?.[1] !== undefined && desk.names.idOf(match[1]) !== undefined;
    if (!isOurs || value.trim() === "") continue;
    const { schema, expected } = PATTERN_KINDS.priority;
    if (!schema.safeParse(value).success) desk.problem(variable, expected, value);
  }
}

const ADDRESSES = [PATTERNS.apiBase, PATTERNS.authUrl, PATTERNS.tokenUrl, PATTERNS.userinfoUrl];

function checkAddresses(desk: Desk): void {
  for (const name of desk.names.all) {
    for (const pattern of ADDRESSES) {
      const variable = nameIn(pattern.name, name);
      const text = desk.variables.get(variable)?.value.trim() ?? "";
      if (text === "") continue;
      const reading = readBaseUrl(text);
      if (reading.kind === "bad") desk.problem(variable, BASE_URL_EXPECTED, reading.shown);
    }
  }
}

/**
 * Facts a user states in `model_overrides.json`, which win over every other source. An entry that cannot be
 * used is named in a problem and left out; the others hold.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isObject, parseJson } from "../kernel/json.ts";
import type { FactLayer, FoundFacts } from "./model_facts.ts";

/** Name of the file in the data directory. */
export const OVERRIDES_FILE = "model_overrides.json";

const tokens = z.number().int().positive();
const dollars = z.number().nonnegative();
const words = z.array(z.string().min(1)).readonly();

const tier = z.strictObject({
  aboveInputTokens: tokens,
  inputPerMillion: dollars,
  outputPerMillion: dollars.exactOptional(),
  cachedInputPerMillion: dollars.exactOptional(),
});

/** The facts of one model, as files keep them; an unknown field is an error, since it is most likely a slip. */
export const factsSchema = z.strictObject({
  contextTokens: tokens.exactOptional(),
  maxOutputTokens: tokens.exactOptional(),
  prices: z.strictObject({
    inputPerMillion: dollars,
    outputPerMillion: dollars.exactOptional(),
    cachedInputPerMillion: dollars.exactOptional(),
    tiers: z.array(tier).transform((it) => it.toSorted((a, b) => a.aboveInputTokens - b.aboveInputTokens)).readonly().exactOptional(),
  }).exactOptional(),
  inputModalities: words.exactOptional(),
  outputModalities: words.exactOptional(),
  supportsTools: z.boolean().exactOptional(),
  supportsReasoning: z.boolean().exactOptional(),
});

export interface Overrides {
  readonly layer: FactLayer;
  /** Sentences for the user, one for each thing left out. */
  readonly problems: readonly string[];
}

/** Reads the text of the file: `{"provider/model": {"contextTokens": …, "prices": {"inputPerMillion": …}, …}, …}`. */
export function readOverrides(text: string): Overrides {
  const json = parseJson(text);
  if (!isObject(json)) {
    return { layer: () => undefined, problems: [`Cannot use ${OVERRIDES_FILE}: expected a JSON object of "provider/model" names`] };
  }
  const known = new Map<string, FoundFacts>();
  const problems: string[] = [];
  for (const [id, value] of Object.entries(json)) {
    const parsed = factsSchema.safeParse(value);
    if (!/^[^/]+\/./.test(id)) {
      problems.push(`Cannot use "${id}" in ${OVERRIDES_FILE}: expected a name of the form "provider/model"`);
    } else if (parsed.success) {
      known.set(id, parsed.data);
    } else {
      problems.push(`Cannot use "${id}" in ${OVERRIDES_FILE}: ${z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " ")}`);
    }
  }
  return { layer: (provider, model) => known.get(`${provider}/${model}`), problems };
}

/** Reads the file of a data directory. A missing file states nothing; one that cannot be read is a problem. */
export async function loadOverrides(dataDir: string): Promise<Overrides> {
  const path = join(dataDir, OVERRIDES_FILE);
  try {
    return readOverrides(await readFile(path, "utf8"));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const isAbsent = code === "ENOENT" || code === "ENOTDIR";
    return { layer: () => undefined, problems: isAbsent ? [] : [`Cannot read "${path}": ${code}`] };
  }
}

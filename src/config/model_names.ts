/**
 * Names for models that only this gateway knows: aliases (one model), groups (models to try in order) and patterns that
 * send whole families of names somewhere. Names are compared as they stand in variables: upper case, `_` for other signs.
 */
import type { Variables } from "../kernel/variables.ts";

/** Every name that stands for something else. */
export interface ModelNames {
  /** Targets in order, by name; an alias has one. Targets are `provider/model`. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** First match wins. */
  readonly patterns: readonly ModelPattern[];
}

export interface ModelPattern {
  /** `* ? [abc]`, compared with the name a client sent. */
  readonly pattern: string;
  /** `provider/model`; a `*` in it stands for the name as it was sent. */
  readonly target: string;
}

const ALIAS = "MODEL_ALIAS_";
const GROUP = "FALLBACK_";
const TARGET = /^[^/\s]+\/\S+$/;

/** Aliases and groups of the environment. What cannot be read goes to `problem`. */
export function readGroups(
  variables: Variables,
  problem: (variable: string, expected: string, value: string) => void,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>();
  for (const [variable, { value }] of variables) {
    const head = [ALIAS, GROUP].find((it) => variable.startsWith(it) && variable.length > it.length);
    const text = value.trim();
    if (head === undefined || text === "") continue;
    const targets = [...new Set(text.split(",").map((it) => it.trim()).filter((it) => it !== ""))];
    if (head === ALIAS && targets.length > 1) problem(variable, "one provider/model (FALLBACK_<NAME> takes several)", text);
    else if (targets.length === 0 || targets.some((it) => !TARGET.test(it))) {
      problem(variable, "provider/model, or several separated by commas", text);
    } else groups.set(variable.slice(head.length), targets);
  }
  return groups;
}

/** `claude-*:anthropic/*,gpt-*:openai/*`; undefined when it cannot be read. */
export function readPatterns(text: string): readonly ModelPattern[] | undefined {
  const patterns = text.split(",").map((it) => it.trim()).filter((it) => it !== "").map((item) => {
    const at = item.indexOf(":");
    return { pattern: item.slice(0, Math.max(at, 0)).trim(), target: item.slice(at + 1).trim() };
  });
  return patterns.every(({ pattern, target }) => pattern !== "" && TARGET.test(target)) ? patterns : undefined;
}

/**
 * Which models a client may see and call. Matching a pattern takes at most (name length × pattern length)
 * steps, whatever the pattern: no expression engine, so no pattern can stall the gateway.
 */

/** A user's two lists for one provider. */
export interface VisibilityRules {
  readonly whitelist: readonly string[];
  readonly ignore: readonly string[];
}

/** A model as a client names it: `<provider>/<name>`; the name may hold further slashes. */
export interface NamedModel {
  readonly provider: string;
  readonly name: string;
}

/**
 * Whitelist first, then ignore list, else visible. A pattern is matched, without case, against the full id
 * and against the part after its first slash.
 */
export function isVisible(model: NamedModel, rules: VisibilityRules): boolean {
  return hidingPattern(model, rules) === undefined;
}

/** The first pattern of the ignore list that hides a model; undefined for one that is visible. */
export function hidingPattern(model: NamedModel, rules: VisibilityRules): string | undefined {
  if (rules.ignore.length === 0) return undefined;
  const name = [...model.name.toLowerCase()];
  const id = [...model.provider.toLowerCase(), "/", ...name];
  const namedBy = (patterns: readonly string[]) => compiled(patterns).findIndex((it) => matches(it, name) || matches(it, id));
  return namedBy(rules.whitelist) >= 0 ? undefined : rules.ignore[namedBy(rules.ignore)];
}

/** Whether `text` matches `pattern` as a whole, without case. `*` any run, `?` one character, `[abc]`, `[a-z]`, `[!abc]` one of (not of) a set. */
export function matchesPattern(pattern: string, text: string): boolean {
  return matches(compile(pattern), [...text.toLowerCase()]);
}

type Test = (char: string) => boolean;
/** One step of a pattern: a test of one character, or any run. */
type Step = Test | "any_run";

/** Lists live as long as the configuration they are part of, so each is compiled once. */
const compiledLists = new WeakMap<readonly string[], readonly (readonly Step[])[]>();

function compiled(patterns: readonly string[]): readonly (readonly Step[])[] {
  const known = compiledLists.get(patterns);
  if (known !== undefined) return known;
  const fresh = patterns.map(compile);
  compiledLists.set(patterns, fresh);
  return fresh;
}

function compile(pattern: string): readonly Step[] {
  const chars = [...pattern.trim().toLowerCase()];
  const steps: Step[] = [];
  for (let at = 0; at < chars.length;) {
    const char = chars[at] ?? "";
    const end = char === "[" ? endOfSet(chars, at) : -1;
    if (end > 0) {
      steps.push(setTest(chars.slice(at + 1, end)));
      at = end + 1;
      continue;
    }
    if (char === "*") {
      if (steps.at(-1) !== "any_run") steps.push("any_run");
    } else {
      steps.push(char === "?" ? () => true : (it) => it === char);
    }
    at++;
  }
  return steps;
}

/** Index of the bracket that closes the set opened at `start`, or -1: then the bracket is an ordinary character. A first `]` is a member. */
function endOfSet(chars: readonly string[], start: number): number {
  const first = isNegation(chars[start + 1]) ? start + 2 : start + 1;
  return chars.indexOf("]", first + 1);
}

function isNegation(char: string | undefined): boolean {
  return char === "!" || char === "^";
}

function setTest(members: readonly string[]): Test {
  const isNegated = isNegation(members[0]);
  const chars = isNegated ? members.slice(1) : members;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < chars.length; at++) {
    const from = chars[at] ?? "";
    const to = chars[at + 2];
    if (chars[at + 1] === "-" && to !== undefined) {
      ranges.push([from, to]);
      at += 2;
    } else {
      ranges.push([from, from]);
    }
  }
  return (char) => ranges.some(([from, to]) => from <= char && char <= to) !== isNegated;
}

/** Only the last `any_run` is ever tried again: an earlier one can leave the rest to it. */
function matches(steps: readonly Step[], text: readonly string[]): boolean {
  let step = 0;
  let at = 0;
  let retry: { readonly step: number; at: number } | undefined;
  while (at < text.length) {
    const test = steps[step];
    if (test === "any_run") {
      retry = { step: step + 1, at };
      step++;
    } else if (test !== undefined && test(text[at] ?? "")) {
      step++;
      at++;
    } else if (retry !== undefined) {
      retry.at++;
      step = retry.step;
      at = retry.at;
    } else {
      return false;
    }
  }
  while (steps[step] === "any_run") step++;
  return step === steps.length;
}

/**
 * What sets Anthropic's models apart, by their names: a table, first match wins. Models nobody knows are taken for
 * new ones. Source: https://docs.anthropic.com/en/docs/about-claude/models/overview
 */

export interface ModelTraits {
  /** Tokens an answer may have at most. */
  readonly maxOutputTokens: number;
  /** `budget`: thinking is steered by a number of tokens; `adaptive`: by a word. */
  readonly thinking: "none" | "budget" | "adaptive";
  /** `one`: temperature or top_p, not both. */
  readonly sampling: "any" | "one" | "none";
  /** The conversation may end with the beginning of the answer. */
  readonly takesPrefill: boolean;
}

const OLD = { thinking: "none", sampling: "any", takesPrefill: true } as const;
const FIRST_THINKERS = { thinking: "budget", sampling: "any", takesPrefill: true } as const;
const LATER_THINKERS = { thinking: "budget", sampling: "one", takesPrefill: true } as const;

const TRAITS: readonly (readonly [name: RegExp, traits: ModelTraits])[] = [
  [/claude-(2|instant)|claude-3-(haiku|sonnet|opus)/, { ...OLD, maxOutputTokens: 4_096 }],
  [/claude-3-5/, { ...OLD, maxOutputTokens: 8_192 }],
  [/claude-3-7/, { ...FIRST_THINKERS, maxOutputTokens: 64_000 }],
  [/claude-opus-4-1/, { ...LATER_THINKERS, maxOutputTokens: 32_000 }],
  [/claude-(sonnet|haiku|opus)-4-5/, { ...LATER_THINKERS, maxOutputTokens: 64_000 }],
  [/claude-opus-4(-0|-2\d{7}|@|$)/, { ...FIRST_THINKERS, maxOutputTokens: 32_000 }],
  [/claude-sonnet-4(-0|-2\d{7}|@|$)/, { ...FIRST_THINKERS, maxOutputTokens: 64_000 }],
  [/claude-(opus|sonnet|haiku)-4-6/, { thinking: "adaptive", sampling: "one", takesPrefill: false, maxOutputTokens: 64_000 }],
];

const NEW: ModelTraits = { thinking: "adaptive", sampling: "none", takesPrefill: false, maxOutputTokens: 64_000 };

/** The traits of a model, by its name at the provider. */
export function traitsOf(model: string): ModelTraits {
  const name = model.toLowerCase();
  return TRAITS.find(([pattern]) => pattern.test(name))?.[1] ?? NEW;
}

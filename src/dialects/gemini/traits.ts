/**
 * What sets Gemini's models apart, by their names: a table, first match wins. Ranges are those the models
 * document: https://ai.google.dev/gemini-api/docs/thinking
 */

/** How a model's thinking is steered. Budgets are tokens; levels are in rising order. */
export type ThinkingControl =
  | {
    readonly kind: "budget";
    readonly least: number;
    readonly most: number;
    /** `never`: it cannot be made to stop thinking. `unasked`: it thinks only when asked to. */
    readonly off: "never" | "possible" | "unasked";
  }
  | { readonly kind: "level"; readonly levels: readonly Level[] }
  | { readonly kind: "none" };

export type Level = "minimal" | "low" | "medium" | "high";

export interface ModelTraits {
  /** Signatures of one family mean nothing to another. */
  readonly family: string;
  readonly thinking: ThinkingControl;
  /** The first call of every step must be signed; tool results may hold pictures; JSON answers go together with tools. */
  readonly isThirdGeneration: boolean;
  /** `subset`: older models, and those of other families, take no JSON Schema but Google's own form of it. */
  readonly schemas: "json" | "subset";
}

const NONE: ThinkingControl = { kind: "none" };

const CONTROLS: readonly (readonly [name: RegExp, control: ThinkingControl])[] = [
  [/^gemini-.*image|^gemma|^gemini-(1|2\.0)|tts|embedding/, NONE],
  [/^gemini-2\.5-pro/, { kind: "budget", least: 128, most: 32_768, off: "never" }],
  [/^gemini-2\.5-flash-lite/, { kind: "budget", least: 512, most: 24_576, off: "unasked" }],
  [/^gemini-2\.5/, { kind: "budget", least: 1, most: 24_576, off: "possible" }],
  [/^gemini-3-pro/, { kind: "level", levels: ["low", "high"] }],
  [/^gemini-\d+(\.\d+)?-pro/, { kind: "level", levels: ["low", "medium", "high"] }],
  [/^gemini-\d/, { kind: "level", levels: ["minimal", "low", "medium", "high"] }],
];

/** A model nobody knows is left to think as it likes, and gets what is asked for as a budget. */
const UNKNOWN: ThinkingControl = { kind: "budget", least: 1, most: 32_768, off: "unasked" };

const SUBSET_ONLY = /^(gemini-(1|2\.0)|gemma|learnlm|claude)/;

/** The traits of a model, by its name at the provider. */
export function traitsOf(model: string): ModelTraits {
  const name = model.replace(/^.*\//, "").toLowerCase();
  const generation = Number(/^gemini-(\d+)/.exec(name)?.[1] ?? 0);
  return {
    family: generation > 0 ? `gemini-${generation}` : name.split("-")[0] ?? name,
    thinking: CONTROLS.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN,
    isThirdGeneration: generation >= 3,
    schemas: SUBSET_ONLY.test(name) ? "subset" : "json",
  };
}

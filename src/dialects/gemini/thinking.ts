/** How much a model shall think, as its `thinkingConfig`: a budget or a level, never both, and never out of the model's range. */
import type { ChatRequest, Effort, Reasoning } from "../../canonical/chat.ts";
import { asObject, type JsonObject } from "../../kernel/json.ts";
import type { Level, ModelTraits, ThinkingControl } from "./traits.ts";

/** Tokens that stand for a word. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 512,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 128_000,
};

const LEVELS: Readonly<Record<Effort, Level>> = {
  none: "minimal",
  minimal: "minimal",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "high",
  max: "high",
};

/** As much as the model likes. */
const DYNAMIC = -1;

export interface ThinkingPlan {
  readonly config?: JsonObject;
  readonly lossy: readonly string[];
}

/** The plan for a request; `native` is Gemini's own form, which a client may give and which beats its words. */
export function planThinking(
  { reasoning, hidesReasoning }: Pick<ChatRequest, "reasoning" | "hidesReasoning">,
  { traits: { thinking }, native }: { readonly traits: ModelTraits; readonly native: JsonObject | undefined },
): ThinkingPlan {
  if (native !== undefined) return nativePlan(native, thinking);
  if (thinking.kind === "none") return { lossy: reasoning === undefined || isOff(reasoning) ? [] : ["reasoning_effort"] };
  if (reasoning === undefined && thinking.kind === "budget" && thinking.off === "unasked") return { lossy: [] };
  const asked = reasoning ?? { kind: "auto" };
  const amount = thinking.kind === "level" ? levelField(asked, thinking.levels) : { thinkingBudget: budgetOf(asked, thinking) };
  return { config: { ...amount, includeThoughts: !isOff(asked) && hidesReasoning !== true }, lossy: [] };
}

function isOff(reasoning: Reasoning): boolean {
  return tokensOf(reasoning) === 0;
}

function tokensOf(reasoning: Reasoning): number {
  switch (reasoning.kind) {
    case "auto":
      return DYNAMIC;
    case "budget":
      return reasoning.tokens;
    case "effort":
      return BUDGETS[reasoning.effort];
  }
}

function budgetOf(reasoning: Reasoning, { least, most, off }: ThinkingControl & { readonly kind: "budget" }): number {
  const tokens = tokensOf(reasoning);
  if (tokens === DYNAMIC || (tokens === 0 && off !== "never")) return tokens;
  return Math.min(Math.max(tokens, least), most);
}

function levelField(reasoning: Reasoning, levels: readonly Level[]): JsonObject {
  if (reasoning.kind === "auto") return {};
  const wanted = LEVELS[reasoning.kind === "effort" ? reasoning.effort : effortOf(reasoning.tokens)];
  return { thinkingLevel: nearest(wanted, levels) };
}

/** The word that stands for a number of tokens. */
function effortOf(tokens: number): Effort {
  const words: readonly Effort[] = ["minimal", "low", "medium", "high"];
  return words.find((word) => tokens <= BUDGETS[word]) ?? "high";
}

const RISING: readonly Level[] = ["minimal", "low", "medium", "high"];

/** The level itself, else the next higher one the model has. */
function nearest(wanted: Level, levels: readonly Level[]): Level {
  return RISING.slice(RISING.indexOf(wanted)).find((level) => levels.includes(level)) ?? "high";
}

/** Both spellings of the fields are in use; of level and budget only the model's own kind is kept. */
function nativePlan(native: JsonObject, thinking: ThinkingControl): ThinkingPlan {
  const includeThoughts = native.includeThoughts ?? native.include_thoughts;
  const thinkingBudget = native.thinkingBudget ?? native.thinking_budget;
  const thinkingLevel = native.thinkingLevel ?? native.thinking_level;
  const isBoth = thinkingBudget !== undefined && thinkingLevel !== undefined;
  const prefersLevel = thinking.kind === "level";
  const config = {
    ...(includeThoughts === undefined ? {} : { includeThoughts }),
    ...(thinkingBudget === undefined || (isBoth && prefersLevel) ? {} : { thinkingBudget }),
    ...(thinkingLevel === undefined || (isBoth && !prefersLevel) ? {} : { thinkingLevel }),
  };
  const lossy = isBoth ? [`google.thinking_config.${prefersLevel ? "thinking_budget" : "thinking_level"}`] : [];
  return Object.keys(config).length === 0 ? { lossy } : { config, lossy };
}

/** Gemini's own form of the wish, where the client gave one. */
export function nativeThinking(google: JsonObject | undefined): JsonObject | undefined {
  return asObject(google?.thinking_config) ?? asObject(google?.thinkingConfig);
}

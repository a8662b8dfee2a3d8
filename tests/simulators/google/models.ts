/** The models of the simulated Code Assist: how each lets its thinking be steered, and whose quota it shares. */

/** How a request may steer the thinking of a model. */
export type Thinking =
  | { readonly kind: "budget"; readonly min: number; readonly max: number; readonly isOffAllowed: boolean }
  | { readonly kind: "level"; readonly levels: readonly string[] }
  | { readonly kind: "any" }
  | { readonly kind: "none" };

/** Models that share one quota. */
export type QuotaGroup = "pro" | "25-flash" | "3-flash" | "none";

export interface GoogleModel {
  readonly id: string;
  /** Signatures of one family mean nothing to another. `gemini-3` also demands them. */
  readonly family: "gemini-2" | "gemini-3" | "gemma" | "sim";
  readonly thinking: Thinking;
  readonly group: QuotaGroup;
}

const PRO_25: Thinking = { kind: "budget", min: 128, max: 32_768, isOffAllowed: false };
const FLASH_25: Thinking = { kind: "budget", min: 0, max: 24_576, isOffAllowed: true };
const LITE_25: Thinking = { kind: "budget", min: 512, max: 24_576, isOffAllowed: true };
const LOW_HIGH: Thinking = { kind: "level", levels: ["low", "high"] };
const LOW_TO_HIGH: Thinking = { kind: "level", levels: ["low", "medium", "high"] };
const MINIMAL_TO_HIGH: Thinking = { kind: "level", levels: ["minimal", "low", "medium", "high"] };

/** Every model the simulator answers for; other names are 404, except `sim-long:<tokens>`. */
export const GOOGLE_MODELS: readonly GoogleModel[] = [
  { id: "gemini-2.5-pro", family: "gemini-2", thinking: PRO_25, group: "pro" },
  { id: "gemini-2.5-flash", family: "gemini-2", thinking: FLASH_25, group: "25-flash" },
  { id: "gemini-2.5-flash-lite", family: "gemini-2", thinking: LITE_25, group: "25-flash" },
  { id: "gemini-3-pro-preview", family: "gemini-3", thinking: LOW_HIGH, group: "pro" },
  { id: "gemini-3.1-pro-preview", family: "gemini-3", thinking: LOW_TO_HIGH, group: "pro" },
  { id: "gemini-3.1-pro-preview-customtools", family: "gemini-3", thinking: LOW_TO_HIGH, group: "pro" },
  { id: "gemini-3-flash-preview", family: "gemini-3", thinking: MINIMAL_TO_HIGH, group: "3-flash" },
  { id: "gemini-3.1-flash-lite", family: "gemini-3", thinking: MINIMAL_TO_HIGH, group: "3-flash" },
  { id: "gemini-3.1-flash-lite-preview", family: "gemini-3", thinking: MINIMAL_TO_HIGH, group: "3-flash" },
  // What the official client calls `gemini-3.5-flash` bears this name on the wire.
  { id: "gemini-3-flash", family: "gemini-3", thinking: MINIMAL_TO_HIGH, group: "3-flash" },
  { id: "gemma-4-31b-it", family: "gemma", thinking: { kind: "none" }, group: "none" },
  { id: "gemma-4-26b-a4b-it", family: "gemma", thinking: { kind: "none" }, group: "none" },
  { id: "sim-echo", family: "sim", thinking: { kind: "any" }, group: "none" },
  { id: "sim-tools", family: "sim", thinking: { kind: "any" }, group: "none" },
  { id: "sim-think", family: "sim", thinking: { kind: "any" }, group: "none" },
];

/** The model of that name; undefined when there is none. */
export function googleModel(id: string): GoogleModel | undefined {
  if (/^sim-long:\d{1,6}$/.test(id)) return { id, family: "sim", thinking: { kind: "any" }, group: "none" };
  return GOOGLE_MODELS.find((model) => model.id === id);
}

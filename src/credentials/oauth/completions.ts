/** Which login types need more than tokens before they can be used. */
import type { Completion } from "./flow.ts";
import { GEMINI_COMPLETION } from "./gemini_account.ts";
import { IFLOW_COMPLETION } from "./iflow_account.ts";
import { QWEN_COMPLETION } from "./qwen_account.ts";

const COMPLETIONS: Readonly<Record<string, Completion>> = {
  gemini_cli: GEMINI_COMPLETION,
  iflow: IFLOW_COMPLETION,
  qwen_code: QWEN_COMPLETION,
};

/** The completion of a provider; undefined when tokens are all it needs. */
export function completionOf(provider: string): Completion | undefined {
  return Object.hasOwn(COMPLETIONS, provider) ? COMPLETIONS[provider] : undefined;
}

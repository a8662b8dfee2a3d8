/** What a filter would do to the models of a provider, as lines: those that change first. Pure. */
import { isVisible, type VisibilityRules } from "../providers/visibility.ts";
import type { Line } from "../terminal/frame.ts";
import { counted } from "../terminal/words.ts";

export interface Preview {
  readonly provider: string;
  /** All models, hidden ones too; undefined while they are asked for. */
  readonly models: { readonly names: readonly string[]; readonly isListed: boolean } | undefined;
  /** In force now, or among the changes. */
  readonly before: VisibilityRules;
  readonly after: VisibilityRules;
}

/** Patterns of a list as they are typed; the last may be half. */
export function patternsOf(text: string): string[] {
  return [...new Set(text.split(",").map((it) => it.trim()).filter((it) => it !== ""))];
}

/** At most `rows` lines. */
export function previewLines({ provider, models, before, after }: Preview, rows: number): Line[] {
  if (models === undefined) return [[{ text: "  Asking for the models …", style: "dim" }]];
  const { names, isListed } = models;
  if (names.length === 0) {
    return [[{ text: "  The provider did not list its models; patterns apply once it does.", style: "dim" }]];
  }
  const seen = names.map((name) => ({ name, was: isVisible({ provider, name }, before), is: isVisible({ provider, name }, after) }));
  const hiddenCount = seen.filter(({ is }) => !is).length;
  const all: Line[] = [
    ...seen.filter(({ was, is }) => was && !is).map(({ name }): Line => [{ text: "  - hides  ", style: "red" }, { text: name }]),
    ...seen.filter(({ was, is }) => !was && is).map(({ name }): Line => [{ text: "  + frees  ", style: "green" }, { text: name }]),
    ...seen.filter(({ was, is }) => !was && !is).map(({ name }): Line => [{ text: `    hidden ${name}`, style: "dim" }]),
    ...seen.filter(({ was, is }) => was && is).map(({ name }): Line => [{ text: `    shown  ${name}`, style: "dim" }]),
  ];
  const source = isListed ? "" : ", as far as they are known without asking";
  const head: Line = [{ text: `  ${hiddenCount} of ${counted(names.length, "model")} hidden${source}`, style: "bold" }];
  const room = Math.max(rows - 1, 0);
  if (all.length <= room) return [head, ...all];
  const shown = all.slice(0, Math.max(room - 1, 0));
  return [head, ...shown, [{ text: `    … and ${all.length - shown.length} more`, style: "dim" }]];
}

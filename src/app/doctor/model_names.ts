/** Aliases, groups and patterns that lead to providers nobody can call. Pure. */
import type { ModelNames } from "../../config/model_names.ts";
import { closest } from "../../config/suggest.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, note, warning } = findingsOf("models");

export interface ModelNameFacts {
  readonly names: ModelNames;
  /** Names of all variables, to say which one is meant. */
  readonly variables: Iterable<string>;
  /** Providers with a credential. */
  readonly usable: ReadonlySet<string>;
  /** Every provider that could have one. */
  readonly known: readonly string[];
}

/** One finding a name that leads nowhere, or to fewer models than it says. */
export function judgeModelNames({ names, variables, usable, known }: ModelNameFacts): Finding[] {
  const all = new Set(variables);
  const variableOf = (name: string) => [`MODEL_ALIAS_${name}`, `FALLBACK_${name}`].find((it) => all.has(it)) ?? `FALLBACK_${name}`;
  const entries = [
    ...[...names.groups].map(([name, targets]) => ({ label: variableOf(name), targets })),
    ...names.patterns.map(({ pattern, target }) => ({ label: `MODEL_MAP ${pattern}`, targets: [target] })),
  ];
  const found = entries.flatMap(({ label, targets }) => ofEntry(label, targets, { usable, known }));
  if (found.length > 0 || entries.length === 0) return found;
  return [ok(`Every alias, group and pattern leads to a provider with a credential (${entries.length})`)];
}

function ofEntry(label: string, targets: readonly string[], { usable, known }: Pick<ModelNameFacts, "usable" | "known">): Finding[] {
  const providers = targets.map((target) => target.slice(0, target.indexOf("/")).toLowerCase());
  const lost = [...new Set(providers.filter((it) => !usable.has(it) && !it.includes("*")))];
  const [first] = lost;
  if (first === undefined) return [];
  const isAll = providers.every((it) => lost.includes(it));
  const make = isAll ? warning : note;
  const near = known.includes(first) ? undefined : closest(first, known);
  const fix = known.includes(first)
    ? `keyproxy creds add ${first}`
    : near === undefined
    ? `Name a provider of this list: ${[...usable].join(", ") || "none yet"}`
    : `Write ${near} in place of ${first}`;
  return [
    make(`${label} leads to ${lost.join(", ")}, ${known.includes(first) ? "which has no credential" : "a provider nobody knows"}`, fix),
  ];
}

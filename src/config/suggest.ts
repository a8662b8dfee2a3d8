/**
 * "Did you mean …": finds variables that look like ours but are not. Speaks of names only, never of values.
 */
import type { ProviderNames, Variables } from "../kernel/variables.ts";
import { PATTERNS } from "./provider_patterns.ts";
import { ALL_SETTINGS, ENV_FILE } from "./schema.ts";

/** Families whose provider comes last, as the text before it. */
const FAMILY_HEADS = [PATTERNS.maxInFlight, PATTERNS.ignoreModels, PATTERNS.whitelistModels, PATTERNS.rotation]
  .map(({ name }) => name.slice(0, -1));

const SETTING_NAMES: readonly string[] = [...ALL_SETTINGS.map(({ env }) => env), ENV_FILE.env];

/** How many letters must be added, dropped, changed or swapped with their neighbour to make one text the other. */
export function editDistance(left: string, right: string): number {
  let twoBack: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const replaced = at(previous, column - 1) + (isSame ? 0 : 1);
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const swapped = isSwap ? at(twoBack, column - 2) + 1 : Infinity;
      current.push(Math.min(at(previous, column) + 1, at(current, column - 1) + 1, replaced, swapped));
    }
    twoBack = previous;
    previous = current;
  }
  return at(previous, right.length);
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? Infinity;
}

/** The known name nearest to `name`, or undefined when none is near: a third of the letters may differ, at most. */
export function closest(name: string, known: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(name.toUpperCase(), candidate.toUpperCase());
    if (distance <= Math.max(1, Math.floor(name.length / 3)) && (best === undefined || distance < best.distance)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

/** One warning for every variable that looks like ours and is not. */
export function lookAlikeWarnings(variables: Variables, names: ProviderNames): string[] {
  const warnings: string[] = [];
  for (const [name, { value, origin }] of variables) {
    if (SETTING_NAMES.includes(name) || isOfCluster(name, value)) continue;
    const warning = familyWarning(name, names) ?? ownWarning(name) ?? (origin === "environment" ? undefined : typoWarning(name));
    if (warning !== undefined) warnings.push(warning);
  }
  return warnings;
}

/** Kubernetes gives every container such variables when a service of the cluster is called `keyproxy`. */
function isOfCluster(name: string, value: string): boolean {
  return /^KEYPROXY_(SERVICE_(HOST|PORT)|PORT_\d+_)/.test(name) || (name === "KEYPROXY_PORT" && value.includes("://"));
}

function familyWarning(name: string, names: ProviderNames): string | undefined {
  const head = FAMILY_HEADS.find((it) => name.startsWith(it));
  if (head === undefined) {
    return name.startsWith("MAX_CONCURRENT_") ? unknownVariable(name, `${PATTERNS.maxInFlight.name.slice(0, -1)}<PROVIDER>`) : undefined;
  }
  const provider = name.slice(head.length);
  if (names.idOf(provider) !== undefined) return undefined;
  const near = closest(provider, names.all);
  const hint = near === undefined ? `A new provider needs ${provider || "P"}_API_BASE.` : `Did you mean ${head}${near}?`;
  return `${name} is ignored: no provider is called "${provider}". ${hint}`;
}

function ownWarning(name: string): string | undefined {
  if (!name.startsWith("KEYPROXY_")) return undefined;
  // `KEYPROXY_PORT` is a fair guess for `PORT`.
  const bare = name.slice("KEYPROXY_".length);
  const meant = SETTING_NAMES.includes(bare) ? bare : closest(name, SETTING_NAMES) ?? closest(bare, SETTING_NAMES);
  return unknownVariable(name, meant);
}

/** In a file of ours even a name without any of our marks may be a slip; in the environment it is somebody else's. */
function typoWarning(name: string): string | undefined {
  const near = SETTING_NAMES.find((it) => it.length >= 6 && editDistance(name, it) <= 2);
  return near === undefined || ALIASES.has(name) ? undefined : unknownVariable(name, near);
}

const ALIASES: ReadonlySet<string> = new Set(ALL_SETTINGS.flatMap(({ aliases }) => aliases ?? []));

function unknownVariable(name: string, near: string | undefined): string {
  return `${name} is ignored: there is no such setting.${near === undefined ? "" : ` Did you mean ${near}?`}`;
}

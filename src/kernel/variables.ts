/**
 * The merged environment as a value, and what a variable's name says about a provider. `P` of `P_API_KEY` is
 * one of a row's prefixes, its id in upper case, or a custom provider announced by `P_API_BASE`.
 */

/** One variable after all sources were laid over each other. */
export interface Variable {
  readonly value: string;
  /** Where the value came from: `environment`, or the path of a file. */
  readonly origin: string;
}

/** Every variable by name. Blank values are kept, so that a blank key can be reported. */
export type Variables = ReadonlyMap<string, Variable>;

/** A provider that exists only because `P_API_BASE` names an address for it. */
export interface CustomProvider {
  /** `P` in lower case. */
  readonly id: string;
  /** `P` as it stands in variables. */
  readonly name: string;
  /** The variable that announced it. */
  readonly variable: string;
}

/** Which provider each `P` means. */
export interface ProviderNames {
  /** The provider's id, or undefined when nobody owns this name. */
  readonly idOf: (name: string) => string | undefined;
  /** Every `P` of a provider, the one to show first. */
  readonly namesOf: (id: string) => readonly string[];
  /** Every `P` there is. */
  readonly all: readonly string[];
  readonly custom: readonly CustomProvider[];
}

/** `PROXY_API_KEY` guards this gateway and `KEYPROXY_…` configures it: neither is a provider. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(["PROXY", "KEYPROXY"]);
const BASE_SUFFIX = "_API_BASE";

/** True for a `P` that can never be a provider. */
export function isReservedName(name: string): boolean {
  return RESERVED_NAMES.has(name);
}

/** True for the text of an example that nobody replaced: `YOUR_KEY`, `sk-...`, `changeme`, `<key>`. */
export function isPlaceholder(text: string): boolean {
  return /^(your[_-].*|change[_-]?me|<.*>|(sk-)?(\.{3,}|…|x{3,}))$/i.test(text);
}

/** A provider id as it is written in variables: `moonshot-cn` → `MOONSHOT_CN`. */
export function nameOfId(id: string): string {
  return id.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

/** Indexes the rows' names, and finds the custom providers. A prefix outranks another row's upper-cased id. */
export function providerNames(
  rows: readonly { readonly id: string; readonly prefixes: readonly string[] }[],
  variables: Variables,
): ProviderNames {
  const ids = new Map<string, string>();
  const names = new Map<string, string[]>();
  const learn = (name: string, id: string) => {
    if (ids.has(name)) return;
    ids.set(name, id);
    names.set(id, [...(names.get(id) ?? []), name]);
  };
  for (const row of rows) row.prefixes.forEach((prefix) => learn(prefix, row.id));
  for (const row of rows) learn(nameOfId(row.id), row.id);
  const custom: CustomProvider[] = [];
  for (const [variable, { value }] of variables) {
    const name = customName(variable);
    if (name === undefined || value.trim() === "" || ids.has(name)) continue;
    const id = name.toLowerCase();
    learn(name, id);
    custom.push({ id, name, variable });
  }
  return {
    idOf: (name) => ids.get(name),
    namesOf: (id) => names.get(id) ?? [],
    all: [...ids.keys()],
    // The environment has no order of its own.
    custom: custom.toSorted((left, right) => naturalOrder(left.id, right.id)),
  };
}

function customName(variable: string): string | undefined {
  if (!variable.endsWith(BASE_SUFFIX)) return undefined;
  const name = variable.slice(0, -BASE_SUFFIX.length);
  return /^[A-Z][A-Z0-9_]*$/.test(name) && !isReservedName(name) ? name : undefined;
}

/** Orders texts as a person does: `KEY_2` before `KEY_10`, and nothing before something. */
export function naturalOrder(left: string, right: string): number {
  const lefts = left.match(/\d+|\D+/g) ?? [];
  const rights = right.match(/\d+|\D+/g) ?? [];
  for (let at = 0; at < Math.min(lefts.length, rights.length); at++) {
    const order = orderOfParts(lefts[at] ?? "", rights[at] ?? "");
    if (order !== 0) return order;
  }
  return lefts.length - rights.length;
}

function orderOfParts(left: string, right: string): number {
  const numbers = /^\d/.test(left) && /^\d/.test(right) ? Number(left) - Number(right) : 0;
  if (numbers !== 0) return numbers;
  return left < right ? -1 : left > right ? 1 : 0;
}

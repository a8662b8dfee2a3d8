/**
 * The providers this gateway knows, one row each. Ids and environment prefixes are unique, so a variable
 * name leads to one provider.
 *
 * Facts were gathered in November 2026 from public sources: vendors' documentation, models.dev, and the code and
 * documents of litellm, Portkey, any-llm, the Vercel AI SDK, Continue, pi-mono, freellmapi and NeuroLink.
 * Where they disagree, documentation and recent probes win. How failures read is in `failure_rules.ts`.
 */
import { ALL, openai } from "./catalog/define.ts";
import { HOSTS } from "./catalog/hosts.ts";
import { LABS } from "./catalog/labs.ts";
import { NATIVES } from "./catalog/natives.ts";
import { LOCAL } from "./catalog/local.ts";
import { ROUTERS } from "./catalog/routers.ts";
import type { ProviderRow } from "./row.ts";

/** Every known provider. */
export const CATALOG: readonly ProviderRow[] = [...NATIVES, ...LABS, ...HOSTS, ...ROUTERS, ...LOCAL];

const BY_ID: ReadonlyMap<string, ProviderRow> = new Map(CATALOG.map((row) => [row.id, row]));
const BY_PREFIX: ReadonlyMap<string, ProviderRow> = new Map(
  CATALOG.flatMap((row) => row.prefixes.map((prefix) => [prefix, row] as const)),
);

/** The row with this id, or undefined. */
export function findRow(id: string): ProviderRow | undefined {
  return BY_ID.get(id);
}

/** The row whose variables begin with this prefix (`GROQ` of `GROQ_API_KEY`), or undefined. */
export function rowByPrefix(prefix: string): ProviderRow | undefined {
  return BY_PREFIX.get(prefix);
}

/** The row of an OpenAI-compatible provider that only the user knows. `baseUrl` is everything before `/chat/completions`. */
export function customRow({ id, baseUrl }: { readonly id: string; readonly baseUrl: string }): ProviderRow {
  return openai({ id, name: id, baseUrl, auth: { kind: "bearer_optional" }, operations: ALL });
}

/** A provider's row as the configuration makes it: its address replaced or filled in, its list left out where it would be another's. */
import type { EnvCredentials } from "../credentials/from_env.ts";
import type { Variables } from "../kernel/variables.ts";
import { customRow, findRow } from "../providers/catalog.ts";
import type { ProviderRow } from "../providers/row.ts";

/** The row; `missing` names the variable its address still needs; undefined when nobody knows the provider. */
export function rowInForce(
  id: string,
  { found, variables }: { readonly found: Pick<EnvCredentials, "customProviders" | "apiBases">; readonly variables: Variables },
): ProviderRow | { readonly missing: string } | undefined {
  const custom = found.customProviders.find((provider) => provider.id === id);
  const row = findRow(id) ?? (custom === undefined ? undefined : customRow(custom));
  if (row === undefined) return undefined;
  const value = (name: string) => variables.get(name)?.value.trim();
  // Hosts are often configured with a scheme in front, as vendors show them.
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (place, name: string) => value(name) || place).replace(/^https:\/\/(?=https?:\/\/)/, "");
  const baseUrl = fill(found.apiBases.get(id) ?? row.baseUrl);
  const missing = /\{(\w+)\}/.exec(baseUrl)?.[1];
  if (missing !== undefined) return { missing };
  const path = row.listing === null ? undefined : fill(row.listing.path);
  const movedListing = found.apiBases.has(id) && path !== undefined && /^https?:/.test(path);
  // A list that lives at the vendor's own host must not be asked for when the provider was pointed elsewhere.
  const listing = row.listing === null || path === undefined || movedListing ? null : { ...row.listing, path };
  return { ...row, baseUrl, listing };
}

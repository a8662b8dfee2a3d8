/** A provider's row as the configuration makes it: its address replaced or filled in, its list left out where it would be another's. */
import type { EnvCredentials } from "../credentials/from_env.ts";
import type { Variables } from "../kernel/variables.ts";
import { customRow, findRow } from "../providers/catalog.ts";
import { ALL, LIST } from "../providers/catalog/define.ts";
import type { ProviderRow } from "../providers/row.ts";

/** Variables that say the same as one in an address. */
const ALSO_CALLED: Readonly<Record<string, readonly string[]>> = { AWS_REGION: ["AWS_REGION_NAME", "AWS_DEFAULT_REGION"] };

/** The row; `missing` names the variable its address still needs; undefined when nobody knows the provider. */
export function rowInForce(
  id: string,
  { found, variables }: { readonly found: Pick<EnvCredentials, "customProviders" | "apiBases">; readonly variables: Variables },
): ProviderRow | { readonly missing: string } | undefined {
  const custom = found.customProviders.find((provider) => provider.id === id);
  const row = findRow(id) ?? (custom === undefined ? undefined : customRow(custom));
  if (row === undefined) return undefined;
  const value = (name: string) =>
    [name, ...(ALSO_CALLED[name] ?? [])].map((it) => variables.get(it)?.value.trim() ?? "").find((text) => text !== "");
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
  const own = (suffix: string) => row.prefixes.map((prefix) => value(`${prefix}_${suffix}`) ?? "").find((text) => text !== "");
  // A format nobody translates here: what stands at an address of the user's own speaks OpenAI's.
  const isForeign = row.operations.length === 0 && found.apiBases.has(id);
  const [apiVersion, location] = [own("API_VERSION"), own("LOCATION")];
  return {
    ...row,
    baseUrl: rootOf(baseUrl, { protocol: row.protocol, location }),
    listing,
    ...(isForeign ? { operations: ALL, listing: LIST } : {}),
    ...(location === undefined ? {} : { location }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

/** The address of the service itself: some vendors show it with the beginnings of several paths. */
function rootOf(
  baseUrl: string,
  { protocol, location = "global" }: { readonly protocol: ProviderRow["protocol"]; readonly location: string | undefined },
): string {
  switch (protocol) {
    case "vertex":
      return location === "global" ? baseUrl : baseUrl.replace("//aiplatform.", `//${location}-aiplatform.`);
    case "azure":
      return baseUrl.replace(/\/+$/, "").replace(/\/openai(\/v1)?$/, "");
    case "cohere":
      return baseUrl.replace(/\/+$/, "").replace(/\/v[12]$/, "");
    default:
      return baseUrl;
  }
}

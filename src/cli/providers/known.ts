/** Every provider that can be used, with what is configured for it: the catalog, and the ones only the user knows. */
import type { CredentialView, CredentialViews } from "../../app/credential_view.ts";
import { oauthRow } from "../../credentials/oauth/rows.ts";
import { CATALOG, customRow } from "../../providers/catalog.ts";
import { loginStatus } from "../../providers/login_status.ts";
import type { ProviderRow } from "../../providers/row.ts";
import { authWords, formatWords, keyVariables } from "../../providers/row_words.ts";
import { lookAtAll } from "../creds/list.ts";
import type { Desk } from "../desk.ts";

export interface KnownProvider {
  readonly row: ProviderRow;
  /** The user's own, of which the catalog knows nothing. */
  readonly isCustom: boolean;
  readonly credentials: readonly CredentialView[];
  /** It has a login that keyproxy can make: whether it is still open to everybody. */
  readonly login: "open" | "restricted" | "ended" | null;
}

/** In the order of their ids. */
export async function knownProviders(
  desk: Desk,
): Promise<{ readonly providers: readonly KnownProvider[] } & Pick<CredentialViews, "warnings" | "found">> {
  const { views, warnings, found } = await lookAtAll(desk);
  const own = Map.groupBy(views, ({ provider }) => provider);
  const custom = found.customProviders.map((it) => ({ row: customRow(it), isCustom: true }));
  const providers = [...CATALOG.map((row) => ({ row, isCustom: false })), ...custom].map((it): KnownProvider => ({
    ...it,
    credentials: own.get(it.row.id) ?? [],
    login: oauthRow(it.row.id) === undefined ? null : loginStatus(it.row.id)?.status ?? "open",
  }));
  return { providers: providers.toSorted((left, right) => left.row.id < right.row.id ? -1 : 1), warnings, found };
}

/** The stable form. */
export function asJson({ row, isCustom, credentials, login }: KnownProvider) {
  return {
    id: row.id,
    name: row.name,
    is_custom: isCustom,
    variables: keyVariables(row),
    format: formatWords(row),
    base_url: row.baseUrl,
    auth: authWords(row.auth).replaceAll("`", ""),
    operations: row.operations,
    is_listing: row.listing !== null,
    is_local: row.isLocal === true,
    login,
    credentials: credentials.length,
    note: row.note ?? null,
  };
}

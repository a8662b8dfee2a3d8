/** Where the server of this configuration is, and the key that opens its admin routes. Asks nobody. */
import { clientUrl } from "../kernel/address.ts";
import { type AdminClient, adminClient } from "./admin_client.ts";
import type { Setup } from "./setup.ts";

/** The server that this configuration would start, or the one at `url`. */
export function serverOf({ config }: Pick<Setup, "config">, { url }: { readonly url?: string | undefined } = {}): AdminClient {
  const key = config.adminKeys[0] ?? config.proxyKeys[0];
  return adminClient({ url: url?.replace(/\/+$/, "") ?? clientUrl(config), key: key?.reveal() ?? "" });
}

/** Network addresses as people and programs name them. */

import { isIPv4 } from "node:net";

/** True for addresses that only this machine can reach; names other than `localhost` may lead anywhere. */
export function isLoopback(host: string): boolean {
  const mapped = host.replace(/^::ffff:/i, "");
  return host === "localhost" || host === "::1" || (mapped.startsWith("127.") && isIPv4(mapped));
}

/** The base URL that a client on this machine would use. */
export function clientUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const shown = isEverywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}

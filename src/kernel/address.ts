/** Network addresses as people and programs name them. */

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** The base URL that a client on this machine would use. */
export function clientUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const shown = isEverywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}

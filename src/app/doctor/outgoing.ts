/** The way out: proxies, and what must not go through them. Pure. */
import { isLoopback } from "../../kernel/address.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, error } = findingsOf("network");

export interface OutgoingFacts {
  /** Proxies in force; `host` without a password. `problem`: why no connection could be made; null when it could, or was not tried. */
  readonly proxies: readonly { readonly variable: string; readonly host: string; readonly problem: string | null }[];
  readonly noProxy: readonly string[];
  /** Providers with their address, and whether calls to it go through a proxy. */
  readonly providers: readonly { readonly id: string; readonly hostname: string; readonly isProxied: boolean }[];
}

/** Looks at HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export function judgeOutgoing({ proxies, noProxy, providers }: OutgoingFacts): Finding[] {
  const found = [
    ...proxies.filter(({ problem }) => problem !== null).map(({ variable, host, problem }) =>
      error(`No connection to the proxy ${host} of ${variable}: ${problem}`, `Start the proxy, correct ${variable}, or unset ${variable}`)
    ),
    ...noProxy.filter((entry) => /\//.test(entry)).map((entry) =>
      warning(
        `NO_PROXY does not understand "${entry}": it takes host names, addresses and endings such as .example.com`,
        `Write the host names in place of ${entry}`,
      )
    ),
    ...throughProxy(providers, noProxy),
  ];
  return found.length > 0 || proxies.length === 0
    ? found
    : [ok(`Calls to providers go through ${[...new Set(proxies.map(({ host }) => host))].join(" and ")}`)];
}

/** A proxy elsewhere cannot reach a server on this machine. */
function throughProxy(providers: OutgoingFacts["providers"], noProxy: readonly string[]): Finding[] {
  const own = providers.filter(({ hostname, isProxied }) => isProxied && isLoopback(hostname.replace(/^\[|\]$/g, "")));
  if (own.length === 0) return [];
  const hosts = [...new Set([...noProxy, ...own.map(({ hostname }) => hostname.replace(/^\[|\]$/g, ""))])];
  return [
    warning(`Calls to ${own.map(({ id }) => id).join(", ")} on this machine would go through the proxy`, `NO_PROXY=${hosts.join(",")}`),
  ];
}

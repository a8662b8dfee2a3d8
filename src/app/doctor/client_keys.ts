/** Who may use the server: keys that are missing, guessable or cannot be sent. Pure; no key is ever part of a finding. */
import type { Config } from "../../config/config.ts";
import { isLoopback } from "../../kernel/address.ts";
import { isPlaceholder, type Variables } from "../../kernel/variables.ts";
import type { Secret } from "../../kernel/secret.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, note, warning, error } = findingsOf("access");

/** Shorter keys can be found by trying. */
const LEAST_CHARS = 16;
const LEAST_DIFFERENT_CHARS = 6;

type Fault = "example" | "blank" | "weak";

export interface ClientKeyFacts {
  readonly config: Pick<Config, "host" | "proxyKeys" | "adminKeys">;
  /** To say where a key is set. */
  readonly variables: Variables;
}

/** Looks at the keys of clients and of the admin routes. */
export function judgeClientKeys({ config: { host, proxyKeys, adminKeys }, variables }: ClientKeyFacts): Finding[] {
  const found = [
    ...proxyKeys.length === 0 ? withoutKey(host) : proxyKeys.flatMap((key) => ofKey(key, { variable: "PROXY_API_KEY", host, variables })),
    ...adminKeys.flatMap((key) => ofKey(key, { variable: "KEYPROXY_ADMIN_KEY", host, variables })),
    ...sharedKeys(proxyKeys, adminKeys),
  ];
  if (found.length > 0) return found;
  return [ok(proxyKeys.length === 1 ? "PROXY_API_KEY is set" : `PROXY_API_KEY holds ${proxyKeys.length} keys`)];
}

function withoutKey(host: string): Finding[] {
  if (!isLoopback(host)) {
    return [error(`No PROXY_API_KEY: keyproxy serve refuses to listen on ${host}, where others reach it`, "keyproxy init")];
  }
  return [note("No PROXY_API_KEY: every program on this machine may use the proxy", "keyproxy init")];
}

function ofKey(
  key: Secret,
  { variable, host, variables }: { readonly variable: string; readonly host: string; readonly variables: Variables },
): Finding[] {
  const fault = faultOf(key.reveal());
  const origin = variables.get(variable)?.origin ?? "environment";
  const place = origin === "environment" ? "the environment" : origin;
  const fix = variable === "PROXY_API_KEY"
    ? `Remove PROXY_API_KEY from ${place}, then run keyproxy init`
    : `Give ${variable} in ${place} a long random value`;
  switch (fault) {
    case undefined:
      return [];
    case "blank":
      return [error(`${variable} has quotes, blanks or signs beyond plain ASCII inside: clients cannot send it`, fix)];
    case "example":
      return [(isLoopback(host) ? warning : error)(`${variable} still holds the text of an example: anybody could guess it`, fix)];
    case "weak":
      return [(isLoopback(host) ? note : warning)(`${variable} is short or simple: it can be guessed`, fix)];
  }
}

function faultOf(text: string): Fault | undefined {
  if (isPlaceholder(text)) return "example";
  if (!/^[\x21-\x7e]+$/.test(text) || /^["']|["']$/.test(text)) return "blank";
  const isSimple = text.length < LEAST_CHARS || new Set(text).size < LEAST_DIFFERENT_CHARS || /password|secret|^test|example/i.test(text);
  return isSimple ? "weak" : undefined;
}

function sharedKeys(proxyKeys: readonly Secret[], adminKeys: readonly Secret[]): Finding[] {
  const known = new Set(proxyKeys.map((it) => it.reveal()));
  if (!adminKeys.some((it) => known.has(it.reveal()))) return [];
  return [
    warning(
      "KEYPROXY_ADMIN_KEY is also a proxy key: every client may steer the server, from anywhere",
      "Give KEYPROXY_ADMIN_KEY a value of its own, or remove it",
    ),
  ];
}

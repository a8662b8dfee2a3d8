/**
 * Where a Qwen login is used. The host comes out of a token answer or an imported file and decides where the
 * token is sent: only hosts of the vendor, and the one that is configured, are believed.
 */

/** Hosts of the vendor; `*.` stands for any name below. */
export const QWEN_HOSTS: readonly string[] = ["*.qwen.ai", "*.aliyuncs.com"];

/** Headers that Qwen's server needs to know a login by; `key`: a plain API key. */
export function qwenHeaders(kind: "login" | "key"): Readonly<Record<string, string>> {
  return { "x-dashscope-cachecontrol": "enable", ...(kind === "login" ? { "x-dashscope-authtype": "qwen-oauth" } : {}) };
}

/** A longer text is no address. */
const MAX_CHARS = 2_048;

export interface QwenBaseOptions {
  /** Used when the login names no host, or one that is not believed. */
  readonly defaultBase: string;
  readonly allowedHosts: readonly string[];
}

/**
 * The base URL for a login's `resource_url`, which may lack scheme and path. It ends in exactly one `/v1` and is https,
 * except at the host (with port) of `defaultBase`, which may be called the way it is configured.
 */
export function qwenBaseUrl(resourceUrl: string | null, { defaultBase, allowedHosts }: QwenBaseOptions): string {
  const text = resourceUrl?.trim() ?? "";
  const home = URL.canParse(defaultBase) ? new URL(defaultBase) : undefined;
  const url = parsed(text, home);
  if (url === undefined || !isPlain(url, text)) return defaultBase;
  const isHome = home !== undefined && url.host === home.host;
  const isBelieved = isHome
    ? url.protocol === "https:" || url.protocol === home.protocol
    : url.protocol === "https:" && allowedHosts.some((pattern) => matchesHost(url.hostname, pattern));
  return isBelieved ? `${url.origin}${url.pathname.replace(/(?:\/+v1)*\/*$/, "")}/v1` : defaultBase;
}

/** Without a scheme it is https, or at the configured host whatever is configured there. */
function parsed(text: string, home: URL | undefined): URL | undefined {
  if (text === "" || text.length > MAX_CHARS) return undefined;
  if (/^https?:\/\//i.test(text)) return URL.canParse(text) ? new URL(text) : undefined;
  const secure = URL.canParse(`https://${text}`) ? new URL(`https://${text}`) : undefined;
  if (home === undefined || home.protocol === "https:" || !URL.canParse(`http://${text}`)) return secure;
  const open = new URL(`http://${text}`);
  return open.host === home.host ? open : secure;
}

/** Nothing in it but a host and a path. */
function isPlain(url: URL, text: string): boolean {
  return url.username === "" && url.password === "" && !/[?#\\\s]/.test(text);
}

function matchesHost(host: string, pattern: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : host === pattern;
}

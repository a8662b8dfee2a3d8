/**
 * Takes what looks like a key out of a text that came from a provider, since many repeat parts of the key
 * they refuse. It may mask an innocent id; it must not let a key through.
 */
import type { Secret } from "../kernel/secret.ts";

const MASK = "[redacted]";

/** What is looked for, and what stands there afterwards. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // user:password@ of a URL, and keys in its query
  [/(\w:\/\/)[^\s/@"']+@/g, `$1${MASK}@`],
  [/([?&](?:key|api_?key|access_token|token|secret)=)[^&\s"']+/gi, `$1${MASK}`],
  [/\b(bearer|basic)\s+(?=[^\s"']*[\d*])[^\s"',;]{8,}/gi, `$1 ${MASK}`],
  // "Incorrect API key provided: ab12****yz", `"api_key": "…"`
  [
    /\b((?:api[ _-]?key|access[ _-]?token|token|secret|password)s?["']?(?:\s+(?:provided|given|is|was))?\s*[:=]\s*["'`]?)(?=[^\s"'`]*[\d*])[^\s"'`,;]{4,}/gi,
    `$1${MASK}`,
  ],
  // JSON web tokens
  [/\beyJ[\w-]{8,}(?:\.[\w-]+)*/g, MASK],
  // the usual prefixes of keys, also with the middle starred out
  [/\b(?:sk|pk|rk|kp)[-_][\w.*…-]{8,}/g, MASK],
  [/\b(?:gsk|xai|pplx|nvapi|hf|gh[opsu]|github_pat|csk|fw|r8|tgp|cpk|dapi|sess|rpa|syn|tvly)[-_](?=[\w.*-]*\d)[\w.*-]{12,}/g, MASK],
  [/\b(?:AIza|AKIA|ASIA|ya29\.|AQ\.)[\w.*-]{8,}/g, MASK],
  // anything starred out shows its ends
  [/[\w.-]*\*{3,}[\w.*-]*/g, MASK],
];

const LONG_RUN = /[A-Za-z0-9_+/=-]{20,}(?:\.[\w-]{6,})*/g;

/** Ids that help a support request and open nothing. */
const HARMLESS = /^(?:req|request|org|chatcmpl|trace)[-_]/i;

/** A name has short parts between its dashes; a key has a long one that mixes letters and digits. */
function looksRandom(run: string): boolean {
  if (HARMLESS.test(run)) return false;
  return run.split(/[-_/.]/).some((part) => part.length >= 16 && /\d/.test(part) && /[a-z]/i.test(part));
}

/** The text with everything masked that looks like a key, and `secret` wherever it stands, whatever it looks like. */
export function redactKeys(text: string, secret?: Secret): string {
  const known = secret?.reveal() ?? "";
  let safe = known === "" ? text : text.replaceAll(known, MASK);
  for (const [pattern, by] of PATTERNS) safe = safe.replace(pattern, by);
  return safe.replace(LONG_RUN, (run) => looksRandom(run) ? MASK : run);
}

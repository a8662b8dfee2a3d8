/**
 * What a person pastes after a login in a browser elsewhere: the whole address, its query, `code#state`, or
 * the code alone. Pure; what is wrong with a paste is said so that the next one can be right.
 */
import { timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";

/** What came back from the browser, pasted or by the callback. */
export type Returned =
  | { readonly kind: "code"; readonly code: string }
  /** The provider says no, in its own words. */
  | { readonly kind: "error"; readonly error: string; readonly description: string | null }
  /** Not usable; the login goes on. */
  | { readonly kind: "unusable"; readonly why: string };

/** Reads a pasted text. A state that is there must be the one of this login; a bare code has none. */
export function readPasted(text: string, state: string): Returned {
  const trimmed = text.trim().replace(/^["'<]+|["'>]+$/g, "");
  if (trimmed === "") return { kind: "unusable", why: "nothing was pasted" };
  const query = queryOf(trimmed);
  if (query !== undefined) return readQuery(query, state, "state_optional");
  const [code = "", pastedState] = trimmed.split("#");
  if (/\s/.test(trimmed) || code === "") return { kind: "unusable", why: "expected the address the browser ended at, or the code" };
  return pastedState === undefined || isSame(pastedState, state) ? { kind: "code", code } : wrongState();
}

/** Reads the query of a callback. */
export function readQuery(query: URLSearchParams, state: string, claim: "state_required" | "state_optional"): Returned {
  const given = query.get("state");
  if (given === null ? claim === "state_required" : !isSame(given, state)) return wrongState();
  const error = query.get("error");
  if (error !== null) return { kind: "error", error, description: query.get("error_description") };
  const code = query.get("code");
  return code === null || code === "" ? { kind: "unusable", why: "the address holds no code" } : { kind: "code", code };
}

function queryOf(text: string): URLSearchParams | undefined {
  if (/^https?:\/\//i.test(text)) return URL.canParse(text) ? new URL(text).searchParams : new URLSearchParams();
  // Codes may hold `=`, as base64 does: a query is known by its names.
  return /^[^\s]*?(?:^|[?&])(?:code|error|state)=/.test(text) ? new URLSearchParams(text.slice(text.indexOf("?") + 1)) : undefined;
}

function wrongState(): Returned {
  return { kind: "unusable", why: "it belongs to another login (its state differs); use the newest address" };
}

/** Compares in constant time, so that a state cannot be guessed piece by piece. */
function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

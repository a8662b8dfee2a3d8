/**
 * What a person pastes after a login in a browser elsewhere: the whole address, its query, `code#state`, or
 * the code alone. Pure; what is wrong with a paste is said so that the next one can be right.
 */
import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";

/** More than any address a browser shows. */
const MAX_LENGTH = 16_384;

/** What came back from the browser, pasted or by the callback. */
export type Returned =
  | { readonly kind: "code"; readonly code: string }
  /** The provider says no, in its own words. */
  | { readonly kind: "error"; readonly error: string; readonly description: string | null }
  /** Not usable; the login goes on. */
  | { readonly kind: "unusable"; readonly why: string };

/** Reads a pasted text. A state that is there must be the one of this login; a bare code has none. */
export function readPasted(text: string, state: string): Returned {
  const trimmed = text.trim().replace(/^["'<]+|["'>]+$/g, "").trim();
  if (trimmed === "") return unusable("nothing was pasted");
  if (trimmed.length > MAX_LENGTH) return unusable("it is too long to be an address or a code");
  const query = queryOf(trimmed);
  if (query !== undefined) return readQuery(query, state, "state_optional");
  const [code = "", pastedState = null] = trimmed.split("#");
  if (/[\s\p{Cc}]|:\/\//u.test(trimmed) || code === "") return unusable("expected the address at which the browser ended, or the code");
  return pastedState === null || isSame(pastedState, state) ? { kind: "code", code: decoded(code) } : wrongState();
}

/** Reads the query of a callback. */
export function readQuery(query: URLSearchParams, state: string, claim: "state_required" | "state_optional"): Returned {
  const given = query.get("state");
  const error = query.get("error") || null;
  if (given === null && claim === "state_required") {
    return unusable(error === null ? "it does not say to which login it belongs" : "it tells of an error, but not of which login");
  }
  if (given !== null && !isSame(given, state)) return wrongState();
  if (error !== null) return { kind: "error", error, description: query.get("error_description") || null };
  const code = query.get("code") ?? "";
  return code === "" ? unusable("the address holds no code: it must be the one at which the browser ended") : { kind: "code", code };
}

function queryOf(text: string): URLSearchParams | undefined {
  if (/^https?:\/\//i.test(text)) return URL.canParse(text) ? new URL(text).searchParams : new URLSearchParams();
  // Codes may hold `=`, as base64 does: a query is known by its names. Browsers hide `http://` and may add `#`.
  const bare = text.replace(/^[^\s?&=]*\?/, "").replace(/#.*$/s, "");
  return /(?:^|&)(?:code|error|state)=/.test(bare) ? new URLSearchParams(bare) : undefined;
}

/** A code copied out of an address is still encoded as addresses are. */
function decoded(code: string): string {
  if (!/%[0-9A-F]{2}/i.test(code)) return code;
  try {
    return decodeURIComponent(code);
  } catch {
    return code;
  }
}

function unusable(why: string): Returned {
  return { kind: "unusable", why };
}

function wrongState(): Returned {
  return unusable("it belongs to another login (its state differs)");
}

/** Compares in constant time, so that a state cannot be guessed piece by piece. */
function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

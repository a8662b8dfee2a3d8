/**
 * A base URL typed by a person: everything before `/chat/completions`. It is tidied, never guessed, and what
 * is shown of a bad one holds no user name, password or query.
 */

export const BASE_URL_EXPECTED =
  "an http:// or https:// address such as https://host.example/v1, without user name, password, query or fragment";

export type BaseUrlReading =
  | { readonly kind: "ok"; readonly url: string }
  /** `shown`: what may be printed of the text; absent when nothing may. */
  | { readonly kind: "bad"; readonly shown?: string };

/** Reads a base URL; a pasted `/chat/completions` and closing slashes are taken off. `{NAME}` places stay. */
export function readBaseUrl(text: string): BaseUrlReading {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return { kind: "bad" };
  const url = new URL(trimmed);
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  if (!isWeb || url.host === "") return { kind: "bad" };
  if (url.username !== "" || url.password !== "" || /[?#]/.test(trimmed)) {
    return { kind: "bad", shown: `${url.protocol}//${url.host}${url.pathname}` };
  }
  return { kind: "ok", url: trimmed.replace(/\/+$/, "").replace(/\/chat\/completions$/, "").replace(/\/+$/, "") };
}

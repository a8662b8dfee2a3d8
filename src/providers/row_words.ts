/** What a row says, in words for a person: lists, pages and screens use the same ones. Pure. */
import type { Quirk } from "./quirks.ts";
import type { Auth, ProviderRow } from "./row.ts";

/** The wire format a provider speaks, with what it speaks besides. */
export function formatWords({ protocol, adapter, operations, speaksResponses }: ProviderRow): string {
  if (operations.length === 0) return "its own";
  const also = speaksResponses === true ? ", responses" : "";
  return `${protocol}${also}${adapter === "gemini_cli" ? " (Code Assist)" : ""}`;
}

/** Every variable a key of the provider may stand in; the first is the one to use. */
export function keyVariables({ prefixes, keyVariables = [] }: ProviderRow): string[] {
  return [...prefixes.map((prefix) => `${prefix}_API_KEY`), ...keyVariables];
}

/** How the key travels. */
export function authWords(auth: Auth): string {
  switch (auth.kind) {
    case "bearer":
      return "bearer";
    case "bearer_optional":
      return "bearer, if set";
    case "none":
      return "not needed";
    case "oauth":
      return auth.takesKeys ? "token of a login, or bearer" : "token of a login";
    case "header":
      return `\`${auth.name}\``;
  }
}

/** `no developer role`, `drops seed, logit_bias`. */
export function quirkWords(quirk: Quirk): string {
  if (typeof quirk === "string") return quirk.replaceAll("_", " ");
  return "keep" in quirk ? `takes only ${quirk.keep.join(", ")}` : `drops ${quirk.drop.join(", ")}`;
}

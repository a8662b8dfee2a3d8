/**
 * What the answer of a token endpoint means for a login that was refused. Only a 400, 401 or 403 judges the
 * grant; noise, silence and 5xx never come here.
 */
import { type EndpointAnswer, errorCodeOf, shownWords, wordsOf } from "./endpoint_call.ts";
import { type Refusal, refusal } from "./flow.ts";
import type { OAuthRow } from "./row.ts";

/** What was asked for. */
export interface Asked {
  readonly row: OAuthRow;
  readonly how: "login" | "refresh";
  /** Secrets of the request: kept out of messages, should the answer repeat them. */
  readonly sent: readonly string[];
}

/** Errors that pass, whatever the status. */
const PASSING = ["temporarily_unavailable", "server_error", "internal_failure"];
const JUDGING = [400, 401, 403];

/** The refusal that an answer without a usable grant is. */
export function refusalOf(answer: EndpointAnswer, { row, how, sent }: Asked): Refusal {
  const { status, body, retryAfterMs } = answer;
  const code = errorCodeOf(body);
  const told = { status, ...(code === undefined ? {} : { code }), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const words = [code, wordsOf(body)].filter((it) => it !== undefined && it !== "").map((it) => shownWords(it ?? "", sent));
  const said = words.length === 0 ? "" : ` (${words.join(": ")})`;
  const refuse = (kind: Refusal["kind"], reason: string) => refusal({ kind, reason, ...told });
  // Some say so when they are overloaded, and also when a login has died: a few more tries tell.
  if (status < 300) return refuse("suspicious", `${row.name} gave no token${said}`);
  if (status === 429) return refuse("rate_limited", `${row.name} asks to be called less often${said}`);
  if (code === "invalid_client" || code === "unauthorized_client") return refuse("misconfigured", wrongClient(row, { code, said }));
  if (!JUDGING.includes(status) || (code !== undefined && PASSING.includes(code))) {
    return refuse("transient", `${row.name} answered ${status}${said}`);
  }
  return how === "login" ? atLogin(code, { row, said, refuse }) : atRefresh(answer, { row, said, refuse });
}

interface Telling {
  readonly row: OAuthRow;
  /** The endpoint's own words in brackets, with a space before; empty when it has none. */
  readonly said: string;
  readonly refuse: (kind: Refusal["kind"], reason: string) => Refusal;
}

function wrongClient(
  { name, prefix, clientAuth }: OAuthRow,
  { code, said }: { readonly code: "invalid_client" | "unauthorized_client"; readonly said: string },
): string {
  const names = clientAuth === "none" ? `${prefix}_CLIENT_ID` : `${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET`;
  return code === "invalid_client"
    ? `${name} refused the OAuth client${said}: check ${names}`
    : `${name} says that the login belongs to another OAuth client${said}: set ${names} to the one it was made with`;
}

function atLogin(code: string | undefined, { row, said, refuse }: Telling): Refusal {
  switch (code) {
    case "access_denied":
      return refuse("denied", `${row.name} says that access was denied${said}`);
    case "invalid_grant":
      return refuse("needs_login", "The code was used before, has expired or was not copied whole: begin the login again");
    case "redirect_uri_mismatch":
      return refuse(
        "misconfigured",
        `${row.name} does not let its OAuth client come back to this port${said}: check ${row.prefix}_OAUTH_PORT`,
      );
    default:
      return refuse("needs_login", `${row.name} refused the login${said}`);
  }
}

function atRefresh(answer: EndpointAnswer, { row, said, refuse }: Telling): Refusal {
  const isSessionEnd = answer.body.error_subtype === "invalid_rapt" || said.includes("invalid_rapt");
  if (isSessionEnd) {
    return refuse(
      "needs_login",
      `${row.name} wants a new login: the account's organisation limits how long one lasts, so this comes again`,
    );
  }
  return isDead(answer, row)
    ? refuse("needs_login", `${row.name} has ended the login${said}`)
    : refuse("suspicious", `${row.name} refused to renew the login${said}`);
}

function isDead({ status, body }: EndpointAnswer, { reloginErrors }: OAuthRow): boolean {
  const code = errorCodeOf(body);
  if (code === "invalid_grant" || (code !== undefined && reloginErrors.includes(code))) return true;
  // Endpoints with errors of their own say in other ways what `invalid_grant` says.
  if (reloginErrors.length === 0) return false;
  const words = wordsOf(body) ?? "";
  if (status !== 400) return code !== undefined || words !== "";
  return /invalid/i.test(`${code ?? ""} ${words}`);
}

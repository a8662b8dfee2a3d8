/**
 * Logging in at the simulated Google in the browser: the authorize endpoint, consent, and the page that shows
 * a code. A code is bound to client, redirect URI and PKCE challenge.
 */
import type { Asked } from "../oauth/asked.ts";
import { consentPage, escaped, page, redirect, withQuery } from "../oauth/pages.ts";
import type { Reply } from "../reply.ts";
import type { GoogleState } from "./state.ts";

/** The redirect URI of clients without a browser on their machine: the page shows the code. */
const CODE_PAGE = "https://codeassist.google.com/authcode";
const CODE_LIFETIME_MS = 600_000;

/** `GET /o/oauth2/v2/auth`, `GET /o/oauth2/auth`. Mistakes are pages: there is nowhere to redirect to yet. */
export function authorize(state: GoogleState, asked: Asked): Reply {
  const { query } = asked;
  const mistake = mistakeIn(state, query);
  if (mistake !== undefined) return page({ status: 400, title: `Error 400: ${mistake}`, body: `<h1>Access blocked</h1><p>${mistake}</p>` });
  const account = consentingAccount(state, query);
  const answer = query.get("__sim_answer") ?? state.consent.answer;
  if (answer !== "ask") return decide(state, { query, account, answer });
  const decision = (it: string) => `${asked.path}?${new URLSearchParams([...query, ["__sim_user", account], ["__sim_answer", it]])}`;
  return consentPage({ account, client: "Gemini CLI (simulated)", allowUrl: decision("allow"), denyUrl: decision("deny") });
}

/** Whose consent an authorize URL asks for. */
export function consentingAccount(state: GoogleState, query: URLSearchParams): string {
  return query.get("__sim_user") ?? state.consent.account;
}

/** `GET /authcode`: shows the code to the person, who types it in. */
export function codePage(asked: Asked): Reply {
  return page({ title: "Authorization code", body: `<code id="code">${escaped(asked.query.get("code") ?? "")}</code>` });
}

/** `GET /auth_success_gemini`, `/auth_failure_gemini`: where a client may send the browser at the end. */
export function endPage(asked: Asked): Reply {
  return page({ title: "Gemini Code Assist", body: `<p>${escaped(asked.path.slice(1))}</p>` });
}

function mistakeIn(state: GoogleState, query: URLSearchParams): string | undefined {
  const redirectUri = query.get("redirect_uri");
  if (query.get("client_id") !== state.client.id) return "invalid_client";
  if (redirectUri === null || !isRedirectAllowed(redirectUri)) return "redirect_uri_mismatch";
  if (query.get("response_type") !== "code") return "unsupported_response_type";
  if ((query.get("scope") ?? "").trim() === "") return "invalid_request: missing scope";
  if (query.has("code_challenge") && query.get("code_challenge_method") !== "S256") return "invalid_request: code_challenge_method";
  if (!state.accounts.has(consentingAccount(state, query))) return "invalid_account";
  return undefined;
}

/** Any port of this machine is fine for a client that is an installed program. */
function isRedirectAllowed(uri: string): boolean {
  if (uri === CODE_PAGE) return true;
  return URL.canParse(uri) && /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?\//.test(uri);
}

function decide(state: GoogleState, fields: { readonly query: URLSearchParams; readonly account: string; readonly answer: string }): Reply {
  const { query, account, answer } = fields;
  const redirectUri = query.get("redirect_uri") ?? "";
  const sent = query.get("state") ?? undefined;
  const target = redirectUri === CODE_PAGE ? "/authcode" : redirectUri;
  const back = (parameters: Readonly<Record<string, string | undefined>>) =>
    redirect(target.startsWith("/") ? `${target}?${new URLSearchParams(defined(parameters))}` : withQuery(target, parameters));
  if (answer === "deny") return back({ error: "access_denied", state: sent });
  const code = issueCode(state, { query, account });
  return back({
    state: answer === "wrong_state" ? "somebody-elses-state" : sent,
    code,
    scope: query.get("scope") ?? undefined,
    authuser: "0",
    prompt: query.get("prompt") ?? "none",
  });
}

function issueCode(state: GoogleState, { query, account }: { readonly query: URLSearchParams; readonly account: string }): string {
  const code = `4/0A${state.tokens.text(`code:${account}`, 36)}`;
  const clientId = query.get("client_id") ?? "";
  const consents = state.accounts.get(account)?.consents;
  const isFirst = consents?.has(clientId) !== true;
  consents?.add(clientId);
  state.codes.set(code, {
    account,
    clientId,
    redirectUri: query.get("redirect_uri") ?? "",
    scope: query.get("scope") ?? "",
    challenge: query.get("code_challenge"),
    // Without `prompt=consent` only the first agreement of a user to a client brings a refresh token.
    hasRefreshToken: query.get("access_type") === "offline" && (isFirst || query.get("prompt")?.includes("consent") === true),
    expiresAt: state.clock.now() + CODE_LIFETIME_MS,
    isUsed: false,
  });
  return code;
}

function defined(parameters: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]));
}

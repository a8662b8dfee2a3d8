/**
 * A login type with everything that may be set in the environment filled in: which hosts are asked, as which
 * client, and where the callback listens. Read once, then passed on.
 */
import { readBaseUrl } from "../../kernel/base_url.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Variables } from "../../kernel/variables.ts";
import type { OAuthRow } from "./row.ts";

export interface OAuthEndpoints {
  readonly row: OAuthRow;
  /** Page for the browser, or the device authorization endpoint. */
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly userInfoUrl: string | null;
  /** Where the provider is called, without a slash at the end; null = the row of the provider says. */
  readonly apiBase: string | null;
  /** From `P_CLIENT_ID`; null = not set. */
  readonly clientId: string | null;
  /** From `P_CLIENT_SECRET`; null = not set. */
  readonly clientSecret: Secret | null;
  readonly callbackPort: number;
}

/** `P_AUTH_URL`, `P_TOKEN_URL`, `P_USERINFO_URL`, `P_API_BASE`, `P_CLIENT_ID`, `P_CLIENT_SECRET`, `P_OAUTH_PORT` laid over the row. */
export function oauthEndpoints(row: OAuthRow, variables: Variables): OAuthEndpoints {
  const text = (name: string) => variables.get(`${row.prefix}_${name}`)?.value.trim() || null;
  const url = (name: string) => {
    const reading = readBaseUrl(text(name) ?? "");
    return reading.kind === "bad" ? null : reading.url;
  };
  const secret = text("CLIENT_SECRET");
  const port = text("OAUTH_PORT") ?? "";
  return {
    row,
    authorizeUrl: url("AUTH_URL") ?? (row.flow.kind === "code" ? row.flow.authorizeUrl : row.flow.deviceUrl),
    tokenUrl: url("TOKEN_URL") ?? row.tokenUrl,
    userInfoUrl: url("USERINFO_URL") ?? row.userInfoUrl,
    apiBase: url("API_BASE"),
    clientId: text("CLIENT_ID"),
    clientSecret: secret === null ? null : new Secret(secret),
    callbackPort: /^\d{1,5}$/.test(port) ? Number(port) : row.flow.kind === "code" ? row.flow.callbackPort : 0,
  };
}

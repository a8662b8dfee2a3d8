/**
 * The shape of one login type: where a provider's OAuth endpoints are and how its flow differs from the
 * standard. A login type is data; the two flows in this folder read it.
 */

/** Authorization code with a callback on this machine. */
export interface CodeFlow {
  readonly kind: "code";
  readonly authorizeUrl: string;
  /** Port of the callback unless `P_OAUTH_PORT` names another; 0 = any free one. */
  readonly callbackPort: number;
  readonly callbackPath: string;
  /** Host in the redirect URI. */
  readonly callbackHost: "localhost" | "127.0.0.1";
  readonly pkce: "S256" | "none";
  /** Name of the redirect URI in the authorize URL; the token endpoint always calls it `redirect_uri`. */
  readonly redirectParameter: "redirect_uri" | "redirect";
  /** Sent with the authorize URL beside client id, redirect URI and state. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Pages the browser is sent to at the end; null: a small page of our own. */
  readonly successUrl: string | null;
  readonly failureUrl: string | null;
}

/** Device code: the user types a code at another device. */
export interface DeviceFlow {
  readonly kind: "device";
  readonly deviceUrl: string;
  readonly pkce: "S256" | "none";
  /** Used when the server names no interval, s. */
  readonly defaultIntervalS: number;
}

export interface OAuthRow {
  /** Provider id of the catalog. */
  readonly provider: string;
  readonly name: string;
  /** `P` of the variables. */
  readonly prefix: string;
  readonly flow: CodeFlow | DeviceFlow;
  readonly tokenUrl: string;
  /** Who logged in; null: the provider has no such endpoint. */
  readonly userInfoUrl: string | null;
  /** Public id of the vendor's own tool; `P_CLIENT_ID` or the one in the grant comes first. */
  readonly clientId: string;
  /** `secret_post`: in the form; `secret_basic_and_post`: in the form and as HTTP Basic; `none`: a public client. */
  readonly clientAuth: "none" | "secret_post" | "secret_basic_and_post";
  readonly scopes: readonly string[];
  /** Sent with every call to the token endpoint. */
  readonly tokenHeaders: Readonly<Record<string, string>>;
  /** How long before expiry the background refresh is due, ms. */
  readonly refreshAheadMs: number;
  /** A refresh answer brings a new refresh token and ends the old one. */
  readonly rotates: boolean;
  /** `error` codes of a 400 at refresh that mean "log in again"; `invalid_grant` always does. */
  readonly reloginErrors: readonly string[];
  /** Login file of the vendor's own tool, below the home directory. */
  readonly toolFile: string;
  /** How the vendor's tool is called, for messages. */
  readonly toolName: string;
}

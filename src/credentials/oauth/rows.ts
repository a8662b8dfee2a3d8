/** The login types keyproxy knows, one row each. Client secrets are never here: see `client.ts`. */
import type { OAuthRow } from "./row.ts";

const HOUR_MS = 3_600_000;

export const OAUTH_ROWS: readonly OAuthRow[] = [
  {
    provider: "gemini_cli",
    name: "Gemini CLI (Code Assist)",
    prefix: "GEMINI_CLI",
    flow: {
      kind: "code",
      authorizeUrl: "https://accounts.google.com/o/oauth2/v2/auth",
      callbackPort: 8085,
      callbackPath: "/oauth2callback",
      callbackHost: "localhost",
      pkce: "S256",
      redirectParameter: "redirect_uri",
      // Without `consent` Google gives a refresh token only the first time an account logs in.
      parameters: { access_type: "offline", prompt: "consent", response_type: "code" },
      successUrl: null,
      failureUrl: null,
    },
    tokenUrl: "https://oauth2.googleapis.com/token",
    userInfoUrl: "https://www.googleapis.com/oauth2/v2/userinfo",
    clientId: "681255809395-oo8ft2oprdrnp9e3aqf6av3hmdib135j.apps.googleusercontent.com",
    clientAuth: "secret_post",
    scopes: [
      "https://www.googleapis.com/auth/cloud-platform",
      "https://www.googleapis.com/auth/userinfo.email",
      "https://www.googleapis.com/auth/userinfo.profile",
    ],
    tokenHeaders: {},
    refreshAheadMs: HOUR_MS / 2,
    rotates: false,
    reloginErrors: [],
    toolFile: ".gemini/oauth_creds.json",
    toolName: "Gemini CLI",
  },
  {
    provider: "qwen_code",
    name: "Qwen Code",
    prefix: "QWEN_CODE",
    flow: { kind: "device", deviceUrl: "https://chat.qwen.ai/api/v1/oauth2/device/code", pkce: "S256", defaultIntervalS: 5 },
    tokenUrl: "https://chat.qwen.ai/api/v1/oauth2/token",
    userInfoUrl: null,
    clientId: "f0304373b74a44d2b584a3fb70ca9e56",
    clientAuth: "none",
    scopes: ["openid", "profile", "email", "model.completion"],
    tokenHeaders: {},
    refreshAheadMs: 3 * HOUR_MS,
    rotates: true,
    reloginErrors: ["invalid_request"],
    toolFile: ".qwen/oauth_creds.json",
    toolName: "Qwen Code",
  },
  {
    provider: "iflow",
    name: "iFlow",
    prefix: "IFLOW",
    flow: {
      kind: "code",
      authorizeUrl: "https://iflow.cn/oauth",
      callbackPort: 11_451,
      callbackPath: "/oauth2callback",
      callbackHost: "localhost",
      pkce: "none",
      redirectParameter: "redirect",
      parameters: { loginMethod: "phone", type: "phone" },
      successUrl: "https://iflow.cn/oauth/success",
      failureUrl: "https://iflow.cn/oauth/error",
    },
    tokenUrl: "https://iflow.cn/oauth/token",
    userInfoUrl: "https://iflow.cn/api/oauth/getUserInfo",
    clientId: "10009311001",
    clientAuth: "secret_basic_and_post",
    scopes: [],
    tokenHeaders: {},
    refreshAheadMs: 24 * HOUR_MS,
    rotates: true,
    reloginErrors: ["invalid_request"],
    toolFile: ".iflow/oauth_creds.json",
    toolName: "iFlow CLI",
  },
];

/** The login type of a provider; undefined when it has none. */
export function oauthRow(provider: string): OAuthRow | undefined {
  return OAUTH_ROWS.find((row) => row.provider === provider);
}

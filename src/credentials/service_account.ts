/**
 * A Google service account: its key file, and the signed statement that is exchanged for a token.
 * Source: https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, createSign } from "node:crypto";
import { asObject, asString, parseJson } from "../kernel/json.ts";
import { Secret } from "../kernel/secret.ts";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const DEFAULT_TOKEN_URI = "https://oauth2.googleapis.com/token";
/** The longest life Google gives a statement. */
const LIFETIME_S = 3_600;

export interface ServiceAccount {
  readonly email: string;
  readonly projectId: string;
  readonly tokenUri: string;
  /** PEM. */
  readonly privateKey: Secret;
  readonly keyId: string | undefined;
}

/** The account of a key file's text, or what is wrong with it; no secret is repeated. */
export function readServiceAccount(text: string): ServiceAccount | { readonly fault: string } {
  const body = asObject(parseJson(text));
  if (body === undefined) return { fault: "it is not a JSON object" };
  const field = (name: string) => asString(body[name])?.trim() ?? "";
  if (body.type !== "service_account") return { fault: `expected "type" to be "service_account"` };
  const missing = ["client_email", "private_key", "project_id"].find((name) => field(name) === "");
  if (missing !== undefined) return { fault: `expected "${missing}" to be a text` };
  try {
    createPrivateKey(field("private_key"));
  } catch {
    return { fault: `expected "private_key" to be a private key in PEM form` };
  }
  const keyId = field("private_key_id");
  return {
    email: field("client_email"),
    projectId: field("project_id"),
    tokenUri: field("token_uri") || DEFAULT_TOKEN_URI,
    privateKey: new Secret(field("private_key")),
    keyId: keyId === "" ? undefined : keyId,
  };
}

/** The signed statement. `now`: epoch ms. */
export function assertionOf({ email, tokenUri, privateKey, keyId }: ServiceAccount, now: number): string {
  const issuedAtS = Math.floor(now / 1_000);
  const header = { alg: "RS256", typ: "JWT", ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = { iss: email, scope: SCOPE, aud: tokenUri, iat: issuedAtS, exp: issuedAtS + LIFETIME_S };
  const said = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = createSign("RSA-SHA256").update(said).sign(privateKey.reveal(), "base64url");
  return `${said}.${signature}`;
}

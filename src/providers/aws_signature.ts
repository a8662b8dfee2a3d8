/**
 * Amazon's signature, version 4, over one call. Pure; the key never leaves in the call.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
import { createHash, createHmac } from "node:crypto";

/** An identity at Amazon: two parts, or three while it is borrowed. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignedParts {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `ID:SECRET` or `ID:SECRET:TOKEN`; undefined for a key of another kind, which travels as it is. */
export function awsIdentity(key: string): AwsIdentity | undefined {
  const [accessKeyId = "", secretAccessKey = "", ...token] = key.split(":");
  if (!/^(AKIA|ASIA)[A-Z0-9]{12,}$/.test(accessKeyId) || secretAccessKey === "") return undefined;
  return { accessKeyId, secretAccessKey, ...(token.length === 0 ? {} : { sessionToken: token.join(":") }) };
}

/** The headers that sign a call: date, token where there is one, and the signature. `now`: epoch ms. */
export function signatureHeaders(
  parts: SignedParts,
  { identity, region, service, now }: {
    readonly identity: AwsIdentity;
    readonly region: string;
    readonly service: string;
    readonly now: number;
  },
): Record<string, string> {
  const date = `${new Date(now).toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
  const day = date.slice(0, 8);
  const added = {
    "x-amz-date": date,
    ...(identity.sessionToken === undefined ? {} : { "x-amz-security-token": identity.sessionToken }),
  };
  const signed: Record<string, string> = { host: parts.url.host, ...parts.headers, ...added };
  const names = Object.keys(signed).sort();
  const canonical = [
    parts.method,
    canonicalPath(parts.url),
    canonicalQuery(parts.url),
    ...names.map((name) => `${name}:${(signed[name] ?? "").trim().replace(/\s+/g, " ")}`),
    "",
    names.join(";"),
    hashed(parts.body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, hashed(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Uint8Array>(
    (last, part) => hmac(last, part),
    `AWS4${identity.secretAccessKey}`,
  );
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${scope}, SignedHeaders=${
    names.join(";")
  }, Signature=${signature}`;
  return { ...added, authorization };
}

/** Every part of the path is encoded once more than it is sent. */
function canonicalPath({ pathname }: URL): string {
  return pathname.split("/").map(encoded).join("/") || "/";
}

function canonicalQuery({ searchParams }: URL): string {
  const pairs = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return pairs.sort().join("&");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hashed(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

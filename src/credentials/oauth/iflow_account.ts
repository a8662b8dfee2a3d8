/**
 * What an iFlow login needs beyond tokens: the API key that calls are made with, and who logged in. Both come
 * from the user info endpoint, which takes the access token in its query: no message may hold its address.
 */
import { asObject, asString, type Json } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { NAME, VERSION } from "../../kernel/version.ts";
import type { Grant } from "../grant.ts";
import { type EndpointAnswer, endpointFetch, Refused } from "./endpoint_call.ts";
import { type Completion, isRefusal, type OAuthCall, type Refusal, refusal } from "./flow.ts";

/** What the user info is asked for: a grant, and what went before. */
interface Asked {
  readonly grant: Grant;
  readonly after: Parameters<Completion["complete"]>[2];
}

/**
 * Asks who logged in and for the key of the day. After a refresh every refusal passes by itself: the new tokens are
 * good, and the old key goes on being used until the next try.
 */
export const IFLOW_COMPLETION: Completion = {
  isComplete: (grant) => grant.apiKey !== null,
  async complete(grant, call, after) {
    const answer = await askUserInfo(grant, call);
    const got = isRefusal(answer) ? answer : readUserInfo(answer, { grant, after });
    return isRefusal(got) ? softened(got, { grant, after }) : got;
  },
};

async function askUserInfo(grant: Grant, call: OAuthCall): Promise<EndpointAnswer | Refusal> {
  const { userInfoUrl } = call.endpoints;
  if (userInfoUrl === null) return refusal({ kind: "misconfigured", reason: "There is no address to ask iFlow for the API key at" });
  const url = new URL(userInfoUrl);
  url.searchParams.set("accessToken", grant.accessToken.reveal());
  const headers = { accept: "application/json", "user-agent": `${NAME}/${VERSION}` };
  try {
    return await endpointFetch(call, url.href, { method: "GET", headers });
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function readUserInfo({ status, body }: EndpointAnswer, { grant, after }: Asked): Grant | Refusal {
  const needsLogin = (reason: string) => refusal({ kind: "needs_login", status, reason });
  if (status === 401 || status === 403) return needsLogin(`iFlow did not take its own access token (status ${status})`);
  if (body.success === false) return needsLogin("iFlow did not say who logged in");
  if (status < 200 || status > 299) {
    return refusal({ kind: "transient", status, reason: `iFlow did not say who logged in (status ${status})` });
  }
  const account = asObject(body.data) ?? {};
  const apiKey = filled(account.apiKey);
  const name = filled(account.email) ?? filled(account.phone) ?? null;
  if (apiKey === undefined) return needsLogin("iFlow gave no API key for this account");
  if (after === "login" && name === null) return needsLogin("iFlow gave neither an e-mail address nor a phone number for this account");
  const isSameKey = grant.apiKey?.reveal() === apiKey;
  // Whoever logged in stays the same over refreshes, and so does the name the login goes by.
  return { ...grant, apiKey: isSameKey ? grant.apiKey : new Secret(apiKey), account: after === "login" ? name : grant.account ?? name };
}

function softened(refused: Refusal, { grant, after }: Asked): Refusal {
  if (refused.kind !== "needs_login" || after === "login") return refused;
  if (after === "refresh") return refusal({ ...refused, kind: "transient" });
  // The access token that was loaded may merely be old: a refresh brings another.
  return grant.refreshToken === null ? refused : refusal({ ...refused, kind: "suspicious" });
}

function filled(value: Json | undefined): string | undefined {
  return asString(value)?.trim() || undefined;
}

/** What user info gives becomes key and account; what it refuses never costs the tokens and never tells one. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import type { Json } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf } from "../grant.ts";
import { oauthEndpoints } from "./endpoints.ts";
import { isRefusal, type OAuthCall, type Refusal, type RefusalKind } from "./flow.ts";
import { IFLOW_COMPLETION } from "./iflow_account.ts";
import { oauthRow } from "./rows.ts";

const TOKEN = "at 1/+&=";
const OLD: Grant = grantOf({
  accessToken: new Secret(TOKEN),
  refreshToken: new Secret("rt-1"),
  expiresAt: 5,
  account: "old@example.com",
  apiKey: new Secret("sk-old"),
});
const NEW: Grant = { ...OLD, account: null, apiKey: null };

type After = "login" | "refresh" | "load";

interface Answered {
  readonly got: Grant | Refusal;
  readonly asked: readonly { readonly url: string; readonly init: RequestInit | undefined }[];
}

async function complete(
  grant: Grant,
  after: After,
  answer: (signal: AbortSignal | null | undefined) => Response | Promise<Response>,
  more: Partial<OAuthCall> = {},
): Promise<Answered> {
  const row = oauthRow("iflow");
  assert.ok(row !== undefined);
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  const call: OAuthCall = {
    endpoints: oauthEndpoints(row, new Map()),
    client: { id: "c", secret: null },
    fetch: async (input, init) => {
      asked.push({ url: String(input), init });
      return await answer(init?.signal);
    },
    clock: new FakeClock(),
    signal: new AbortController().signal,
    ...more,
  };
  return { got: await IFLOW_COMPLETION.complete(grant, call, after), asked };
}

function says(body: Json, status = 200, headers: Record<string, string> = {}): () => Response {
  return () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
}

const user = (fields: Record<string, Json>) => says({ success: true, code: "200", message: null, data: fields });

async function granted(grant: Grant, after: After, answer: () => Response): Promise<Grant> {
  const { got } = await complete(grant, after, answer);
  assert.ok(!isRefusal(got), JSON.stringify(got));
  return got;
}

async function refused(after: After, answer: () => Response, grant = NEW): Promise<Refusal> {
  const { got } = await complete(grant, after, answer);
  assert.ok(isRefusal(got));
  assert.ok(!JSON.stringify(got).includes(TOKEN) && !got.reason.includes("accessToken"), got.reason);
  return got;
}

Deno.test("user info is asked with the token in the query and without following anything", async () => {
  const { asked } = await complete(NEW, "login", user({ email: "a@example.com", apiKey: "sk-1" }));
  assert.equal(asked.length, 1);
  const url = new URL(asked[0]?.url ?? "");
  assert.equal(url.origin + url.pathname, "https://iflow.cn/api/oauth/getUserInfo");
  assert.equal(url.searchParams.get("accessToken"), TOKEN);
  const headers = new Headers(asked[0]?.init?.headers);
  assert.equal(headers.get("accept"), "application/json");
  assert.equal(headers.has("authorization"), false);
  assert.equal(asked[0]?.init?.redirect, "manual");
});

Deno.test("a login gets key and account, by e-mail or else by phone", async () => {
  const byMail = await granted(NEW, "login", user({ email: "a@example.com", phone: "+86", apiKey: "sk-1" }));
  assert.deepEqual([byMail.account, byMail.apiKey?.reveal(), byMail.refreshToken?.reveal()], ["a@example.com", "sk-1", "rt-1"]);
  const byPhone = await granted(NEW, "login", user({ email: "", phone: "+86123", apiKey: "sk-1" }));
  assert.equal(byPhone.account, "+86123");
  assert.equal(IFLOW_COMPLETION.isComplete(byPhone), true);
  assert.equal(IFLOW_COMPLETION.isComplete(NEW), false);
});

Deno.test("a refresh takes the new key and leaves who logged in", async () => {
  const got = await granted(OLD, "refresh", user({ email: "new@example.com", apiKey: "sk-2" }));
  assert.deepEqual([got.account, got.apiKey?.reveal()], ["old@example.com", "sk-2"]);
  const same = await granted(OLD, "refresh", user({ email: "new@example.com", apiKey: "sk-old" }));
  assert.equal(same.apiKey, OLD.apiKey);
});

Deno.test("a login without key, name or success fails and says so", async () => {
  const cases: readonly [() => Response, RegExp][] = [
    [user({ email: "a@example.com", apiKey: "" }), /no API key/],
    [user({ apiKey: "sk-1" }), /neither an e-mail/],
    [says({ success: false, code: "401", message: "no", data: null }), /did not say who/],
    [says({}, 401), /access token \(status 401\)/],
  ];
  for (const [answer, reason] of cases) {
    const got = await refused("login", answer);
    assert.equal(got.kind, "needs_login");
    assert.match(got.reason, reason);
  }
});

Deno.test("what says nothing about the login passes", async () => {
  const cases: readonly [() => Response, RefusalKind][] = [
    [says("<html><title>wall</title></html>"), "transient"],
    [says("", 503), "transient"],
    [says("gone", 404), "transient"],
    [says("x".repeat(300 * 1024)), "transient"],
    [says("", 429), "rate_limited"],
    [() => {
      throw new TypeError(`error sending request for url (https://iflow.cn/?accessToken=${TOKEN})`);
    }, "transient"],
  ];
  for (const [answer, kind] of cases) assert.equal((await refused("login", answer)).kind, kind);
  assert.equal((await refused("login", says("", 429, { "retry-after": "7" }))).retryAfterMs, 7_000);
  assert.equal((await refused("login", says("", 429))).retryAfterMs, 60_000);
});

Deno.test("after a refresh no answer of user info is the end of the login", async () => {
  for (const answer of [says({}, 401), says({ success: false }), user({ apiKey: "" }), says("", 500)]) {
    assert.equal((await refused("refresh", answer, OLD)).kind, "transient");
  }
});

Deno.test("a loaded token that is refused may be an old one, unless nothing can renew it", async () => {
  assert.equal((await refused("load", says({}, 401))).kind, "suspicious");
  assert.equal((await refused("load", says({}, 401), { ...NEW, refreshToken: null })).kind, "needs_login");
});

Deno.test("the wait for an answer has an end, and whoever asked can end it", async () => {
  const silence = (signal: AbortSignal | null | undefined) =>
    new Promise<Response>((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const clock = new FakeClock();
  const slow = complete(NEW, "login", silence, { clock });
  clock.advance(15_000);
  const { got } = await slow;
  assert.ok(isRefusal(got));
  assert.deepEqual([got.kind, got.reason], ["transient", "iflow.cn did not answer within 15 s"]);
  const leaving = new AbortController();
  const left = complete(NEW, "login", silence, { signal: leaving.signal });
  leaving.abort();
  const other = (await left).got;
  assert.ok(isRefusal(other));
  assert.equal(other.kind, "cancelled");
  assert.equal(clock.timerCount, 0);
});

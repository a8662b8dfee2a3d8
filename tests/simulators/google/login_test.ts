/** Logging in, refreshing and being logged out at the simulated Google. */
import assert from "node:assert/strict";
import { latch } from "../latch.ts";
import { requestJson, requestRaw } from "../../support/http_client.ts";
import { ADA, at, authorizeUrl, bench, consented, exchange, postToken } from "./bench.ts";
import { hashed, scenarios } from "./simulator.ts";

Deno.test("a login gives tokens, an id token and who logged in", async () => {
  await using it = await bench();
  const back = await consented(it.google);
  assert.deepEqual([back.host, back.pathname, back.searchParams.get("state")], ["localhost:8085", "/oauth2callback", "s1"]);
  const answer = await exchange(it.google, back.searchParams.get("code") ?? "");
  assert.deepEqual([answer.status, at(answer.json, "expires_in"), at(answer.json, "token_type")], [200, 3599, "Bearer"]);
  const payload = JSON.parse(atob(String(at(answer.json, "id_token")).split(".")[1] ?? ""));
  assert.equal(payload.email, ADA);
  const user = await requestJson(`${it.google.url}/oauth2/v2/userinfo`, { key: String(at(answer.json, "access_token")) });
  assert.deepEqual([at(user.json, "email"), at(user.json, "verified_email")], [ADA, true]);
});

Deno.test("the same seed gives the same tokens, another seed others", async () => {
  const tokens = async (seed: number) => {
    await using it = await bench({}, { seed });
    return it.grant;
  };
  assert.deepEqual(await tokens(7), await tokens(7));
  assert.notEqual((await tokens(7)).accessToken, (await tokens(8)).accessToken);
});

Deno.test("the person may deny, be asked, or come back with another state", async () => {
  await using it = await bench();
  it.google.consent.answer = "deny";
  assert.equal((await consented(it.google)).searchParams.get("error"), "access_denied");
  it.google.consent.answer = "wrong_state";
  assert.notEqual((await consented(it.google)).searchParams.get("state"), "s1");
  it.google.consent.answer = "ask";
  const page = await requestRaw(authorizeUrl(it.google));
  const allow = page.text.match(/id="allow" href="([^"]+)"/)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const answer = await requestRaw(`${it.google.url}${allow}`);
  assert.match(String(answer.headers.location), /code=4%2F0A/);
});

Deno.test("somebody else at the browser logs in by __sim_user", async () => {
  await using it = await bench({}, { accounts: [{ email: ADA }, { email: "bob@example.com" }] });
  const back = await consented(it.google, { __sim_user: "bob@example.com" });
  const answer = await exchange(it.google, back.searchParams.get("code") ?? "");
  const facts = await requestJson(`${it.google.url}/tokeninfo?access_token=${at(answer.json, "access_token")}`);
  assert.equal(at(facts.json, "email"), "bob@example.com");
});

Deno.test("authorize mistakes are pages, not redirects", async () => {
  await using it = await bench();
  const mistakes: Record<string, string>[] = [
    { client_id: "nobody" },
    { redirect_uri: "https://evil.example/oauth2callback" },
    { response_type: "token" },
    { scope: "" },
    { code_challenge_method: "plain" },
  ];
  for (const mistake of mistakes) assert.equal((await requestRaw(authorizeUrl(it.google, mistake))).status, 400, JSON.stringify(mistake));
});

Deno.test("a code shown on the page can be typed in", async () => {
  await using it = await bench();
  const redirect_uri = "https://codeassist.google.com/authcode";
  const shown = await consented(it.google, { redirect_uri });
  const page = await requestRaw(shown.href);
  const code = page.text.match(/<code id="code">([^<]+)</)?.[1] ?? "";
  assert.equal((await exchange(it.google, code, { redirect_uri })).status, 200);
});

Deno.test("a code is good once, for ten minutes, and only with what it was bound to", async () => {
  await using it = await bench();
  const fresh = async () => (await consented(it.google)).searchParams.get("code") ?? "";
  const refused = async (code: string, more: Record<string, string>) => {
    const answer = await exchange(it.google, code, more);
    return [answer.status, at(answer.json, "error"), at(answer.json, "error_description")];
  };
  assert.deepEqual(await refused(await fresh(), { code_verifier: "wrong" }), [400, "invalid_grant", "Invalid code verifier."]);
  assert.deepEqual(await refused(await fresh(), { code_verifier: "" }), [400, "invalid_grant", "Missing code verifier."]);
  assert.deepEqual(await refused(await fresh(), { redirect_uri: "http://localhost:1/x" }), [400, "redirect_uri_mismatch", "Bad Request"]);
  assert.deepEqual(await refused(await fresh(), { client_id: "x" }), [401, "invalid_client", "The OAuth client was not found."]);
  assert.deepEqual(await refused(await fresh(), { client_secret: "x" }), [401, "invalid_client", "Unauthorized"]);
  const used = await fresh();
  assert.equal((await exchange(it.google, used)).status, 200);
  assert.deepEqual(await refused(used, {}), [400, "invalid_grant", "Bad Request"]);
  const old = await fresh();
  it.clock.advance(600_000);
  assert.deepEqual(await refused(old, {}), [400, "invalid_grant", "Bad Request"]);
});

Deno.test("without prompt=consent only the first login brings a refresh token", async () => {
  await using it = await bench({}, { accounts: [{ email: ADA }, { email: "new@example.com" }] });
  const login = async (more: Record<string, string>) => {
    const back = await consented(it.google, { ...more, __sim_user: "new@example.com" });
    return at((await exchange(it.google, back.searchParams.get("code") ?? "")).json, "refresh_token") !== undefined;
  };
  const prompts = ["none", "none", "consent"];
  const brought: boolean[] = [];
  for (const prompt of prompts) brought.push(await login({ prompt }));
  assert.deepEqual(brought, [true, false, true]);
});

Deno.test("a refresh keeps the refresh token unless it rotates", async () => {
  await using it = await bench();
  const refresh = (refresh_token: string) => postToken(it.google, { grant_type: "refresh_token", refresh_token });
  const kept = await refresh(it.grant.refreshToken);
  assert.deepEqual([kept.status, at(kept.json, "refresh_token")], [200, undefined]);
  it.google.fault({ match: { endpoint: "refresh" }, effect: { kind: "rotation", rotation: "reuse_kill" } });
  const rotated = String(at((await refresh(it.grant.refreshToken)).json, "refresh_token"));
  it.google.rotation = "reuse_kill";
  assert.equal((await refresh(it.grant.refreshToken)).status, 400);
  assert.equal((await refresh(rotated)).status, 400, "showing the old one ended the family");
});

Deno.test("an expired access token is refused by the API and refreshed", async () => {
  await using it = await bench();
  it.clock.advance(3_598_999);
  assert.equal((await it.ask()).status, 200);
  it.clock.advance(1);
  const refused = await it.ask();
  assert.deepEqual([refused.status, at(refused.json, "error.details.0.reason")], [401, "ACCESS_TOKEN_EXPIRED"]);
  const answer = await postToken(it.google, { grant_type: "refresh_token", refresh_token: it.grant.refreshToken });
  const token = String(at(answer.json, "access_token"));
  assert.equal((await it.call("loadCodeAssist", {}, { token })).status, 200);
});

Deno.test("a revoked login cannot be refreshed, a foreign client's neither", async () => {
  await using it = await bench();
  const foreign = it.google.grantFor(ADA, { clientId: "another-client" });
  const refresh = async (refresh_token: string) =>
    at((await postToken(it.google, { grant_type: "refresh_token", refresh_token })).json, "error");
  assert.equal(await refresh(foreign.refreshToken), "unauthorized_client");
  it.google.revoke(ADA);
  assert.equal(await refresh(it.grant.refreshToken), "invalid_grant");
  assert.equal((await it.ask()).status, 401);
});

Deno.test("faults of the token endpoint come as often as they were asked for", async () => {
  await using it = await bench();
  it.google.fault({ match: { endpoint: "refresh", account: ADA }, effect: scenarios["g.token.rapt"](), times: 2 });
  const refresh = () => postToken(it.google, { grant_type: "refresh_token", refresh_token: it.grant.refreshToken });
  const answers = [await refresh(), await refresh(), await refresh()];
  assert.deepEqual(answers.map(({ status }) => status), [400, 400, 200]);
  assert.equal(at(answers[0]?.json, "error_subtype"), "invalid_rapt");
});

Deno.test("a refresh can be held and the journal tells of it without its token", async () => {
  await using it = await bench();
  const gate = latch();
  it.google.fault({ match: { endpoint: "refresh" }, effect: { kind: "hold", until: gate } });
  const waiting = postToken(it.google, { grant_type: "refresh_token", refresh_token: it.grant.refreshToken });
  const seen = await it.google.nextRequest({ endpoint: "refresh" });
  assert.deepEqual([seen.account, seen.status], [ADA, undefined]);
  assert.equal(seen.form?.refresh_token, `sha256:${hashed(it.grant.refreshToken)}`);
  it.google.revoke(ADA);
  gate.release();
  assert.equal((await waiting).status, 400, "what happened meanwhile counts");
  await seen.done;
  assert.deepEqual([seen.status, seen.isFinished, seen.isAborted], [400, true, false]);
});

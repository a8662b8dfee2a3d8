/** The login by browser as a whole: the callback is real, the token endpoint is scripted, the clock stands until it is moved. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { type Answer, callTo, rowOf, says, ScriptedEndpoint } from "../../../tests/support/oauth_call.ts";
import type { Grant } from "../grant.ts";
import { type CodeFlowOptions, runCodeFlow } from "./code_flow.ts";
import { isRefusal, type OAuthCall, type Refusal } from "./flow.ts";

const TOKENS = { access_token: "at", refresh_token: "rt", expires_in: 3600, token_type: "Bearer" };
const REFUSED = says({ error: "invalid_grant" }, 400);

interface Begun {
  readonly endpoint: ScriptedEndpoint;
  /** The address for the browser, and its parts. */
  readonly url: URL;
  readonly redirectUri: string;
  readonly complaints: string[];
  readonly done: Promise<Grant | Refusal>;
  /** Comes back from the browser. The state is the right one unless another is given. */
  back(query: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly text: string }>;
}

async function begin(
  provider: string,
  answers: readonly Answer[],
  options: Partial<CodeFlowOptions> & { readonly call?: Partial<OAuthCall> } = {},
): Promise<Begun> {
  const { call: more = {}, ...flowOptions } = options;
  const endpoint = new ScriptedEndpoint(...answers);
  const call = callTo(provider, endpoint, more);
  const complaints: string[] = [];
  const shown = Promise.withResolvers<{ readonly url: URL; readonly redirectUri: string }>();
  const done = runCodeFlow({ ...call, endpoints: { ...call.endpoints, callbackPort: 0 } }, {
    onUrl: (url, redirectUri) => shown.resolve({ url: new URL(url), redirectUri }),
    onComplaint: (why) => complaints.push(why),
    ...flowOptions,
  });
  done.catch(shown.reject);
  const { url, redirectUri } = await shown.promise;
  const back: Begun["back"] = async (query) => {
    const to = new URL(redirectUri);
    to.hostname = "127.0.0.1";
    to.search = new URLSearchParams({ state: stateOf(url), ...query }).toString();
    const reply = await fetch(to, { redirect: "manual" });
    return { status: reply.status, text: await reply.text() };
  };
  return { endpoint, url, redirectUri, complaints, done, back };
}

function stateOf(url: URL): string {
  return url.searchParams.get("state") ?? "";
}

function refused(got: Grant | Refusal): Refusal {
  assert.ok(isRefusal(got), "there was a grant");
  return got;
}

/** Texts that can be pasted one by one. */
class Pastes implements AsyncIterable<string> {
  readonly #texts: string[] = [];
  #isOver = false;
  #wake = () => {};

  paste(text: string): void {
    this.#texts.push(text);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const text = this.#texts.shift();
      if (text !== undefined) yield text;
      else if (this.#isOver) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

Deno.test("the browser comes back, the code is exchanged, and only then its page is answered", async () => {
  const it = await begin("gemini_cli", [says(TOKENS)]);
  const { searchParams, origin, pathname } = it.url;
  assert.equal(origin + pathname, "https://accounts.google.com/o/oauth2/v2/auth");
  assert.deepEqual([...searchParams.keys()], [
    "client_id",
    "access_type",
    "prompt",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
  ]);
  assert.equal(searchParams.get("redirect_uri"), it.redirectUri);
  assert.equal(searchParams.get("scope"), rowOf("gemini_cli").scopes.join(" "));
  assert.match(stateOf(it.url), /^[A-Za-z0-9_-]{43}$/);
  const page = await it.back({ code: "4/0abc" });
  assert.match(page.text, /Logged in/);
  const got = await it.done;
  assert.ok(!isRefusal(got));
  assert.equal(got.accessToken.reveal(), "at");
  const { form } = it.endpoint.question;
  assert.deepEqual([form.get("code"), form.get("redirect_uri")], ["4/0abc", it.redirectUri]);
  const verifier = form.get("code_verifier") ?? "";
  assert.equal(createHash("sha256").update(verifier).digest("base64url"), searchParams.get("code_challenge"));
  assert.notEqual(verifier, stateOf(it.url));
  await assert.rejects(fetch(it.redirectUri));
  assert.equal(it.endpoint.clock.timerCount, 0);
});

Deno.test("a row without PKCE and scopes, and with a name of its own for the redirect, gets what it wants", async () => {
  const it = await begin("iflow", [says(TOKENS)]);
  assert.deepEqual([...it.url.searchParams.keys()], ["client_id", "loginMethod", "type", "redirect", "state"]);
  assert.match(it.url.search, /&redirect=http%3A%2F%2Flocalhost%3A\d+%2Foauth2callback&/);
  assert.equal((await it.back({ code: "c" })).status, 302);
  assert.ok(!isRefusal(await it.done));
  assert.deepEqual([...it.endpoint.question.form.keys()].toSorted(), ["client_id", "client_secret", "code", "grant_type", "redirect_uri"]);
});

Deno.test("two logins never share state or verifier", async () => {
  const states = new Set<string>();
  const challenges = new Set<string | null>();
  for (let count = 0; count < 5; count++) {
    const leaver = new AbortController();
    const it = await begin("gemini_cli", [], { call: { signal: leaver.signal } });
    states.add(stateOf(it.url));
    challenges.add(it.url.searchParams.get("code_challenge"));
    leaver.abort();
    await it.done;
  }
  assert.deepEqual([states.size, challenges.size], [5, 5]);
});

Deno.test("a refused exchange is told on the page and ends the login", async () => {
  const it = await begin("gemini_cli", [REFUSED]);
  assert.match((await it.back({ code: "c" })).text, /Not logged in.*begin the login again/s);
  assert.equal(refused(await it.done).kind, "needs_login");
});

Deno.test("a grant that cannot be renewed is no login, on the page neither", async () => {
  const it = await begin("gemini_cli", [says({ ...TOKENS, refresh_token: null })]);
  assert.match((await it.back({ code: "c" })).text, /Not logged in.*no refresh token/s);
  assert.match(refused(await it.done).reason, /no refresh token/);
});

Deno.test("a denial ends the login with the provider's words", async () => {
  const it = await begin("gemini_cli", []);
  await it.back({ error: "access_denied", error_description: "The \u001b[31muser\nsaid no" });
  const got = refused(await it.done);
  assert.deepEqual([got.kind, got.code], ["denied", "access_denied"]);
  assert.match(got.reason, /\(access_denied: The \[31muser said no\)$/);
  assert.equal(it.endpoint.asked.length, 0);
});

Deno.test("another login's page is complained of and does not end this one", async () => {
  const it = await begin("gemini_cli", [says(TOKENS)]);
  assert.equal((await it.back({ code: "c", state: "other" })).status, 400);
  assert.match(it.complaints.join(), /another login/);
  await it.back({ code: "c" });
  assert.ok(!isRefusal(await it.done));
});

Deno.test("of two that come back at once only the first is used", async () => {
  const gate = Promise.withResolvers<void>();
  const endpoint = new ScriptedEndpoint(says(TOKENS));
  const held: typeof fetch = async (input, init) => {
    await gate.promise;
    return await endpoint.fetch(input, init);
  };
  const it = await begin("gemini_cli", [], { call: { fetch: held } });
  const pages = [it.back({ code: "one" }), it.back({ code: "two" })];
  const early = await Promise.race(pages);
  assert.equal(early.status, 409);
  gate.resolve();
  assert.deepEqual((await Promise.all(pages)).map(({ status }) => status).toSorted(), [200, 409]);
  assert.ok(!isRefusal(await it.done));
  assert.equal(endpoint.asked.length, 1);
});

Deno.test("nobody comes: it ends after its limit and says what was seen meanwhile", async () => {
  for (const [options, limitMs] of [[{}, 300_000], [{ timeoutMs: 7_000 }, 7_000]] as const) {
    const it = await begin("gemini_cli", [], options);
    await it.back({ code: "c", state: "other" });
    it.endpoint.clock.advance(limitMs - 1);
    assert.equal(await Promise.race([it.done, Promise.resolve("waits")]), "waits");
    it.endpoint.clock.advance(1);
    const got = refused(await it.done);
    assert.equal(got.kind, "timed_out");
    assert.match(got.reason, new RegExp(`within ${limitMs / 1000} s.*another login`));
    await assert.rejects(fetch(it.redirectUri));
  }
});

Deno.test("who leaves ends it, before it began too", async () => {
  const leaver = new AbortController();
  const it = await begin("gemini_cli", [], { call: { signal: leaver.signal } });
  leaver.abort();
  assert.equal(refused(await it.done).kind, "cancelled");
  await assert.rejects(fetch(it.redirectUri));
  const call = callTo("gemini_cli", new ScriptedEndpoint(), { signal: AbortSignal.abort() });
  const got = await runCodeFlow({ ...call, endpoints: { ...call.endpoints, callbackPort: 0 } }, { onUrl: () => assert.fail("shown") });
  assert.equal(refused(got).kind, "cancelled");
});

Deno.test("a taken port is named, with the variable that chooses another", async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) =>
    other.listen(0, "127.0.0.1", () => {
      const address = other.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    })
  );
  const call = callTo("iflow", new ScriptedEndpoint());
  const got = refused(
    await runCodeFlow({ ...call, endpoints: { ...call.endpoints, callbackPort: port } }, { onUrl: () => assert.fail("shown") }),
  );
  assert.equal(got.kind, "misconfigured");
  assert.match(got.reason, new RegExp(`Port ${port},.* is in use .*IFLOW_OAUTH_PORT`));
  other.close();
  const odd = refused(
    await runCodeFlow({ ...call, endpoints: { ...call.endpoints, callbackPort: 70_000 } }, { onUrl: () => assert.fail() }),
  );
  assert.match(odd.reason, /Port 70000,.* cannot be used \(ERR_SOCKET_BAD_PORT\)/);
});

Deno.test("what is pasted logs in as the browser would", async () => {
  const pastes = new Pastes();
  const it = await begin("gemini_cli", [says(TOKENS)], { pasted: pastes });
  pastes.paste("two words");
  pastes.paste(`${it.redirectUri}?code=c&state=other`);
  pastes.paste(`${it.redirectUri}?state=${stateOf(it.url)}&code=4%2F0abc`);
  assert.ok(!isRefusal(await it.done));
  assert.equal(it.endpoint.question.form.get("code"), "4/0abc");
  assert.deepEqual(it.complaints.length, 2);
});

Deno.test("a pasted code that is refused may be followed by a better one, or by the browser", async () => {
  const pastes = new Pastes();
  const better = await begin("gemini_cli", [REFUSED, says("", 502), says(TOKENS)], { pasted: pastes });
  for (const text of ["wrong", "right", "right"]) pastes.paste(text);
  assert.ok(!isRefusal(await better.done));
  assert.match(better.complaints[0] ?? "", /not copied whole/);
  assert.match(better.complaints[1] ?? "", /502/);

  const refusedPaste = Promise.withResolvers<void>();
  const others = new Pastes();
  const browser = await begin("gemini_cli", [REFUSED, says(TOKENS)], { pasted: others, onComplaint: () => refusedPaste.resolve() });
  others.paste("wrong");
  await refusedPaste.promise;
  assert.equal((await browser.back({ code: "c" })).status, 200);
  assert.ok(!isRefusal(await browser.done));
});

Deno.test("a pasted no, and a client that is refused, end the login", async () => {
  const denied = new Pastes();
  const first = await begin("gemini_cli", [], { pasted: denied });
  denied.paste("error=access_denied");
  assert.equal(refused(await first.done).kind, "denied");
  const pastes = new Pastes();
  const second = await begin("gemini_cli", [says({ error: "invalid_client" }, 401)], { pasted: pastes });
  pastes.paste("code");
  assert.equal(refused(await second.done).kind, "misconfigured");
});

Deno.test("when no more can be pasted, the last refusal is the end; when nothing was, the browser is waited for", async () => {
  for (const [text, answers] of [["wrong", [REFUSED]], ["two words", []]] as const) {
    const pastes = new Pastes();
    const it = await begin("gemini_cli", answers, { pasted: pastes });
    pastes.paste(text);
    pastes.end();
    assert.equal(refused(await it.done).kind, "needs_login");
  }
  const empty = new Pastes();
  empty.end();
  const it = await begin("gemini_cli", [says(TOKENS)], { pasted: empty });
  await it.back({ code: "c" });
  assert.ok(!isRefusal(await it.done));
});

Deno.test("whoever gives the pastes is told when no more are wanted, however the login ended", async () => {
  const ends: [string, readonly Answer[], (it: Begun, leaver: AbortController) => unknown][] = [
    ["the browser came back", [says(TOKENS)], (it) => it.back({ code: "c" })],
    ["time is up", [], (it) => it.endpoint.clock.advance(300_000)],
    ["somebody left", [], (_, leaver) => leaver.abort()],
  ];
  for (const [how, answers, end] of ends) {
    const leaver = new AbortController();
    const stopped = Promise.withResolvers<string>();
    const never: AsyncIterableIterator<string> = {
      [Symbol.asyncIterator]: () => never,
      next: () => new Promise(() => {}),
      return() {
        stopped.resolve(how);
        return Promise.reject(new Error("it was closed already"));
      },
    };
    const it = await begin("gemini_cli", answers, { pasted: never, call: { signal: leaver.signal } });
    await end(it, leaver);
    await it.done;
    assert.equal(await stopped.promise, how);
  }
});

Deno.test("a code that is being exchanged when time is up still counts", async () => {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const endpoint = new ScriptedEndpoint(says(TOKENS));
  const held: typeof fetch = async (input, init) => {
    asked.resolve();
    await gate.promise;
    return await endpoint.fetch(input, init);
  };
  const it = await begin("gemini_cli", [], { call: { fetch: held }, timeoutMs: 1_000 });
  const page = it.back({ code: "c" });
  await asked.promise;
  it.endpoint.clock.advance(1_000);
  gate.resolve();
  assert.match((await page).text, /Logged in/);
  assert.ok(!isRefusal(await it.done));
});

Deno.test("complaints have an end", async () => {
  const it = await begin("gemini_cli", [says(TOKENS)]);
  for (let count = 0; count < 30; count++) await it.back({ code: "c", state: `other${count}` });
  assert.equal(it.complaints.length, 20);
  await it.back({ code: "c" });
  assert.ok(!isRefusal(await it.done));
});

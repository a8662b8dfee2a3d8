/** Credentials: their ids last, and nothing that may be shown gives a secret away. */
import assert from "node:assert/strict";
import { Secret } from "../kernel/secret.ts";
import { apiKeyCredential, credentialId, keylessCredential, loginCredential, loginDisplay } from "./credential.ts";
import { type Grant, grantOf, originOf } from "./grant.ts";
import type { Login } from "./login.ts";

function grant(fields: Partial<Grant> = {}): Grant {
  return grantOf({ accessToken: new Secret("at-canary"), refreshToken: new Secret("rt-canary"), expiresAt: 1, ...fields });
}

function loginWith(current: Grant): Login {
  return {
    current: () => current,
    state: () => ({ kind: "ok" }),
    access: () => Promise.resolve(current),
    markWithdrawn: () => {},
  };
}

function credential(current: Grant, label?: string) {
  const fields = { provider: "qwen_code", login: loginWith(current), source: "here.json", priority: 2 };
  return loginCredential(label === undefined ? fields : { ...fields, label });
}

Deno.test("an id is the provider and twelve digits, and says nothing about what it was made of", () => {
  assert.match(credentialId("openai", "sk-canary"), /^openai:[0-9a-f]{12}$/);
  assert.notEqual(credentialId("openai", "one"), credentialId("openai", "two"));
  assert.notEqual(credentialId("openai", "one").split(":")[0], credentialId("groq", "one").split(":")[0]);
});

Deno.test("a login keeps its id when its tokens rotate", () => {
  const first = credential(grant({ origin: originOf("rt-canary") }));
  const later = credential(grant({ origin: originOf("rt-canary"), refreshToken: new Secret("rt-2"), accessToken: new Secret("at-2") }));
  assert.equal(later.id, first.id);
  assert.equal(credential(grant()).id, first.id);
});

Deno.test("a login's id is that of its account, however the account is written", () => {
  const one = credential(grant({ account: "A@Example.com" }));
  assert.equal(one.id, credential(grant({ account: "a@example.com ", refreshToken: new Secret("another") })).id);
  assert.notEqual(one.id, credential(grant({ account: "b@example.com" })).id);
});

Deno.test("a login is shown by the user's name for it, its account, or the end of its id", () => {
  assert.equal(credential(grant({ account: "a@example.com" }), "at work").display, "at work");
  assert.equal(credential(grant({ account: "a@example.com" })).display, "a@example.com");
  const { id, display } = credential(grant());
  assert.equal(display, `login ${id.slice(-6)}`);
  assert.equal(loginDisplay("qwen_code", grant()), display);
});

Deno.test("everything of a login but its secrets is there, and none of them when it is printed", () => {
  const { kind, provider, source, priority } = credential(grant());
  assert.deepEqual([kind, provider, source, priority], ["oauth", "qwen_code", "here.json", 2]);
  assert.doesNotMatch(JSON.stringify({ ...credential(grant()), grant: grant() }), /canary/);
});

Deno.test("a key is shown by its ends, and the credential of a provider without keys has none", () => {
  const key = apiKeyCredential({ provider: "openai", key: "sk-canary-0123456789", source: "OPENAI_API_KEY", priority: 0 });
  assert.deepEqual([key.display, key.secret.reveal()], ["sk-c…6789", "sk-canary-0123456789"]);
  assert.doesNotMatch(JSON.stringify(key), /canary/);
  const none = keylessCredential("ollama", "OLLAMA_API_BASE");
  assert.deepEqual([none.kind, none.secret.reveal(), none.display], ["none", "", "no key"]);
  assert.equal(none.id, keylessCredential("ollama", "elsewhere").id);
});

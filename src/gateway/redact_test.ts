/** Redaction: by place for headers, paths and fields, by value everywhere else. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../kernel/secret.ts";
import { REDACTED, redactHeaders, Redactor } from "./redact.ts";

const redactorOf = (...secrets: string[]) => new Redactor(secrets.map((text) => new Secret(text)));

Deno.test("headers that carry secrets, and headers nobody knows, lose their value and keep their name", () => {
  const names = [
    "authorization",
    "Authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "x-auth-token",
    "x-client-secret",
    "x-amz-security-token",
    "x-something-else",
  ];
  for (const name of names) assert.deepEqual(redactHeaders({ [name]: "canary" }), { [name]: REDACTED }, name);
});

Deno.test("harmless headers keep their value", () => {
  const headers = {
    "Content-Type": "application/json",
    "user-agent": "curl/8",
    "x-ratelimit-remaining-tokens": "1200",
    "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:00Z",
    "retry-after": "3",
  };
  assert.deepEqual(redactHeaders(headers), headers);
});

Deno.test("a header given more than once is one text, an absent one is left out", () => {
  assert.deepEqual(redactHeaders({ "vary": ["a", "b"], "accept": undefined }), { vary: "a, b" });
});

Deno.test("a known secret in the name or value of a harmless header is masked", () => {
  const redactor = redactorOf("canary-123");
  assert.deepEqual(redactor.headers({ "user-agent": "me canary-123", "canary-123": "x" }), {
    "user-agent": `me ${REDACTED}`,
    [REDACTED]: REDACTED,
  });
});

Deno.test("text is masked at every place, also where one secret begins another", () => {
  const redactor = redactorOf("key-one", "key-one-longer", "two.*[x]$");
  assert.equal(
    redactor.text("key-one key-one-longer two.*[x]$ twoxx"),
    `${REDACTED} ${REDACTED} ${REDACTED} twoxx`,
  );
});

Deno.test("a secret is found JSON-escaped and URL-encoded too", () => {
  const secret = 'p"ss/w\\rd é';
  const redactor = redactorOf(secret);
  for (const form of [secret, JSON.stringify(secret), JSON.stringify(secret).replaceAll("/", "\\/"), encodeURIComponent(secret)]) {
    const shown = redactor.text(`<${form}>`);
    assert.ok(!shown.includes("ss") && shown.includes(REDACTED), shown);
  }
});

Deno.test("texts too short to be secrets are not masked", () => {
  assert.equal(redactorOf("", "a", "test").text("a test"), "a test");
});

Deno.test("secrets learned later are masked from then on, and earlier ones stay known", () => {
  const redactor = redactorOf("first-secret");
  assert.equal(redactor.text("second-secret"), "second-secret");
  redactor.learn([new Secret("second-secret")]);
  assert.equal(redactor.text("first-secret second-secret"), `${REDACTED} ${REDACTED}`);
});

Deno.test("values are masked in texts and field names at any depth", () => {
  const redactor = redactorOf("canary-123");
  assert.deepEqual(redactor.value({ messages: [{ content: "my canary-123" }], "canary-123": 1, n: 2.5, ok: true, none: null }), {
    messages: [{ content: `my ${REDACTED}` }],
    [REDACTED]: 1,
    n: 2.5,
    ok: true,
    none: null,
  });
});

Deno.test("fields named like secrets hold none, other fields with such words do not suffer", () => {
  const redactor = redactorOf();
  const kept = { max_tokens: 5, prompt_cache_key: "chat-1", usage: { completion_tokens: 3 }, properties: { password: { type: "string" } } };
  assert.deepEqual(redactor.value(kept), kept);
  assert.deepEqual(redactor.value({ api_key: "x", apiKey: "x", "refresh-token": "x" }), {
    api_key: REDACTED,
    apiKey: REDACTED,
    "refresh-token": REDACTED,
  });
});

Deno.test("a Secret, an undefined field and a value nested without end do no harm", () => {
  let deep: unknown = "canary-123";
  for (let depth = 0; depth < 50_000; depth++) deep = [deep];
  const shown = JSON.stringify(redactorOf("canary-123").value({ secret: new Secret("canary-123"), gone: undefined, deep }));
  assert.ok(!shown.includes("canary-123"));
  assert.ok(!shown.includes("gone"));
  assert.ok(shown.includes("[too deep]"));
});

Deno.test("a field named __proto__ is copied, not obeyed", () => {
  const shown = redactorOf().value(JSON.parse('{"__proto__": {"polluted": true}}'));
  assert.equal(JSON.stringify(shown), '{"__proto__":{"polluted":true}}');
});

Deno.test("a path loses the values of parameters named like secrets, known or not", () => {
  const redactor = redactorOf("canary-123");
  assert.equal(
    redactor.path("/v1/models/canary-123:go?key=unknown&alt=sse&access%5Ftoken=u"),
    `/v1/models/${REDACTED}:go?key=${REDACTED}&alt=sse&access%5Ftoken=${REDACTED}`,
  );
  assert.equal(redactor.path("/v1/chat?%zz=1"), "/v1/chat?%zz=1");
});

Deno.test("no secret survives in any text, whatever surrounds it", () => {
  const anySecret = fc.string({ minLength: 6, maxLength: 30, unit: "grapheme" }).filter((text) => !REDACTED.includes(text));
  fc.assert(fc.property(fc.array(anySecret, { minLength: 1, maxLength: 20 }), fc.string(), fc.string(), (secrets, before, after) => {
    const redactor = redactorOf(...secrets);
    for (const secret of secrets) {
      if (before.includes(secret) || after.includes(secret)) continue;
      const shown = redactor.text(`${before} ${secret} ${after}`);
      assert.ok(shown.includes(REDACTED));
      assert.ok(!shown.includes(secret) || `${REDACTED} ${after}`.includes(secret) || `${before} ${REDACTED}`.includes(secret), shown);
    }
  }));
});

/** What is sent to Code Assist: the envelope, where each method wants the model, and the headers. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { grantOf } from "../../credentials/grant.ts";
import { isObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import type { UpstreamCall } from "../adapter.ts";
import { generateCall, quotaCall, sessionIdOf } from "./call.ts";

const BASE = "https://cloudcode-pa.googleapis.com/v1internal";
const grant = grantOf({ accessToken: new Secret("at-1"), refreshToken: null, expiresAt: null, projectId: "sim-managed-1" });
const target = { baseUrl: BASE, grant };

function bodyOf({ body = "" }: UpstreamCall): JsonObject {
  const json = parseJson(body);
  assert.ok(isObject(json));
  return json;
}

const inner = { contents: [{ role: "user", parts: [{ text: "hi" }] }], generationConfig: { temperature: 0 } };

Deno.test("a request is wrapped with model, project and session, and always streamed", () => {
  const call = generateCall({ ...target, model: "gemini-2.5-pro", inner, requestId: "req-1", sessionId: "s-1" });
  assert.equal(call.url.href, `${BASE}:streamGenerateContent?alt=sse`);
  assert.equal(call.method, "POST");
  assert.deepEqual(bodyOf(call), {
    model: "gemini-2.5-pro",
    project: "sim-managed-1",
    user_prompt_id: "req-1",
    request: { ...inner, session_id: "s-1" },
  });
});

Deno.test("the headers say who calls and pass for nobody else", () => {
  const { headers } = generateCall({ ...target, model: "m", inner, requestId: "r", sessionId: "s" });
  assert.deepEqual(Object.keys(headers).sort(), ["accept", "accept-encoding", "authorization", "content-type", "user-agent"]);
  assert.equal(headers.authorization, "Bearer at-1");
  assert.equal(headers.accept, "text/event-stream");
  assert.match(headers["user-agent"] ?? "", /^keyproxy\/\d/);
});

Deno.test("another address, with or without a slash, gets the same methods", () => {
  for (const baseUrl of ["http://127.0.0.1:99/v1internal", "http://127.0.0.1:99/v1internal/"]) {
    assert.equal(quotaCall({ baseUrl, grant }).url.href, "http://127.0.0.1:99/v1internal:retrieveUserQuota");
  }
});

Deno.test("a conversation has one session id, in the form of a UUID", () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  fc.assert(fc.property(fc.string(), fc.string(), (one, other) => {
    assert.match(sessionIdOf(one), uuid);
    assert.equal(sessionIdOf(one) === sessionIdOf(other), one === other);
  }));
});

Deno.test("quota is asked for the login's project", () => {
  assert.deepEqual(bodyOf(quotaCall(target)), { project: "sim-managed-1" });
  assert.deepEqual(bodyOf(quotaCall({ ...target, grant: { ...grant, projectId: null } })), {});
});

/** Providers and credentials: every answer, verdict and standing has its level and fix. */
import assert from "node:assert/strict";
import type { Verdict } from "../check.ts";
import type { Standing } from "../credential_view.ts";
import { judgeProvider, type ProviderFact, type Reach } from "./providers.ts";

const READY: Standing = { word: "ready", reason: "", untilAt: null };
const ANSWERED: Reach = { kind: "answered", status: 404, tookMs: 5 };

function judged(fact: Partial<ProviderFact>): string[] {
  const whole = {
    id: "near",
    baseUrl: "https://h/v1",
    baseVariable: "NEAR_API_BASE",
    isLocal: false,
    isProxied: false,
    credentials: [],
    login: null,
  };
  return judgeProvider({ ...whole, reach: ANSWERED, ...fact }).map(({ level, what, fix = "" }) => `${level} ${what} => ${fix}`);
}

function credential(verdict: Verdict | null, standing: Standing = READY, reach: Reach = ANSWERED): string[] {
  const view = { provider: "near", number: 1, display: "sk-…", kind: "api_key", standing, source: "NEAR_API_KEY" } as const;
  return judged({ reach, credentials: [{ view, verdict }] }).slice(reach.kind === "answered" ? 1 : 0);
}

Deno.test("what an address answers decides how it stands, not what it says about the path", () => {
  assert.deepEqual(judged({}), ["ok near: https://h/v1 answers (5 ms) => "]);
  assert.match(judged({ reach: { kind: "answered", status: 502, tookMs: 5 } })[0] ?? "", /^warning near: .* status 502/);
  assert.match(judged({ reach: { kind: "answered", status: 407, tookMs: 5 } })[0] ?? "", /^error near: the proxy wants a user name/);
  assert.match(judged({ reach: { kind: "no_address", variable: "X_ID" } })[0] ?? "", /^error near: its address needs X_ID => X_ID=/);
  const failed: Reach = { kind: "failed", reason: "no such host" };
  assert.match(judged({ reach: failed })[0] ?? "", /^error .*no such host => curl -I https:\/\/h\/v1/);
  assert.match(judged({ reach: failed, isLocal: true })[0] ?? "", /=> Start the server of near, or set NEAR_API_BASE/);
  assert.match(judged({ reach: failed, isProxied: true })[0] ?? "", /through the proxy: .*correct HTTPS_PROXY/);
});

Deno.test("each verdict has its level", () => {
  const levels = (["valid", "rejected", "limited", "unreachable", "not_checkable"] as const)
    .map((kind) => credential({ kind, reason: "why" })[0]?.split(" ")[0]);
  assert.deepEqual(levels, ["ok", "error", "warning", "warning", "note"]);
  assert.deepEqual(credential({ kind: "rejected", reason: "" }), ["error near:1 sk-… is rejected => Put a valid key into NEAR_API_KEY"]);
});

Deno.test("what was not tried is told by what is remembered of it", () => {
  const words = ["needs_login", "quarantined", "expired", "due", "resting"] as const;
  const levels = words.map((word) => credential(null, { word, reason: "why", untilAt: null })[0]?.split(" ")[0]);
  assert.deepEqual(levels, ["error", "warning", "note", "note", "note"]);
  assert.deepEqual(credential(null, READY, { kind: "not_asked" }), ["ok near:1 sk-… is there; it was not tried => "]);
  // The error about the address says it all.
  assert.deepEqual(credential(null, READY, { kind: "failed", reason: "x" }).length, 1);
});

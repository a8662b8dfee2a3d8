/** Which credential an argument means, by any of its names. */
import assert from "node:assert/strict";
import type { CredentialView } from "../../app/credential_view.ts";
import { findView } from "./select.ts";
import { Stop } from "../../terminal/stop.ts";

function view(fields: Partial<CredentialView>): CredentialView {
  return {
    id: "openai:000000000001",
    provider: "openai",
    providerName: "OpenAI",
    number: 1,
    display: "sk-a…0001",
    kind: "api_key",
    source: "OPENAI_API_KEY",
    origin: "/srv/.env",
    priority: 0,
    login: null,
    standing: { word: "ready", reason: "", untilAt: null },
    resting: [],
    today: { requestCount: 0, failureCount: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0 },
    ...fields,
  };
}

const VIEWS = [
  view({}),
  view({ id: "openai:000000000002", number: 2, source: "OPENAI_API_KEY_2" }),
  view({ id: "iflow:3", provider: "iflow", display: "Wu@example.com", source: "/srv/oauth_creds/iflow_oauth_1.json" }),
];

Deno.test("a credential is found by id, number, variable, file, account, and by a provider that has only one", () => {
  const found = (text: string) => VIEWS.indexOf(findView(text, VIEWS));
  assert.deepEqual([found("openai:000000000002"), found("openai:2"), found("OPENAI_API_KEY_2"), found("openai_api_key")], [1, 1, 1, 0]);
  assert.deepEqual([found("iflow"), found("iflow:1"), found("wu@example.com"), found("iflow_oauth_1.json")], [2, 2, 2, 2]);
});

Deno.test("an argument that means several, or none, is refused with what to do", () => {
  const refused = (text: string) => {
    try {
      findView(text, VIEWS);
    } catch (error) {
      if (error instanceof Stop) return `${error.code} ${error.message}`;
    }
    throw new Error("it was found");
  };
  assert.equal(refused("openai"), '2 "openai" could mean several credentials; name one of openai:1, openai:2');
  assert.match(refused("openai:9"), /^2 No credential is called "openai:9"/);
  assert.match(refused("opnai:1"), /Did you mean openai:1\?/);
});

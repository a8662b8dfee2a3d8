/**
 * One rich request on every surface for every provider's format: what the provider is sent, and what the client gets
 * whole and streamed, held against files a person has read. `GOLDEN=write deno test -A tests/golden` writes them anew.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isObject, type Json, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { answer } from "../simulators/steps.ts";
import { startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";
import { type Question, SURFACES } from "../support/surfaces.ts";

const UPSTREAMS: readonly (readonly [name: string, prefix: string, model: string])[] = [
  ["openai", "LOCAL", "local/gpt-5"],
  ["openai-responses", "OPENAI", "openai/o3-pro"],
  ["anthropic", "ANTHROPIC", "anthropic/claude-sonnet-4-5"],
  ["gemini", "GEMINI", "gemini/gemini-3-pro-preview"],
  ["cohere", "COHERE", "cohere/command-a-reasoning"],
  ["bedrock", "BEDROCK", "bedrock/anthropic.claude-sonnet-4-5-v1:0"],
];

const QUESTION: Omit<Question, "model" | "isStream"> = {
  system: "Be brief.",
  tools: ["look_up", "other"],
  thinks: true,
  said: [
    { by: "user", text: "What is in the picture, and what is the weather?", image: "cGljdHVyZQ==" },
    {
      by: "assistant",
      text: "I look both up.",
      calls: [{ id: "call_a", name: "look_up", arguments: { text: "weather" } }, { id: "call_b", name: "other", arguments: {} }],
    },
    { by: "tool", id: "call_a", name: "look_up", text: "rain" },
    { by: "tool", id: "call_b", name: "other", text: "a cat" },
    { by: "user", text: "So?" },
  ],
};
const SAID = { text: "A cat in the rain.", reasoning: "Rain, cat.", toolCalls: [{ name: "look_up", arguments: { text: "umbrella" } }] };

/** Ids and times that are new each time. */
function steady(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<id>")
    .replace(/call_[0-9a-f]{24}/g, "call_<id>")
    .replace(/"created_at":\d+/g, '"created_at":0')
    .replace(/"created":\d+/g, '"created":0');
}

function eventsIn(text: string): readonly Json[] {
  const lines = steady(text).split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice("data: ".length));
  return lines.map((line) => parseJson(line) ?? line);
}

for (const [name, prefix, model] of UPSTREAMS) {
  Deno.test(`golden: every surface over ${name}`, async () => {
    await using gateway = await startGateway({ others: { ANTHROPIC: {}, GEMINI: {}, COHERE: {}, BEDROCK: {}, OPENAI: {} } });
    const simulator = gateway.simulators[prefix];
    const seen: Record<string, JsonObject> = {};
    for (const surface of SURFACES) {
      const ask = async (isStream: boolean) => {
        simulator?.script({}, answer(SAID));
        const question = { ...QUESTION, model, isStream };
        const got = await requestJson(`http://127.0.0.1:${gateway.port}${surface.path(question)}`, { body: surface.body(question) });
        assert.equal(got.status, 200, got.text);
        return got;
      };
      const whole = await ask(false);
      const sent = simulator?.requests.at(-1)?.body;
      const streamed = await ask(true);
      assert.ok(isObject(sent));
      seen[surface.name] = {
        sent,
        lossy: whole.headers["x-keyproxy-lossy"] ?? "",
        answer: parseJson(steady(whole.text)) ?? "",
        events: eventsIn(streamed.text),
      };
    }
    const path = join(import.meta.dirname ?? ".", `${name}.json`);
    if (process.env["GOLDEN"] === "write") writeFileSync(path, `${JSON.stringify(seen, null, 1)}\n`);
    assert.deepEqual(parseJson(JSON.stringify(seen)), parseJson(readFileSync(path, "utf8")));
  });
}

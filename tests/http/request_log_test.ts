/** The request log of a whole request, as a person finds it on disk. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { asObject, parseJson } from "../../src/kernel/json.ts";
import { answer, rejectedKey } from "../simulators/steps.ts";
import { startGateway } from "../support/gateway.ts";
import { CHAT, chat, KEY_A, STREAM, TWO_KEYS } from "./chat.ts";

/** Runs one request with the log on and reads what was written about it. */
async function logged(body: object): Promise<Readonly<Record<string, string>>> {
  await using gateway = await startGateway({ env: { ...TWO_KEYS, ENABLE_REQUEST_LOGGING: "true" } });
  gateway.simulator.script({ key: KEY_A }, rejectedKey());
  gateway.simulator.script({}).always(answer({ text: "fine words", reasoning: "a thought" }));
  assert.equal((await chat(gateway, body)).status, 200);
  await gateway.running(0);
  await gateway.app.close();
  const root = join(gateway.dataDir, "logs", "detailed_logs");
  const [folder = ""] = await readdir(root);
  assert.match(folder, /^\d{8}_\d{6}_/);
  const names = await readdir(join(root, folder));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(root, folder, name), "utf8")])));
}

for (const [kind, body] of [["JSON", CHAT], ["a stream", { ...STREAM, stream_options: { include_usage: true } }]] as const) {
  Deno.test(`the request log of ${kind}: request, both attempts, answer, and what they came to`, async () => {
    const files = await logged(body);
    assert.deepEqual(asObject(asObject(parseJson(files["request.json"] ?? ""))?.body), body);
    const attempts = (files["attempts.jsonl"] ?? "").trim().split("\n").map((line) => asObject(parseJson(line)));
    assert.deepEqual(attempts.map((attempt) => attempt?.status), [401, 200]);
    assert.match(files["final_response.json"] ?? "", /fine words/);
    const metadata = asObject(parseJson(files["metadata.json"] ?? ""));
    assert.deepEqual(
      [
        metadata?.status_code,
        metadata?.provider,
        metadata?.streaming,
        metadata?.reasoning_found,
        metadata?.reasoning_content,
        metadata?.attempts,
      ],
      [200, "local", "stream" in body, true, "a thought", 2],
    );
    assert.deepEqual(Object.keys(asObject(metadata?.usage) ?? {}), ["prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens"]);
    assert.equal("streaming_chunks.jsonl" in files, "stream" in body);
  });
}

import { startGateway } from "./support/gateway.ts";
import { requestJson } from "./support/http_client.ts";
import { reset, stall } from "./simulators/steps.ts";
await using g = await startGateway({ others: { ANTHROPIC: {}, GEMINI: {}, OPENAI: {} }, env: { STREAM_HEARTBEAT_SECONDS: "0.1", TIMEOUT_READ_STREAMING: "0.35" } });
const root = g.baseUrl.replace("/v1","");
for (const [up, model] of [["GEMINI", "gemini/gemini-2.5-flash"], ["LOCAL", "local/gpt-5"]]) {
  g.simulators[up]?.script({}, reset({ chunkCount: 3 }));
  const got = await requestJson(`${root}/v1beta/models/${model}:streamGenerateContent`, { body: { contents: [{role:"user",parts:[{text:"one two three four"}]}] } });
  console.log(up, got.status, got.text.slice(-700));
  try { JSON.parse(got.text); console.log("JSON ok"); } catch (e) { console.log("BROKEN JSON", String(e)); }
  g.simulators[up]?.script({}, stall({ chunkCount: 3 }));
  const m = await requestJson(`${root}/v1/messages`, { body: { model, stream: true, max_tokens: 9, messages: [{role:"user",content:"one two three four"}] } });
  console.log(m.text.slice(-500));
}

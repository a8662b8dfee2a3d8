/** Answers in Anthropic's shape, whole and streamed. */
import assert from "node:assert/strict";
import type { ChatEvent } from "../../canonical/chat.ts";
import { asObject } from "../../kernel/json.ts";
import { messageOf } from "./answer.ts";
import { MessageWriter } from "./stream.ts";

const CONTEXT = { model: "m", id: "id", createdAtS: 1, wantsStreamUsage: true, request: {} };

function reasons(events: readonly ChatEvent[]): readonly unknown[] {
  const writer = new MessageWriter(CONTEXT);
  for (const event of events) writer.push(event);
  const delta = writer.end().find(({ type }) => type === "message_delta")?.delta;
  return [messageOf(events, CONTEXT).stop_reason, asObject(delta)?.stop_reason];
}

Deno.test("an answer that refuses ends as a refusal, whatever its provider calls the end", () => {
  const finish: ChatEvent = { kind: "finish", choice: 0, reason: "stop" };
  assert.deepEqual(reasons([{ kind: "refusal", choice: 0, text: "I cannot" }, finish]), ["refusal", "refusal"]);
  assert.deepEqual(reasons([{ kind: "text", choice: 0, text: "I can" }, finish]), ["end_turn", "end_turn"]);
  assert.deepEqual(reasons([{ kind: "text", choice: 0, text: "I can" }, { kind: "refusal", choice: 1, text: "no" }, finish]), [
    "end_turn",
    "end_turn",
  ]);
});

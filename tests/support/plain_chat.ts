/** The least of a chat, and what answers are written with: for tests that are about the answer. */
import type { ChatRequest } from "../../src/canonical/chat.ts";

export const HELLO: ChatRequest = {
  system: [],
  turns: [{ role: "user", parts: [{ kind: "text", text: "hello" }] }],
  tools: [],
  sampling: {},
  extensions: {},
  dropped: [],
};

export const ANSWER_CONTEXT = { model: "m", id: "1", createdAtS: 1, wantsStreamUsage: true, request: {} };

/**
 * The rest of OpenAI's interface (images, speech, transcriptions, moderations, rerank, files, batches): passed on as it
 * is, but for the model's name. Of what a provider answers only the usage is read.
 */
import type { Reading } from "../canonical/answer.ts";
import { asString, type JsonObject } from "../kernel/json.ts";
import type { Dialect } from "./dialect.ts";
import { OPENAI_FRAMING } from "./openai_wire.ts";

export const openaiRaw: Dialect = {
  name: "openai_raw",
  ...OPENAI_FRAMING,
  decodeRequest: (body) => ({
    operation: "raw",
    model: asString(body.model) ?? "",
    isStream: false,
    wantsStreamUsage: false,
    conversation: { id: undefined, opening: "" },
    native: { dialect: "openai_raw", body },
  }),
  readAnswer: unread,
  readEvent: unread,
  answerAsEvents: (body) => [body],
};

function unread(body: JsonObject): Reading {
  return { isMeaningful: true, isUsageOnly: false, text: "", reasoning: "", body };
}

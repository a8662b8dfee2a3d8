/**
 * The rest of OpenAI's interface (images, speech, transcriptions, moderations, rerank, files, batches) and Google's
 * cached contents: passed on as they are, but for the model's name. Of what a provider answers only the usage is read.
 */
import type { Reading } from "../canonical/answer.ts";
import { asString, type JsonObject } from "../kernel/json.ts";
import type { Dialect } from "./dialect.ts";
import { geminiGenerate } from "./gemini_generate.ts";
import { OPENAI_FRAMING } from "./openai_wire.ts";

export const openaiRaw: Dialect = { ...OPENAI_FRAMING, ...passedOn("openai_raw") };
/** Google's cached contents. */
export const geminiRaw: Dialect = {
  framing: geminiGenerate.framing,
  encodeFailure: (failed) => geminiGenerate.encodeFailure(failed),
  ...passedOn("gemini_raw"),
};

function passedOn(name: "openai_raw" | "gemini_raw"): Omit<Dialect, "framing" | "encodeFailure"> {
  return {
    name,
    decodeRequest: (body) => ({
      operation: "raw",
      model: asString(body.model) ?? "",
      isStream: false,
      wantsStreamUsage: false,
      conversation: { id: undefined, opening: "" },
      native: { dialect: name, body },
    }),
    readAnswer: unread,
    readEvent: unread,
    answerAsEvents: (body) => [body],
  };
}

function unread(body: JsonObject): Reading {
  return { isMeaningful: true, isUsageOnly: false, text: "", reasoning: "", body };
}

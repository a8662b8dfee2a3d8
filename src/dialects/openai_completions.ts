/**
 * OpenAI text completions (the older form), JSON and SSE.
 * Shapes: https://platform.openai.com/docs/api-reference/completions
 */
import { z } from "zod";
import type { Reading } from "../canonical/answer.ts";
import { asString, type JsonObject } from "../kernel/json.ts";
import type { Dialect } from "./dialect.ts";
import { choicesOf, explainsSilence, OPENAI_FRAMING, readStreamFields, readUsage, STREAM_FIELDS } from "./openai_wire.ts";
import { checkBody } from "./problems.ts";

const REQUEST = z.looseObject({
  model: z.string("a model name is required").min(1, "a model name is required"),
  prompt: z.union([z.string(), z.array(z.union([z.string(), z.number(), z.array(z.number())]))], "a text or a list is required"),
  ...STREAM_FIELDS,
});

const OPENING_LENGTH = 2_048;

export const openaiCompletions: Dialect = {
  name: "openai_completions",
  ...OPENAI_FRAMING,
  decodeRequest(body) {
    const wrong = checkBody(REQUEST, body);
    if (wrong !== undefined) return wrong;
    return {
      operation: "completions",
      model: asString(body.model) ?? "",
      ...readStreamFields(body),
      conversation: { id: asString(body.prompt_cache_key), opening: JSON.stringify(body.prompt).slice(0, OPENING_LENGTH) },
      native: { dialect: "openai_completions", body },
    };
  },
  readAnswer: read,
  readEvent: read,
  answerAsEvents: (body) => [body],
};

function read(body: JsonObject): Reading {
  const usage = readUsage(body);
  const choices = choicesOf(body);
  const text = choices.map((choice) => asString(choice.text) ?? "").join("");
  const finishReason = choices.map((choice) => asString(choice.finish_reason)).find((reason) => reason !== undefined);
  return {
    isMeaningful: text !== "" || explainsSilence(finishReason),
    isUsageOnly: choices.length === 0 && usage !== undefined,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    text,
    reasoning: "",
    body,
  };
}

/**
 * OpenAI embeddings. Never a stream.
 * Shapes: https://platform.openai.com/docs/api-reference/embeddings
 */
import { z } from "zod";
import type { Reading } from "../canonical/answer.ts";
import { asArray, asString, type JsonObject } from "../kernel/json.ts";
import type { Dialect } from "./dialect.ts";
import { OPENAI_FRAMING, readUsage } from "./openai_wire.ts";
import { checkBody } from "./problems.ts";

const TOKENS = z.array(z.number());
const REQUEST = z.looseObject({
  model: z.string("a model name is required").min(1, "a model name is required"),
  input: z.union(
    [z.string().min(1), z.array(z.string()).min(1), TOKENS.min(1), z.array(TOKENS.min(1)).min(1)],
    "a text, a list of texts, or a list of token lists is required",
  ),
  dimensions: z.int("a whole number is expected").positive("a positive number is expected").nullish(),
  encoding_format: z.enum(["float", "base64"], `"float" or "base64" is expected`).nullish(),
});

export const openaiEmbeddings: Dialect = {
  name: "openai_embeddings",
  ...OPENAI_FRAMING,
  decodeRequest(body) {
    const wrong = checkBody(REQUEST, body);
    if (wrong !== undefined) return wrong;
    return {
      operation: "embeddings",
      model: asString(body.model) ?? "",
      isStream: false,
      wantsStreamUsage: false,
      conversation: { id: undefined, opening: "" },
      native: { dialect: "openai_embeddings", body },
    };
  },
  readAnswer: read,
  readEvent: read,
  answerAsEvents: (body) => [body],
};

function read(body: JsonObject): Reading {
  const usage = readUsage(body);
  return {
    isMeaningful: asArray(body.data).length > 0,
    isUsageOnly: false,
    ...(usage === undefined ? {} : { usage }),
    text: "",
    reasoning: "",
    body,
  };
}

/** Anthropic's models on Vertex AI: the model and the manner stand in the address, the version in the body. Pure. */
import { asObject } from "../../src/kernel/json.ts";
import { anthropicError, messagesReply } from "./anthropic_api.ts";
import type { Question } from "./answers.ts";
import type { AnswerShape } from "./plan.ts";
import type { Reply } from "./reply.ts";

const ROUTE = /\/projects\/[^/]+\/locations\/[^/]+\/publishers\/anthropic\/models\/([^/:]+):(rawPredict|streamRawPredict)$/;

/** The answer to such a call; undefined for every other request. */
export function vertexClaudeReply(question: Question, shape: AnswerShape): Reply | undefined {
  const [, model, method] = ROUTE.exec(question.path) ?? [];
  if (model === undefined || question.method !== "POST") return undefined;
  const { anthropic_version, ...body } = asObject(question.body) ?? {};
  const refuse = (message: string) => anthropicError(400, { type: "invalid_request_error", message });
  if (anthropic_version !== "vertex-2023-10-16") return refuse("anthropic_version: Field required");
  if (body.model !== undefined) return refuse("model: Extra inputs are not permitted");
  const isStream = method === "streamRawPredict";
  if ((body.stream === true) !== isStream) return refuse("stream: does not fit the method");
  return messagesReply({ ...question, isStream }, { body: { ...body, model }, shape });
}

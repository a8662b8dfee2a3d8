/** The routes of Google's API: model and method stand together in the address, and lists have a shape of their own. */
import { type Failure, failure } from "../kernel/failure.ts";
import { asObject, type JsonObject } from "../kernel/json.ts";
import type { ModelRow } from "./listings.ts";

/** What `models/<model>:<method>` asks for. */
export interface GeminiCall {
  readonly model: string;
  readonly method: string;
}

/** The parts of the last piece of an address; a model's name may hold slashes, encoded or not. */
export function geminiCall(rest: string): GeminiCall {
  const at = rest.lastIndexOf(":");
  const model = at < 0 ? rest : rest.slice(0, at);
  return { model: model.replaceAll("%2F", "/").replace(/^models\//, ""), method: at < 0 ? "" : rest.slice(at + 1) };
}

/** `GET /v1beta/models` */
export function geminiModels(rows: readonly ModelRow[]): JsonObject {
  return { models: rows.map(geminiModel) };
}

/** One model in Google's shape. */
export function geminiModel({ id, context_length, ...row }: ModelRow): JsonObject {
  const facts = asObject({ ...row });
  return {
    name: `models/${id}`,
    baseModelId: id,
    displayName: id,
    supportedGenerationMethods: ["generateContent", "streamGenerateContent", "countTokens"],
    ...(context_length === undefined ? {} : { inputTokenLimit: context_length }),
    ...(typeof facts?.max_output_tokens === "number" ? { outputTokenLimit: facts.max_output_tokens } : {}),
  };
}

export function unknownMethod({ model, method }: GeminiCall): Failure {
  return failure({
    scope: "request",
    kind: "not_found",
    status: 404,
    message: `There is no method "${method.slice(0, 64)}" for models/${model.slice(0, 100)} here: ` +
      "generateContent, streamGenerateContent, countTokens, embedContent and batchEmbedContents are",
    code: "not_found",
  });
}

/**
 * Gemini's embedContent and batchEmbedContents as clients speak them: each is told to providers as an OpenAI embeddings
 * request, so that it shares their batches, and answered in Google's words. Shapes: https://ai.google.dev/api/embeddings
 */
import type { DialectName } from "../canonical/request.ts";
import { isFailure } from "../kernel/failure.ts";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { Dialect } from "./dialect.ts";
import { field } from "./gemini_client/fields.ts";
import { geminiGenerate } from "./gemini_generate.ts";
import { openaiEmbeddings } from "./openai_embeddings.ts";
import { Problems } from "./problems.ts";

/** `parts[].text` of a content; undefined when there is no text. */
function textOf(content: Json | undefined): string | undefined {
  if (typeof content === "string") return content;
  const texts = asArray(asObject(content)?.parts).flatMap((part) => asString(asObject(part)?.text) ?? []);
  return texts.length === 0 ? undefined : texts.join("\n");
}

/** The requests of a body: one, or those of a batch. */
function requestsIn(body: JsonObject, name: DialectName): readonly { readonly request: JsonObject; readonly path: string }[] {
  if (name === "gemini_embed") return [{ request: body, path: "content" }];
  return asArray(body.requests).filter(isObject).map((request, index) => ({ request, path: `requests[${index}].content` }));
}

function valuesOf(answer: JsonObject): readonly JsonObject[] {
  const rows = asArray(answer.data).filter(isObject);
  return rows.toSorted((a, b) => (asNumber(a.index) ?? 0) - (asNumber(b.index) ?? 0)).map(({ embedding }) => ({ values: embedding ?? [] }));
}

function dialect(name: DialectName): Dialect {
  return {
    name,
    framing: geminiGenerate.framing,
    encodeFailure: (failed) => geminiGenerate.encodeFailure(failed),
    decodeRequest(body) {
      const problems = new Problems();
      const requests = requestsIn(body, name);
      if (requests.length === 0) problems.note("requests", "at least one request is expected");
      const input = requests.map(({ request, path }) =>
        textOf(request.content) ?? problems.note(`${path}.parts`, "text is expected") ?? ""
      );
      if (problems.first !== undefined) return problems.first;
      const dimensions = field(requests[0]?.request, "outputDimensionality");
      const purpose = field(requests[0]?.request, "taskType");
      const decoded = openaiEmbeddings.decodeRequest({
        model: body.model ?? "",
        input,
        encoding_format: "float",
        ...(dimensions === undefined ? {} : { dimensions }),
        // What only Google's models are told: in its own words, which no other provider has.
        ...(typeof purpose === "string" && purpose !== "TASK_TYPE_UNSPECIFIED" ? { input_type: purpose } : {}),
      });
      return isFailure(decoded) ? decoded : { ...decoded, conversation: { id: undefined, opening: "" } };
    },
    readAnswer: (body) => openaiEmbeddings.readAnswer(body),
    readEvent: (body) => openaiEmbeddings.readAnswer(body),
    answerAsEvents: (body) => [body],
    present(answer) {
      const embeddings = valuesOf(answer);
      return name === "gemini_embed" ? { embedding: embeddings[0] ?? { values: [] } } : { embeddings: [...embeddings] };
    },
  };
}

export const geminiEmbed: Dialect = dialect("gemini_embed");
export const geminiEmbedBatch: Dialect = dialect("gemini_embed_batch");

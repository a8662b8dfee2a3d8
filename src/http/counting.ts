/** Tokens of a request in any dialect: read into the canonical form, then counted as chat messages. */
import { DIALECTS } from "../dialects/table.ts";
import { OPENAI_UPSTREAM_CODEC } from "../dialects/openai_upstream/codec.ts";
import { countTokens } from "../gateway/tokens.ts";
import { type Failure, isFailure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";

/** Nobody remembers anything where nothing is sent. */
const NO_RECALL = { remember: () => {}, recall: () => undefined };

/** How many tokens the request has, or what is wrong with it. */
export async function countRequest(body: JsonObject, name: "anthropic_messages" | "gemini_generate"): Promise<number | Failure> {
  const dialect = DIALECTS[name];
  // Counting needs no limit, but the dialect's check wants one.
  const checked = dialect.decodeRequest(name === "anthropic_messages" ? { max_tokens: 1, ...body } : body);
  if (isFailure(checked)) return checked;
  const request = dialect.codec?.decode(body);
  if (request === undefined || isFailure(request)) return request ?? 0;
  const { model } = checked;
  const crossing = OPENAI_UPSTREAM_CODEC.cross(request, { model, recall: NO_RECALL, newId: () => "call" });
  if (isFailure(crossing)) return crossing;
  const { messages, tools } = crossing.body;
  return (await countTokens({ model, messages, tools })).count;
}

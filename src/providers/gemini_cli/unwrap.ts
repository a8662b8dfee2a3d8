/** Takes Gemini's answer, or one event of it, out of what Code Assist wraps around it. Errors stay as they are. */
import { asObject, asString, type JsonObject } from "../../kernel/json.ts";

/** The answer inside the envelope; the very same object when there is none. The trace stands in for an id that is missing. */
export function unwrap(body: JsonObject): JsonObject {
  const inner = asObject(body.response);
  if (inner === undefined || body.error !== undefined) return body;
  const traceId = asString(body.traceId);
  return inner.responseId !== undefined || traceId === undefined ? inner : { ...inner, responseId: traceId };
}

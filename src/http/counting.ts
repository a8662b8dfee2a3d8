/** Reads requests to count tokens, in the dialects that have such a route. */
import { DIALECTS } from "../dialects/table.ts";
import { withoutMarks } from "../gateway/owned_ids.ts";
import { isFailure } from "../kernel/failure.ts";
import { asObject } from "../kernel/json.ts";
import { jsonBody, readBytes, type ReadRequest } from "./ingress.ts";

/** `POST …/messages/count_tokens` names its model in the body, `…:countTokens` in the address. */
export function countRequest(dialect: "anthropic_messages" | { readonly dialect: "gemini_generate"; readonly model: string }): ReadRequest {
  const [name, overlay] = typeof dialect === "string" ? [dialect, {}] as const : [dialect.dialect, { model: dialect.model }] as const;
  return async (incoming, { maxBytes }) => {
    const bytes = await readBytes(incoming, maxBytes);
    if (isFailure(bytes)) return bytes;
    const { text, owner } = withoutMarks(bytes.toString("utf8"));
    const body = jsonBody(text);
    if (isFailure(body)) return body;
    // Counting needs no limit, but the dialect's check wants one; Google's request may be wrapped.
    const whole = { max_tokens: 1, ...body, ...asObject(body.generateContentRequest), ...overlay };
    const checked = DIALECTS[name].decodeRequest(whole);
    if (isFailure(checked)) return checked;
    return { request: { ...checked, operation: "count", isStream: false, native: { dialect: name, body } }, body, only: owner };
  };
}

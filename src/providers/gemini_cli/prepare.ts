/** A chat request on its way to Code Assist: crossed into Gemini's format, wrapped in the envelope, always streamed. */
import { GEMINI_CODEC } from "../../dialects/gemini/codec.ts";
import type { ProviderCodec } from "../../dialects/codec.ts";
import { type Failure, failure, isFailure } from "../../kernel/failure.ts";
import type { Prepared, PrepareInput } from "../adapter.ts";
import { translatedForm } from "../answer_form.ts";
import { generateCall, sessionIdOf } from "./call.ts";
import { unwrap } from "./unwrap.ts";

/** The call, or why the request cannot be carried over. */
export function prepareGeminiCli(input: PrepareInput): Prepared | Failure {
  return prepareThrough(GEMINI_CODEC, input);
}

/** As {@link prepareGeminiCli}, by a codec of Gemini's format. */
export function prepareThrough(codec: ProviderCodec, input: PrepareInput): Prepared | Failure {
  const { row, dialect, model, recall, newId, access: { grant } } = input;
  const client = dialect.codec;
  if (client === undefined) {
    return failure({ scope: "request", kind: "invalid_request", status: 400, message: `Provider "${row.id}" takes chat requests only` });
  }
  if (grant === null) {
    return failure({ scope: "credential", kind: "rejected", status: 503, message: `Provider "${row.id}" takes logins only, not keys` });
  }
  const request = client.decode(input.body);
  if (isFailure(request)) return request;
  const crossing = codec.cross(request, { model, recall, newId });
  if (isFailure(crossing)) return crossing;
  const call = generateCall({
    baseUrl: row.baseUrl,
    grant,
    model,
    inner: crossing.body,
    requestId: input.requestId,
    sessionId: sessionIdOf(input.conversation),
  });
  const context = {
    model: input.clientModel,
    id: `chatcmpl-${input.requestId}`,
    createdAtS: Math.floor(input.now / 1000),
    wantsStreamUsage: input.wantsStreamUsage,
  };
  return {
    call,
    form: translatedForm({ crossing, client, context, read: (body) => codec.read(body), unwrap }),
    // The client's writer leaves out what was not asked for.
    hidesUsage: false,
    lossy: crossing.lossy,
  };
}

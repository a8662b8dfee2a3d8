/** A chat request on its way to Code Assist: crossed into Gemini's format, wrapped in the envelope, always streamed. */
import type { ProviderCodec } from "../../dialects/codec.ts";
import { GEMINI_CODEC } from "../../dialects/gemini/codec.ts";
import { type Failure, failure, isFailure } from "../../kernel/failure.ts";
import type { Prepared, PrepareInput } from "../adapter.ts";
import { translatedForm } from "../answer_form.ts";
import { crossInto } from "../crossing.ts";
import { generateCall, sessionIdOf } from "./call.ts";
import { unwrap } from "./unwrap.ts";

/** The call, or why the request cannot be carried over. */
export function prepareGeminiCli(input: PrepareInput): Prepared | Failure {
  return prepareThrough(GEMINI_CODEC, input);
}

/** As {@link prepareGeminiCli}, by a codec of Gemini's format. */
export function prepareThrough(codec: ProviderCodec, input: PrepareInput): Prepared | Failure {
  const { row, model, access: { grant } } = input;
  if (grant === null) {
    return failure({ scope: "credential", kind: "rejected", status: 503, message: `Provider "${row.id}" takes logins only, not keys` });
  }
  const crossed = crossInto(codec, input);
  if (isFailure(crossed)) return crossed;
  const { crossing } = crossed;
  const call = generateCall({
    baseUrl: row.baseUrl,
    grant,
    model,
    inner: crossing.body,
    requestId: input.requestId,
    sessionId: sessionIdOf(input.conversation),
  });
  return {
    call,
    form: translatedForm({ ...crossed, read: (body) => codec.read(body), unwrap, whole: "folded" }),
    // The client's writer leaves out what was not asked for.
    hidesUsage: false,
    lossy: crossing.lossy,
  };
}

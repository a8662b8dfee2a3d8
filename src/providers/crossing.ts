/** A request on its way into a provider's format that its client does not speak. */
import type { AnswerContext, ClientCodec, Crossing, ProviderCodec } from "../dialects/codec.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import type { PrepareInput } from "./adapter.ts";

/** A request that was carried over, and what its answer is written with. */
export interface Crossed {
  readonly crossing: Crossing;
  readonly client: ClientCodec;
  readonly context: AnswerContext;
}

/** The request in the provider's format, or why it cannot be carried over. */
export function crossInto(codec: ProviderCodec, input: PrepareInput): Crossed | Failure {
  const { row, dialect, model, recall, newId } = input;
  const client = dialect.codec;
  if (client === undefined) {
    return failure({ scope: "request", kind: "invalid_request", status: 400, message: `Provider "${row.id}" takes chat requests only` });
  }
  const request = client.decode(input.body);
  if (isFailure(request)) return request;
  const crossing = codec.cross(request, { model, recall, newId });
  if (isFailure(crossing)) return crossing;
  const context = {
    model: input.clientModel,
    // A client may use its request id again; an answer's id is its own.
    id: newId(),
    createdAtS: Math.floor(input.now / 1000),
    wantsStreamUsage: input.wantsStreamUsage,
    request: input.body,
  };
  return { crossing, client, context };
}

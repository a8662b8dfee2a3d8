/** What the routes of the Responses dialect need beside the request line: going on from an earlier answer, and asking for it again. */
import type { ResponseStore } from "../gateway/response_store.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asArray, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { Secret } from "../kernel/secret.ts";

/** A request with everything that was said before it, and what keeps its own answer. */
export interface Continued {
  readonly body: JsonObject;
  /** The id of the answer it goes on from, when that one is kept here. */
  readonly continues?: string | undefined;
  keep(answer: JsonObject): void;
}

/** Puts what an earlier answer was about in front of the request's own input. A 404 when nobody here remembers it. */
export function continued(
  body: JsonObject,
  { store, client }: { readonly store: ResponseStore; readonly client: Secret },
): Continued | Failure {
  const before = earlierItems(body.previous_response_id, { store, client });
  if (isFailure(before)) return before;
  const { previous_response_id, ...rest } = body;
  const continues = before.length > 0 ? asString(previous_response_id) : undefined;
  const input = [...before, ...itemsOf(body.input)];
  return {
    body: continues === undefined ? body : { ...rest, input },
    continues,
    keep(answer) {
      const response = continues === undefined ? answer : { ...answer, previous_response_id: continues };
      const id = asString(answer.id);
      if (id !== undefined && body.store !== false) store.keep(id, { response, input }, client);
    },
  };
}

function earlierItems(
  value: Json | undefined,
  { store, client }: { readonly store: ResponseStore; readonly client: Secret },
): readonly Json[] | Failure {
  if (typeof value !== "string") return [];
  const kept = store.find(value, client);
  if (kept !== undefined) return [...kept.input, ...asArray(kept.response.output)].flatMap(asInput);
  // An id of a provider's own, from another way to it, means something to that provider alone.
  return OWN_ID.test(value) ? unknownResponse(value, "previous_response_id") : [];
}

/** Ids of answers that were put into this dialect here. */
const OWN_ID = /^resp_[0-9a-f]{8}-[0-9a-f]{4}-/;

/** An item as it is sent again: without its id, which another account does not know, and without thoughts that nobody can read. */
function asInput(item: Json): readonly Json[] {
  if (!isObject(item)) return [item];
  const { id: _id, status: _status, ...rest } = item;
  return item.type === "reasoning" && typeof item.encrypted_content !== "string" && asArray(item.summary).length === 0 ? [] : [rest];
}

function itemsOf(input: Json | undefined): readonly Json[] {
  if (typeof input === "string") return [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
  return asArray(input);
}

/** `GET /v1/responses/{id}` */
export function keptResponse(id: string, store: ResponseStore, client: Secret): JsonObject | Failure {
  return store.find(id, client)?.response ?? unknownResponse(id);
}

/** `GET /v1/responses/{id}/input_items` */
export function inputItems(id: string, store: ResponseStore, client: Secret): JsonObject | Failure {
  const kept = store.find(id, client);
  if (kept === undefined) return unknownResponse(id);
  const data = kept.input.map((item, index) => ({
    id: `item_${index}`,
    ...(typeof item === "object" && !Array.isArray(item) ? item : {}),
  }));
  return { object: "list", data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: false };
}

/** `DELETE /v1/responses/{id}` */
export function deleteResponse(id: string, store: ResponseStore, client: Secret): JsonObject | Failure {
  return store.remove(id, client) ? { id, object: "response", deleted: true } : unknownResponse(id);
}

/** `POST /v1/responses/{id}/cancel`: only answers in the background can be stopped, and there are none. */
export function cancelResponse(id: string, store: ResponseStore, client: Secret): JsonObject | Failure {
  if (store.find(id, client) === undefined) return unknownResponse(id);
  return failure({
    scope: "request",
    kind: "invalid_request",
    status: 400,
    message: `Cannot cancel the response "${id}": only a response created with background=true can be cancelled`,
  });
}

function unknownResponse(id: string, param?: string): Failure {
  return failure({
    scope: "request",
    kind: "not_found",
    status: param === undefined ? 404 : 400,
    message: `There is no response "${id.slice(0, 100)}" here: it was never given to this client, was not stored, or is too old`,
    code: param === undefined ? "not_found" : "previous_response_not_found",
    ...(param === undefined ? {} : { param }),
  });
}

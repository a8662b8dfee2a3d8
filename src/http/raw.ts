/**
 * Routes of OpenAI's interface that are passed on as they are. A request names its model in JSON or in a form; requests
 * about files and batches name a provider, or bring an id that knows its credential.
 */
import type { IncomingMessage } from "node:http";
import { DIALECTS } from "../dialects/table.ts";
import { withoutMarks } from "../gateway/owned_ids.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { CanonicalRequest, RawRequest } from "../gateway/exchange.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asString, type JsonObject } from "../kernel/json.ts";
import { boundaryOf, findField, withValue } from "../wire/multipart.ts";
import { badRequest, jsonBody, readBytes, type ReadRequest } from "./ingress.ts";

/** Paths whose requests name a model. */
export const MODEL_PATHS: readonly string[] = [
  "/images/generations",
  "/images/edits",
  "/images/variations",
  "/audio/speech",
  "/audio/transcriptions",
  "/audio/translations",
  "/moderations",
  "/rerank",
];

/** Header and query that name the provider of files and batches. */
export const PROVIDER_HEADER = "x-keyproxy-provider";
/** Stands for the model where none is named: limits of these calls are counted together. */
const NO_MODEL = "files";

type Method = "GET" | "POST" | "DELETE";

/** Reads a request that names its model. `path`: after `/v1`. */
export function modelRequest(path: string): ReadRequest {
  return async (incoming, { maxBytes }) => {
    const bytes = await readBytes(incoming, maxBytes);
    if (isFailure(bytes)) return bytes;
    const contentType = incoming.headers["content-type"] ?? "application/json";
    const boundary = boundaryOf(contentType);
    if (boundary === undefined) {
      const body = jsonBody(bytes.toString("utf8"));
      return isFailure(body) ? body : asked(body, { method: "POST", path, isOwned: false });
    }
    const place = findField(bytes, { boundary, name: "model" });
    if (place === undefined) return wantsModel();
    const form = { contentType, named: (model: string) => withValue(bytes, place, model) };
    return asked({ model: place.value }, { method: "POST", path, form, isOwned: false });
  };
}

/** Reads a request about files or batches. `target`: the rest of the address, its query included. */
export function ownedRequest(method: Method, target: string, snapshot: Snapshot): ReadRequest {
  return async (incoming, { maxBytes }) => {
    const bytes = await readBytes(incoming, maxBytes);
    if (isFailure(bytes)) return bytes;
    const place = withoutMarks(target);
    // Nothing else at the provider may be reached with its key.
    if (!OWNED_PATH.test(place.text.replace(/\?.*$/, ""))) return notHere(method, target);
    const contentType = incoming.headers["content-type"] ?? "";
    const isForm = boundaryOf(contentType) !== undefined;
    const text = isForm ? { text: "", owner: undefined } : withoutMarks(bytes.toString("utf8"));
    const owner = place.owner ?? text.owner;
    const { path, provider } = withoutProvider(place.text);
    const id = owner === undefined ? namedProvider(incoming, provider, snapshot) : providerOf(owner, snapshot);
    if (isFailure(id)) return id;
    const body = isForm || text.text.trim() === "" ? {} : jsonBody(text.text);
    if (isFailure(body)) return body;
    const form = isForm ? { form: { contentType, named: () => bytes } } : {};
    const raw = { method, path, ...form, isOwned: true, modelForm: "absent" as const };
    return { request: ownedRequestOf(id, { body, raw }), body, only: owner };
  };
}

/** A request that has nothing to do with a model, for one provider. */
export function ownedRequestOf(
  provider: string,
  { body, raw }: { readonly body: JsonObject; readonly raw: RawRequest },
): CanonicalRequest {
  return {
    ...requestOf({ model: `${provider}/${NO_MODEL}` }),
    operation: "owned",
    native: { dialect: "openai_raw", body, raw },
  };
}

const OWNED_PATH = /^\/(?:files|batches)(?:\/[A-Za-z0-9_-]{1,200}(?:\/(?:content|cancel))?)?$/;

function notHere(method: Method, target: string): Failure {
  const message = `There is no ${method} ${target.slice(0, 200)} here; see GET /`;
  return failure({ scope: "request", kind: "not_found", status: 404, message, code: "not_found" });
}

function requestOf(body: JsonObject) {
  const request = DIALECTS.openai_raw.decodeRequest(body);
  // The dialect takes every body.
  if (isFailure(request)) throw new Error(request.message);
  return request;
}

function asked(body: JsonObject, raw: NonNullable<ReturnType<typeof requestOf>["native"]["raw"]>) {
  if ((asString(body.model) ?? "") === "") return wantsModel();
  const request = requestOf(body);
  return { request: { ...request, native: { ...request.native, raw } }, body };
}

function wantsModel(): Failure {
  return badRequest('Invalid request field "model": a model name is required', "model");
}

/** The query without the part that is meant for the gateway. */
function withoutProvider(target: string): { readonly path: string; readonly provider: string | undefined } {
  const [path = "", query = ""] = target.split("?", 2);
  const parameters = new URLSearchParams(query);
  const provider = parameters.get("provider") ?? undefined;
  parameters.delete("provider");
  const rest = parameters.toString();
  return { path: rest === "" ? path : `${path}?${rest}`, provider };
}

/** The provider that the client names; where only one is configured none need be named. */
export function namedProvider(
  incoming: IncomingMessage,
  inQuery: string | undefined,
  { providers }: Pick<Snapshot, "providers">,
): string | Failure {
  const header = incoming.headers[PROVIDER_HEADER];
  const named = (inQuery ?? (typeof header === "string" ? header : "")).trim().toLowerCase();
  if (providers.has(named)) return named;
  const [only, ...others] = providers.keys();
  if (named === "" && only !== undefined && others.length === 0) return only;
  const known = [...providers.keys()].join(", ") || "none";
  const wanted = named === "" ? "say which provider keeps it" : `provider "${named.slice(0, 64)}" is not configured`;
  return badRequest(`${wanted}: add ?provider=<id> or the header ${PROVIDER_HEADER}; configured are: ${known}`, "provider");
}

export function providerOf(owner: string, { providers }: Snapshot): string | Failure {
  for (const [id, { pool }] of providers) {
    if (pool.credentials().some((credential) => credential.id.endsWith(`:${owner}`))) return id;
  }
  return failure({
    scope: "request",
    kind: "not_found",
    status: 404,
    message: `The credential that made this (…${owner}) is not configured here any more`,
    code: "not_found",
  });
}

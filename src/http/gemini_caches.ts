/**
 * Google's cached contents: made for a model, afterwards known by a name that tells the credential that made them. Only
 * these addresses and the parts of their queries that are named here reach a provider.
 */
import { DIALECTS } from "../dialects/table.ts";
import { withoutMark, withoutMarks } from "../gateway/owned_ids.ts";
import type { ServedProvider, Snapshot } from "../gateway/snapshot.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asString, type JsonObject } from "../kernel/json.ts";
import { type Asked, badRequest, jsonBody, readBytes, type ReadRequest } from "./ingress.ts";
import { namedProvider, providerOf } from "./raw.ts";

/** Where they are. */
export const CACHES = "/cachedContents";
/** Stands for the model where none is named: limits of these calls are counted together. */
const NO_MODEL = "cachedContents";
const PASSED = ["updateMask", "update_mask", "pageSize", "page_size"];

export type CacheMethod = "GET" | "POST" | "PATCH" | "DELETE";

/** Reads a request about cached contents. `place`: what follows the version in the address, with its query. */
export function cacheRequest(method: CacheMethod, place: URL, snapshot: Snapshot): ReadRequest {
  return async (incoming, { maxBytes }) => {
    const bytes = await readBytes(incoming, maxBytes);
    if (isFailure(bytes)) return bytes;
    const path = withoutMarks(place.pathname.slice(place.pathname.indexOf(CACHES)));
    const isOne = path.text !== CACHES;
    const isKnown = isOne ? ONE.test(path.text) && method !== "POST" : method === "GET" || method === "POST";
    if (!isKnown) return notHere(method, place.pathname);
    const { text, owner } = withoutMarks(bytes.toString("utf8"));
    const body = text.trim() === "" ? {} : jsonBody(text);
    if (isFailure(body)) return body;
    if (method === "POST") return created(body, owner);
    const page = withoutMark(place.searchParams.get("pageToken") ?? place.searchParams.get("page_token") ?? "");
    const only = path.owner ?? page.owner;
    const google = ofGemini(snapshot);
    if (only === undefined && google.providers.size === 0) return nobodyHas();
    const named = place.searchParams.get("provider") ?? undefined;
    const provider = only === undefined ? namedProvider(incoming, named, google) : providerOf(only, snapshot);
    if (isFailure(provider)) return provider;
    const query = queryOf(place.searchParams, page.token);
    return asked({ ...body, model: `${provider}/${NO_MODEL}` }, { method, path: `${path.text}${query}`, modelForm: "absent", only });
  };
}

const ONE = /^\/cachedContents\/[A-Za-z0-9_-]{1,200}$/;

/** What is cached may name files that one credential keeps. */
function created(body: JsonObject, only: string | undefined): Asked | Failure {
  const model = (asString(body.model) ?? "").replace(/^models\//, "");
  if (model === "") return badRequest('Invalid request field "model": a model name is required', "model");
  return asked({ ...body, model }, { method: "POST", path: CACHES, modelForm: "resource", only });
}

function asked(
  body: JsonObject,
  { only, ...raw }: {
    readonly method: CacheMethod;
    readonly path: string;
    readonly modelForm: "resource" | "absent";
    readonly only: string | undefined;
  },
): Asked | Failure {
  const request = DIALECTS.gemini_raw.decodeRequest(body);
  if (isFailure(request)) return request;
  const operation = raw.modelForm === "absent" ? "owned" : "raw";
  const native = { ...request.native, raw: { ...raw, isOwned: true, speaks: "gemini" as const } };
  return { request: { ...request, operation, native }, body, only };
}

function queryOf(given: URLSearchParams, pageToken: string): string {
  const kept = new URLSearchParams([...given].filter(([name]) => PASSED.includes(name)));
  if (pageToken !== "") kept.set("pageToken", pageToken);
  return kept.size === 0 ? "" : `?${kept}`;
}

function ofGemini({ providers }: Snapshot): Pick<Snapshot, "providers"> {
  const ofGoogle = (provider: ServedProvider) => provider.row.protocol === "gemini" && provider.row.adapter === undefined;
  return { providers: new Map([...providers].filter(([, provider]) => ofGoogle(provider))) };
}

function nobodyHas(): Failure {
  const message = "No provider that has Google's cached contents is configured: GEMINI_API_KEY makes one";
  return failure({ scope: "request", kind: "not_found", status: 404, message, code: "not_found" });
}

function notHere(method: string, path: string): Failure {
  const message = `There is no ${method} ${path.slice(0, 200)} here; see GET /`;
  return failure({ scope: "request", kind: "not_found", status: 404, message, code: "not_found" });
}

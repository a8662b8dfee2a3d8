/** Google's cached contents: each is known by its name, and only to the key that made it. Pure: the name tells the key. */
import { createHash } from "node:crypto";
import { asObject, asString, type JsonObject } from "../../src/kernel/json.ts";
import type { Question } from "./answers.ts";
import { jsonReply, type Reply } from "./reply.ts";

const ROUTE = /\/cachedContents(?:\/([\w-]+))?$/;
const MODEL = "models/gemini-2.5-flash";

/** The answer to a call about cached contents; undefined for every other request. */
export function cacheReply({ path, method, key = "", body }: Question): Reply | undefined {
  const [whole, id] = ROUTE.exec(path) ?? [];
  if (whole === undefined) return undefined;
  const fields = asObject(body) ?? {};
  if (id === undefined && method === "GET") return jsonReply(200, { cachedContents: [cached(cacheOf(key))], nextPageToken: "page-2" });
  if (id === undefined) {
    return /^models\/[^/]+$/.test(asString(fields.model) ?? "")
      ? jsonReply(200, { ...cached(cacheOf(key)), model: fields.model ?? "" })
      : googleError(400, "INVALID_ARGUMENT", "Model name is malformed: expected models/{model}");
  }
  const refused = cacheRefusal(`cachedContents/${id}`, key);
  if (refused !== undefined) return refused;
  if (fields.model !== undefined) return googleError(400, "INVALID_ARGUMENT", "model is immutable");
  return jsonReply(200, method === "DELETE" ? {} : cached(id));
}

/** What a name that this key did not make is answered with; undefined when it did. */
export function cacheRefusal(name: string, key: string): Reply | undefined {
  if (name === `cachedContents/${cacheOf(key)}`) return undefined;
  return googleError(403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)");
}

function cacheOf(key: string): string {
  return `c${createHash("sha256").update(key).digest("hex").slice(0, 12)}`;
}

function cached(id: string): JsonObject {
  return { name: `cachedContents/${id}`, model: MODEL, expireTime: "2026-01-01T00:00:00Z" };
}

function googleError(code: number, status: string, message: string): Reply {
  return jsonReply(code, { error: { code, status, message } });
}

/** Which embeddings requests may share a call. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../kernel/json.ts";
import { Pool } from "../../pool/pool.ts";
import { customRow } from "../../providers/catalog.ts";
import type { Target } from "../route.ts";
import { groupKey } from "./group_key.ts";

function target(provider: string, model: string, defaults: JsonObject = {}): Target {
  const row = customRow({ id: provider, baseUrl: "http://127.0.0.1:9/v1" });
  const settings = {
    rotation: "balanced",
    ignoreModels: [],
    whitelistModels: [],
    models: [],
    fallbacks: new Map<string, string>(),
  } as const;
  const pool = new Pool({ provider, credentials: [] });
  return { provider: { row, settings, pool }, model, id: `${provider}/${model}`, body: (native) => ({ ...defaults, ...native, model }) };
}

const LOCAL = target("local", "m");
const keyOf = (body: JsonObject, targets: readonly Target[] = [LOCAL], kind: "text" | "tokens" = "text") =>
  groupKey({ targets, body, kind });
const BODY = { model: "local/m", input: "a", dimensions: 4, encoding_format: "base64", input_type: "query", user: "u" };

Deno.test("the inputs and the order of fields do not count", () => {
  const { model, input: _input, ...rest } = BODY;
  assert.equal(keyOf({ ...rest, input: ["b", "c"], model }), keyOf(BODY));
});

Deno.test("two names for one model of a provider share calls when their defaults are the same", () => {
  assert.equal(keyOf({ ...BODY, model: "local/other-name" }), keyOf(BODY));
  const { dimensions: _dimensions, ...rest } = BODY;
  assert.equal(keyOf(rest, [target("local", "m", { dimensions: 4 })]), keyOf(BODY, [target("local", "m", { dimensions: 4 })]));
  assert.notEqual(keyOf(rest, [target("local", "m", { dimensions: 8 })]), keyOf(BODY));
});

Deno.test("any other difference keeps requests apart", () => {
  const others = [
    { ...BODY, dimensions: 8 },
    { ...BODY, encoding_format: "float" },
    { ...BODY, input_type: "document" },
    { ...BODY, user: "v" },
    { ...BODY, truncate: "END" },
  ].map((body) => keyOf(body));
  const { user: _user, ...withoutUser } = BODY;
  others.push(keyOf(withoutUser), keyOf(BODY, [target("local", "n")]), keyOf(BODY, [target("other", "m")]), keyOf(BODY, [LOCAL], "tokens"));
  assert.equal(new Set([keyOf(BODY), ...others]).size, others.length + 1);
});

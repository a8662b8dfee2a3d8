/** Lists of files and batches: one over all credentials, page by page, with whoever fails named in it. */
import assert from "node:assert/strict";
import { asArray, asObject, asString, type JsonObject } from "../../src/kernel/json.ts";
import type { Simulator } from "../simulators/server.ts";
import { rateLimited, reply, stall } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type RawResponse, requestJson } from "../support/http_client.ts";
import { assertAtRest, KEY_A, KEY_B, TWO_KEYS } from "./chat.ts";

function page(ids: readonly string[], more: JsonObject = {}): JsonObject {
  return { object: "list", data: ids.map((id) => ({ id, object: "file" })), first_id: ids[0] ?? null, has_more: false, ...more };
}

function idsOf({ json }: RawResponse): readonly string[] {
  return asArray(asObject(json)?.data).map((entry) => asString(asObject(entry)?.id) ?? "");
}

function list(gateway: Gateway, query = "", place = "files"): Promise<RawResponse> {
  return requestJson(`${gateway.baseUrl}/${place}${query}`);
}

/** What was asked of a simulator with a key, as queries. */
function queriesOf(simulator: Simulator, key: string): readonly string[] {
  return simulator.requests.filter((request) => request.key === key).map(({ path, query }) => `${path}${query}`);
}

Deno.test("files of every credential of every provider stand in one list, each with the mark of its own", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS, others: { OTHER: {} } });
  gateway.simulator.script({ key: KEY_A }, reply(200, page(["file-a1", "file-a2"])));
  gateway.simulator.script({ key: KEY_B }, reply(200, page(["file-b1"])));
  gateway.simulators.OTHER?.script({}, reply(200, page(["file-o1"])));
  const got = await list(gateway);
  assert.equal(got.status, 200);
  const ids = idsOf(got);
  assert.deepEqual(ids.map((id) => id.replace(/~.*/, "")).sort(), ["file-a1", "file-a2", "file-b1", "file-o1"]);
  assert.equal(new Set(ids.map((id) => id.replace(/.*~/, ""))).size, 3);
  const body = asObject(got.json);
  assert.deepEqual([body?.has_more, body?.first_id, body?.last_id, body?.unlisted], [false, ids[0], ids.at(-1), undefined]);
  gateway.simulator.script({}, reply(200, { id: "file-b1" }));
  const owned = ids.find((id) => id.startsWith("file-b1")) ?? "";
  assert.equal((await requestJson(`${gateway.baseUrl}/files/${owned}`)).status, 200);
  assert.equal(gateway.simulator.requests.at(-1)?.key, KEY_B);
  await assertAtRest(gateway);
});

Deno.test("pages go through the credentials one after the other, and nothing is listed twice or left out", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  const more = { has_more: true };
  gateway.simulator.script({ key: KEY_A }, reply(200, page(["file-a1", "file-a2"], more)), reply(200, page(["file-a3"])));
  const [first, second] = [["file-b1", "file-b2"], ["file-b2", "file-b3"]].map((ids) => reply(200, page(ids, more)));
  assert.ok(first !== undefined && second !== undefined);
  gateway.simulator.script({ key: KEY_B }, first, first, second, reply(200, page(["file-b4"])));
  const seen: string[] = [];
  let after = "";
  for (let round = 0; round < 10; round++) {
    const got = await list(gateway, `?limit=2&purpose=batch${after === "" ? "" : `&after=${after}`}`);
    assert.equal(got.status, 200);
    const ids = idsOf(got);
    assert.ok(ids.length <= 2);
    seen.push(...ids);
    after = ids.at(-1) ?? "";
    if (asObject(got.json)?.has_more !== true) break;
  }
  assert.deepEqual(seen.map((id) => id.replace(/~.*/, "")).sort(), ["a1", "a2", "a3", "b1", "b2", "b3", "b4"].map((id) => `file-${id}`));
  const asked = (more: string) => `/v1/files?purpose=batch&limit=2${more}`;
  assert.deepEqual(queriesOf(gateway.simulator, KEY_A), [asked(""), asked("&after=file-a2")]);
  assert.deepEqual(queriesOf(gateway.simulator, KEY_B), ["", "", "&after=file-b1", "&after=file-b3"].map(asked));
  await assertAtRest(gateway);
});

Deno.test("a credential that fails is named and hides nobody; when all do, the failure is the answer", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS, others: { OTHER: {} } });
  gateway.simulator.script({ key: KEY_A }, rateLimited({ retryAfterSeconds: 60 }));
  gateway.simulator.script({ key: KEY_B }, reply(200, page(["batch_b1"])));
  gateway.simulators.OTHER?.script({}).always(reply(404, { error: { message: "no such route" } }));
  const got = await list(gateway, "", "batches");
  assert.deepEqual([got.status, idsOf(got).length], [200, 1]);
  const unlisted = asArray(asObject(got.json)?.unlisted).map((it) => asObject(it));
  assert.deepEqual(unlisted.map((it) => [it?.provider, it?.status]), [["local", 429]], "a provider without batches is no trouble");
  assert.match(String(unlisted[0]?.credential), /^local:[0-9a-f]{12}$/);
  const none = await list(gateway, "?provider=other", "batches");
  assert.equal(none.status, 404);
  gateway.simulator.script({}).always(rateLimited({ retryAfterSeconds: 60 }));
  assert.equal((await list(gateway, "?provider=local", "batches")).status, 429);
  await assertAtRest(gateway);
});

Deno.test("a credential that says nothing is waited for no longer than a request may take", async () => {
  await using gateway = await startGateway({ env: { ...TWO_KEYS, GLOBAL_TIMEOUT: "0.3" } });
  gateway.simulator.script({ key: KEY_A }).always(stall());
  gateway.simulator.script({ key: KEY_B }, reply(200, page(["file-b1"])));
  const got = await list(gateway);
  assert.deepEqual([got.status, idsOf(got).length, asArray(asObject(got.json)?.unlisted).length], [200, 1, 1]);
  await assertAtRest(gateway);
});

Deno.test("queries that make no sense are refused by their names", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  for (
    const [query, param] of [["?limit=0", "limit"], ["?limit=x", "limit"], ["?after=file-x", "after"], ["?provider=nobody", "provider"]]
  ) {
    const got = await list(gateway, query);
    assert.deepEqual([got.status, asObject(asObject(got.json)?.error)?.param], [400, param]);
  }
  assert.equal((await list(gateway, "?after=file-x~000000000000")).status, 404);
  assert.equal(gateway.simulator.requests.length, 0);
});

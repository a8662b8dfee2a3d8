/** Proxies: each fault has its fix, and only servers of this machine must go past them. */
import assert from "node:assert/strict";
import { judgeOutgoing } from "./outgoing.ts";

const PROXY = { variable: "HTTP_PROXY", host: "proxy.example:3128", problem: null };

Deno.test("without a proxy there is nothing to say; with one that works it is named", () => {
  assert.deepEqual(judgeOutgoing({ proxies: [], noProxy: [], providers: [] }), []);
  assert.deepEqual(judgeOutgoing({ proxies: [PROXY], noProxy: [], providers: [] }).map(({ level }) => level), ["ok"]);
  const [down] = judgeOutgoing({ proxies: [{ ...PROXY, problem: "ECONNREFUSED" }], noProxy: [], providers: [] });
  assert.deepEqual([down?.level, down?.what], ["error", "No connection to the proxy proxy.example:3128 of HTTP_PROXY: ECONNREFUSED"]);
});

Deno.test("providers on this machine must be named in NO_PROXY, others not", () => {
  const providers = [
    { id: "near", hostname: "[::1]", isProxied: true },
    { id: "mine", hostname: "localhost", isProxied: false },
    { id: "far", hostname: "api.example", isProxied: true },
  ];
  const found = judgeOutgoing({ proxies: [PROXY], noProxy: ["a.example"], providers });
  assert.deepEqual(found.map(({ what, fix }) => [what, fix]), [
    ["Calls to near on this machine would go through the proxy", "NO_PROXY=a.example,::1"],
  ]);
});

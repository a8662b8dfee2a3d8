/** Who may use the admin routes, by where a request comes from, what it brings and what is set. */
import assert from "node:assert/strict";
import { Secret } from "../kernel/secret.ts";
import { checkAdmin } from "./admin_auth.ts";

const PROXY = "kp-proxy-key-0123456789";
const ADMIN = "kp-admin-key-0123456789";

interface Asking {
  readonly peer?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Status of the refusal, or 200. */
function ask(set: { readonly proxy?: string; readonly admin?: string }, { peer = "127.0.0.1", key, headers = {} }: Asking): number {
  const secrets = (key: string | undefined) => key === undefined ? [] : [new Secret(key)];
  const incoming = {
    headers: { host: "127.0.0.1:8000", ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
    socket: { remoteAddress: peer },
  };
  const refused = checkAdmin(incoming, { adminKeys: secrets(set.admin), proxyKeys: secrets(set.proxy) });
  if (refused?.status === 403) assert.match(refused.message, /set KEYPROXY_ADMIN_KEY/);
  return refused?.status ?? 200;
}

const ELSEWHERE = { peer: "192.0.2.7" };

Deno.test("an admin key opens from anywhere, and nothing else does", () => {
  const both = { proxy: PROXY, admin: ADMIN };
  for (const place of [{}, ELSEWHERE, { headers: { "x-forwarded-for": "192.0.2.7" } }, { headers: { host: "proxy.example" } }]) {
    assert.equal(ask(both, { ...place, key: ADMIN }), 200);
    assert.equal(ask(both, { ...place, key: PROXY }), 401);
    assert.equal(ask(both, place), 401);
  }
  assert.equal(ask({ admin: ADMIN }, {}), 401);
  assert.equal(ask(both, { headers: { "x-api-key": ADMIN } }), 200);
});

Deno.test("without an admin key the proxy key opens, from this machine only", () => {
  for (const peer of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(ask({ proxy: PROXY }, { peer, key: PROXY }), 200, peer);
    assert.equal(ask({ proxy: PROXY }, { peer, key: `${PROXY}x` }), 401, peer);
    assert.equal(ask({ proxy: PROXY }, { peer }), 401, peer);
    assert.equal(ask({}, { peer }), 200, peer);
  }
  for (const peer of ["192.0.2.7", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1", ""]) {
    assert.equal(ask({ proxy: PROXY }, { peer, key: PROXY }), 403, peer);
    assert.equal(ask({}, { peer }), 403, peer);
  }
});

Deno.test("what came through another proxy may have come from anywhere", () => {
  for (const name of ["x-forwarded-for", "forwarded", "x-real-ip", "via"]) {
    assert.equal(ask({ proxy: PROXY }, { key: PROXY, headers: { [name]: "127.0.0.1" } }), 403, name);
    assert.equal(ask({}, { headers: { [name]: "" } }), 403, name);
  }
});

Deno.test("a name that was made to lead to this machine opens nothing", () => {
  for (const host of ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "[::1]"]) {
    assert.equal(ask({}, { headers: { host } }), 200, host);
  }
  for (
    const host of [
      "evil.example",
      "evil.example:8000",
      "127.0.0.1.evil.example",
      "127.evil.example",
      "localhost.evil.example:80",
      "",
      "a@localhost",
    ]
  ) {
    assert.equal(ask({}, { headers: { host } }), 403, host);
    assert.equal(ask({ proxy: PROXY }, { key: PROXY, headers: { host } }), 403, host);
  }
});

Deno.test("a web page of somewhere else opens nothing", () => {
  const host = "localhost:8000";
  assert.equal(ask({}, { headers: { host, origin: "http://localhost:8000", "sec-fetch-site": "same-origin" } }), 200);
  for (const origin of ["https://evil.example", "http://localhost:3000", "http://127.0.0.1:8000", "null", ""]) {
    assert.equal(ask({}, { headers: { host, origin } }), 403, origin);
    assert.equal(ask({ proxy: PROXY }, { key: PROXY, headers: { host, origin } }), 403, origin);
  }
  assert.equal(ask({}, { headers: { host, "sec-fetch-site": "cross-site" } }), 403);
  assert.equal(ask({}, { headers: { host, "sec-fetch-site": "same-site" } }), 403);
});

/** A login's host is called only where the token may go, and always under exactly one `/v1`. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { QWEN_HOSTS, qwenBaseUrl, qwenHeaders } from "./qwen_host.ts";

const DEFAULT = "https://portal.qwen.ai/v1";
const LOCAL = "http://127.0.0.1:8123/v1";

function base(resourceUrl: string | null, defaultBase = DEFAULT): string {
  return qwenBaseUrl(resourceUrl, { defaultBase, allowedHosts: QWEN_HOSTS });
}

Deno.test("a host is completed to a base URL", () => {
  const wanted: readonly [string, string][] = [
    ["portal.qwen.ai", "https://portal.qwen.ai/v1"],
    [" chat.qwen.ai/ ", "https://chat.qwen.ai/v1"],
    ["https://chat.qwen.ai/v1", "https://chat.qwen.ai/v1"],
    ["https://chat.qwen.ai/v1/", "https://chat.qwen.ai/v1"],
    ["https://chat.qwen.ai/v1//v1", "https://chat.qwen.ai/v1"],
    ["HTTPS://CHAT.QWEN.AI", "https://chat.qwen.ai/v1"],
    ["dashscope-intl.aliyuncs.com/compatible-mode", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"],
    ["https://dashscope.aliyuncs.com/compatible-mode/v1", "https://dashscope.aliyuncs.com/compatible-mode/v1"],
    ["https://chat.qwen.ai/apiv1", "https://chat.qwen.ai/apiv1/v1"],
  ];
  for (const [given, url] of wanted) assert.equal(base(given), url, given);
});

Deno.test("a host that is nobody's business is not called", () => {
  const refused = [
    null,
    "",
    "http://portal.qwen.ai",
    "evil.example",
    "https://evil.example/portal.qwen.ai",
    "portal.qwen.ai.evil.example",
    "notqwen.ai",
    "https://notqwen.ai",
    "https://portal.qwen.ai@evil.example",
    "https://user:pw@portal.qwen.ai",
    "https://portal.qwen.ai?x=1",
    "https://portal.qwen.ai#x",
    "https://evil.example\\.qwen.ai",
    "ftp://portal.qwen.ai",
    "javascript:alert(1)",
    "https://",
    "https://.qwen.ai",
    "http://127.0.0.1:8123",
  ];
  for (const given of refused) assert.equal(base(given), DEFAULT, String(given));
});

Deno.test("the configured host is called as it is configured, and only there without encryption", () => {
  assert.equal(base("127.0.0.1:8123", LOCAL), LOCAL);
  assert.equal(base("http://127.0.0.1:8123/second/v1/", LOCAL), "http://127.0.0.1:8123/second/v1");
  assert.equal(base("https://127.0.0.1:8123", LOCAL), "https://127.0.0.1:8123/v1");
  assert.equal(base("http://127.0.0.1:8124", LOCAL), LOCAL);
  assert.equal(base("http://portal.qwen.ai", LOCAL), LOCAL);
  assert.equal(base("portal.qwen.ai", LOCAL), "https://portal.qwen.ai/v1");
});

Deno.test("whatever a login names, the token goes to a host of the vendor or of the configuration, under one /v1", () => {
  const host = fc.constantFrom("portal.qwen.ai", "qwen.ai", "evil.example", "a.aliyuncs.com", "127.0.0.1:8123", "x@portal.qwen.ai", "");
  const scheme = fc.constantFrom("", "http://", "https://", "HTTPS://", "ftp://", "//");
  const path = fc.array(fc.constantFrom("/", "/v1", "//", "/compatible-mode", "?q", "#h", "/..", "%2e%2e"), { maxLength: 4 }).map((it) =>
    it.join("")
  );
  const built = fc.tuple(scheme, host, path).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(built, fc.string(), fc.webUrl()), fc.constantFrom(DEFAULT, LOCAL), (given, defaultBase) => {
      const url = new URL(base(given, defaultBase));
      const home = new URL(defaultBase);
      const isVendors = url.protocol === "https:" && (url.hostname.endsWith(".qwen.ai") || url.hostname.endsWith(".aliyuncs.com"));
      assert.ok(isVendors || url.host === home.host, url.href);
      assert.ok(url.protocol === "https:" || url.host === home.host, url.href);
      assert.match(url.pathname, /\/v1$/);
      assert.doesNotMatch(url.pathname, /\/v1\/+v1$/);
      assert.equal(url.username + url.password + url.search + url.hash, "");
      assert.equal(base(url.href, defaultBase), url.href, "what was made is taken as it is");
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("a login is said to be one, a key is not", () => {
  assert.deepEqual(qwenHeaders("login"), { "x-dashscope-cachecontrol": "enable", "x-dashscope-authtype": "qwen-oauth" });
  assert.deepEqual(qwenHeaders("key"), { "x-dashscope-cachecontrol": "enable" });
});

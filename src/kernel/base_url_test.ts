/** Base URLs typed by people: tidied or refused, never shown with a secret. */
import assert from "node:assert/strict";
import { readBaseUrl } from "./base_url.ts";

Deno.test("good addresses lose closing slashes and a pasted /chat/completions, and keep places", () => {
  const table = [
    [" https://x.example/v1/ ", "https://x.example/v1"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["https://x.example/v1/chat/completions", "https://x.example/v1"],
    ["https://x.example/v1//chat/completions//", "https://x.example/v1"],
    ["https://{RESOURCE}.example/{ID}/v1", "https://{RESOURCE}.example/{ID}/v1"],
  ] as const;
  for (const [text, url] of table) assert.deepEqual(readBaseUrl(text), { kind: "ok", url });
});

Deno.test("anything else is refused, and what is shown of it holds no password and no query", () => {
  for (const text of ["", "x.example/v1", "localhost:8080", "ftp://x.example", "file:///etc", "sk-secret", "https://"]) {
    assert.deepEqual(readBaseUrl(text), { kind: "bad" });
  }
  for (const text of ["https://u:secret@x.example/v1", "https://x.example/v1?key=secret", "https://x.example/v1#secret"]) {
    assert.deepEqual(readBaseUrl(text), { kind: "bad", shown: "https://x.example/v1" });
  }
});

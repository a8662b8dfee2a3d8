/** No key that a provider repeats gets through; names of models and parameters do. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../kernel/secret.ts";
import { redactKeys } from "./redact_keys.ts";

const KEYS = [
  "sk-proj-abcdefghijklmnop1234",
  "sk-ant-api03-AbC_dEf-123456789012345",
  "sk-pr*****************wxyz",
  "gsk_Abcdefghij1234567890Klmnopqrst",
  "AIzaSyA1234567890abcdefghijklmnopqrstuvw",
  "ya29.a0AfH6SMBx1234567890",
  "xai-0123456789abcdefghijABCDEFGHIJ",
  "nvapi-AAAAbbbbCCCC1111-2222ddddEEEE_ffff",
  "hf_abcDEF123456789012345678901234",
  "0123456789abcdef0123456789abcdef.AbCdEfGh12345678",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123",
  "ab12********************yz",
];

Deno.test("masks keys of every usual form, in prose, quotes and JSON", () => {
  for (const key of KEYS) {
    for (
      const text of [`Incorrect API key provided: ${key}.`, `bad key '${key}' given`, `{"key":"${key}"}`, `Authorization: Bearer ${key}`]
    ) {
      const safe = redactKeys(text);
      assert.ok(safe.includes("[redacted]"), safe);
      for (let at = 0; at + 8 <= key.length; at++) {
        const piece = key.slice(at, at + 8);
        if (!/^\*+$/.test(piece)) assert.ok(!safe.includes(piece), `${safe} shows ${piece}`);
      }
    }
  }
});

Deno.test("masks keys inside addresses", () => {
  assert.equal(redactKeys("GET https://u:p4ss@h.example/v1?key=abc&x=1"), "GET https://[redacted]@h.example/v1?key=[redacted]&x=1");
});

Deno.test("masks the key that was used, whatever it looks like", () => {
  assert.equal(redactKeys("no such key: tangerine", new Secret("tangerine")), "no such key: [redacted]");
  assert.equal(redactKeys("nothing to hide", new Secret("")), "nothing to hide");
});

Deno.test("leaves ordinary messages as they are", () => {
  const messages = [
    "The model `meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8` does not exist",
    "Rate limit reached for gpt-4o-mini-2024-07-18 in organization org-AbCdEf1234567890abcd on tokens per min (TPM): Limit 200000",
    "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens",
    "Invalid token: expected a string",
    "Bearer authentication required",
    "organization_spend_limit_exceeded",
    "Request req_011CSHoEeqs5C35K2UUGVjrd failed",
    "Function '0a1b2c3d-1111-2222-3333-444455556666': Not found for account",
  ];
  for (const message of messages) assert.equal(redactKeys(message), message);
});

Deno.test("lets no random key of 24 characters or more through", () => {
  const character = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  const digit = fc.constantFrom(..."0123456789");
  const key = fc.tuple(fc.array(character, { minLength: 12, maxLength: 30 }), fc.array(digit, { minLength: 12, maxLength: 20 }))
    .map(([letters, digits]) => letters.map((letter, at) => `${letter}${digits[at] ?? ""}`).join("").padEnd(24, "7"));
  fc.assert(fc.property(key, (text) => !redactKeys(`the key ${text} is unknown`).includes(text)));
});

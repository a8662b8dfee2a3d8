/** Masking across chunk borders: wherever a stream is cut, no known secret is left in what comes out. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../../kernel/secret.ts";
import { REDACTED, Redactor } from "../redact.ts";
import { ChunkMasker } from "./chunk_masker.ts";

const chunksOf = (texts: readonly string[]) => texts.map((text, atMs) => ({ atMs, text }));

/** What the masker gives for pieces that arrive in bursts. */
function run(masker: ChunkMasker, bursts: readonly (readonly string[])[]) {
  return [...bursts.flatMap((burst) => masker.push(chunksOf(burst))), ...masker.finish()];
}

Deno.test("a secret cut in two by a border is masked once, and the chunks stay two", () => {
  const masker = new ChunkMasker(new Redactor([new Secret("sk-canary-1234")]));
  const out = run(masker, [["before sk-can"], ["ary-1234 after", " and more text than the secret is long"]]);
  assert.deepEqual(out.map((chunk) => chunk.text), [`before ${REDACTED}`, " after", " and more text than the secret is long"]);
});

Deno.test("chunks are given as soon as no secret can be hidden in them, not only at the end", () => {
  const masker = new ChunkMasker(new Redactor([new Secret("sk-canary-1234")]));
  assert.deepEqual(masker.push(chunksOf(["a".repeat(50)])), []);
  assert.equal(masker.push(chunksOf(["b".repeat(50)])).length, 1);
});

Deno.test("without secrets every chunk passes at once and unchanged", () => {
  const masker = new ChunkMasker(new Redactor());
  const chunks = chunksOf(["one", "", "two"]);
  assert.deepEqual(masker.push(chunks), chunks);
  assert.deepEqual(masker.finish(), []);
});

Deno.test("however a stream is cut, its text comes out as if it had been masked whole, in as many chunks", () => {
  const secrets = ["secret-aaaa", "aaaa-bbbbbb", "secret-aaaa-longer"];
  const redactor = new Redactor(secrets.map((text) => new Secret(text)));
  const word = fc.oneof(fc.constantFrom(...secrets, "secret-", "aaaa", "-bbbb", " "), fc.string({ maxLength: 5 }));
  const cuts = fc.array(fc.record({ length: fc.nat(9), endsBurst: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), cuts, (words, plan) => {
      const text = words.join("");
      const bursts: string[][] = [[]];
      let place = 0;
      for (const { length, endsBurst } of plan) {
        bursts.at(-1)?.push(text.slice(place, place + length));
        place += length;
        if (endsBurst) bursts.push([]);
      }
      bursts.push([text.slice(place)]);
      const out = run(new ChunkMasker(redactor), bursts);
      assert.equal(out.length, bursts.flat().length);
      assert.equal(out.map((chunk) => chunk.text).join(""), redactor.text(text));
    }),
    { numRuns: 500 },
  );
});

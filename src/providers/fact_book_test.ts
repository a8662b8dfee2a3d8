/** Tests that the layers come together in order. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFactBook } from "./fact_book.ts";
import { OVERRIDES_FILE } from "./fact_overrides.ts";
import { MODELS_DEV_FILE } from "./models_dev.ts";

Deno.test("facts come from all four sources, the user's file first", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "facts-"));
  const providers = { openai: { "gpt-4o": { contextTokens: 1, maxOutputTokens: 16_384, inputModalities: ["text", "image"] } } };
  await writeFile(join(dataDir, MODELS_DEV_FILE), JSON.stringify({ etag: null, fetchedAt: 1, providers }));
  await writeFile(join(dataDir, OVERRIDES_FILE), JSON.stringify({ "openai/gpt-4o": { supportsTools: false } }));
  const book = openFactBook({
    dataDir,
    url: "http://127.0.0.1:9/",
    refresh: "off",
    clock: { now: () => Date.parse("2026-01-15T00:00:00Z"), after: () => () => {} },
    saveText: () => Promise.resolve(),
    listing: (provider, model) => provider === "openai" && model === "gpt-4o" ? { contextTokens: 2 } : undefined,
  });
  try {
    assert.equal(book.of("openai", "gpt-4o")?.contextTokens, 2);
    await book.loaded;
    assert.deepEqual(book.of("openai", "gpt-4o"), {
      contextTokens: 2,
      maxOutputTokens: 16_384,
      inputModalities: ["text", "image"],
      prices: { inputPerMillion: 2.5, outputPerMillion: 10, cachedInputPerMillion: 1.25 },
      supportsTools: false,
      source: "override",
    });
    assert.equal(book.of("openai", "nobody-knows"), undefined);
  } finally {
    book.close();
    await rm(dataDir, { recursive: true });
  }
});

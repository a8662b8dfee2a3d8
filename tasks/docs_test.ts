/** The writer of generated files finds what is stale and writes it. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FILES, staleFiles, writeFiles } from "./docs.ts";

Deno.test("a file is stale until it is written, and again when it is edited or missing", async () => {
  const root = await mkdtemp(join(tmpdir(), "keyproxy-docs-"));
  const files = [{ path: "a.md", render: () => "a\n" }, { path: "sub/b.md", render: () => "b\n" }];
  try {
    assert.deepEqual(await staleFiles(files, root), ["a.md", "sub/b.md"]);
    await writeFiles(files, root);
    assert.deepEqual(await staleFiles(files, root), []);
    await writeFile(join(root, "a.md"), "edited");
    await rm(join(root, "sub"), { recursive: true });
    assert.deepEqual(await staleFiles(files, root), ["a.md", "sub/b.md"]);
  } finally {
    await rm(root, { recursive: true });
  }
});

Deno.test("no path is generated twice", () => {
  assert.equal(new Set(FILES.map(({ path }) => path)).size, FILES.length);
});

/** Only a part of a file is read, in whole lines, and only of files. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileHead, fileTail, firstLines, lastLines } from "./file_ends.ts";

Deno.test("the ends of a file are read within their bound, and lines come whole", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = join(folder, "log");
    writeFileSync(path, "one\ntwo\nthree\n");
    assert.deepEqual(await fileHead(path, 5), { text: "one\nt", isWhole: false, sizeBytes: 14 });
    assert.deepEqual(await fileTail(path, 8), { text: "o\nthree\n", isWhole: false, sizeBytes: 14 });
    assert.deepEqual(await firstLines(path, 9), ["one", "two"]);
    assert.deepEqual(await lastLines(path, 8), ["three"]);
    assert.deepEqual(await lastLines(path, 100), ["one", "two", "three"]);
    mkdirSync(join(folder, "folder"));
    assert.deepEqual(await fileHead(join(folder, "folder"), 5), undefined);
    assert.deepEqual(await lastLines(join(folder, "absent"), 5), []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

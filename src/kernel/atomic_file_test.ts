/** Atomic writes: the whole file or the old one, and no leftovers. */
import assert from "node:assert/strict";
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createFileAtomic, hasCode, writeFileAtomic } from "./atomic_file.ts";
import { inFolder } from "../../tests/support/folder.ts";

Deno.test("replaces a file and its mode, and leaves nothing else behind", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.json");
    await writeFile(path, "old, and longer", { mode: 0o666 });
    await writeFileAtomic(path, "new", 0o600);
    assert.equal(await readFile(path, "utf8"), "new");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["x.json"]);
  });
});

Deno.test("a failed write throws the system's error and removes its temporary file", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "taken");
    await mkdir(path);
    await assert.rejects(writeFileAtomic(path, "text", 0o600), (error) => hasCode(error, "EISDIR") || hasCode(error, "ENOTEMPTY"));
    assert.deepEqual(await readdir(folder), ["taken"]);
    await assert.rejects(writeFileAtomic(join(folder, "missing", "x"), "text", 0o600), (error) => hasCode(error, "ENOENT"));
  });
});

Deno.test("of many who make the same new file one succeeds, and the others change nothing", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "new.json");
    const texts = Array.from({ length: 20 }, (_, at) => `text ${at}`);
    const ends = await Promise.all(texts.map((text) => createFileAtomic(path, text, 0o600)));
    assert.equal(ends.filter((end) => end === "created").length, 1);
    assert.equal(await readFile(path, "utf8"), texts[ends.indexOf("created")]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["new.json"]);
  });
});

Deno.test("a new file that cannot be made throws the system's error", async () => {
  await inFolder(async (folder) => {
    await assert.rejects(createFileAtomic(join(folder, "missing", "x"), "text", 0o600), (error) => hasCode(error, "ENOENT"));
  });
});

Deno.test("a link stays a link, also one to a file that is not there yet", async () => {
  await inFolder(async (folder) => {
    const [link, file] = [join(folder, "link"), join(folder, "real.json")];
    await symlink("real.json", link);
    for (const text of ["first", "second"]) {
      await writeFileAtomic(link, text, 0o600);
      assert.equal(await readFile(file, "utf8"), text);
      assert.ok((await lstat(link)).isSymbolicLink());
    }
  });
});

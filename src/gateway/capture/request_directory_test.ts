/** Directory names are safe for any request id; twins and vanished directories lose nothing. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { directoryName, RequestDirectory } from "./request_directory.ts";

const STARTED_AT = Date.UTC(2026, 11, 31, 23, 59, 58, 999);

Deno.test("a directory is named by the UTC instant and the id", () => {
  assert.equal(directoryName({ startedAt: STARTED_AT, requestId: "req-1.a_B" }), "20261231_235958_req-1.a_B");
});

Deno.test("whatever the id, the name is one short and plain path segment", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (requestId) => {
    const name = directoryName({ startedAt: STARTED_AT, requestId });
    assert.match(name, /^20261231_235958_[A-Za-z0-9._-]{0,80}$/);
    assert.equal(basename(join("/root", name)), name);
  }));
});

Deno.test("twins get directories of their own, and a vanished one is made again under its name", async () => {
  const root = join(Deno.makeTempDirSync(), "log");
  const [first, second] = [new RequestDirectory({ root, name: "same" }), new RequestDirectory({ root, name: "same" })];
  await first.append("lines", "1\n");
  await second.append("lines", "2\n");
  await first.append("lines", "3\n");
  assert.equal(readFileSync(join(root, "same", "lines"), "utf8"), "1\n3\n");
  assert.equal(readFileSync(join(root, "same_2", "lines"), "utf8"), "2\n");
  rmSync(root, { recursive: true });
  await second.write("end", "again");
  assert.deepEqual(readdirSync(root), ["same_2"]);
  rmSync(join(root, ".."), { recursive: true });
});

/** Versions: only a running server of another one matters. */
import assert from "node:assert/strict";
import { judgeVersion } from "./version.ts";

Deno.test("only a running server of another version is a warning", () => {
  const judged = (running: string | null) =>
    judgeVersion({ program: "keyproxy", version: "2", runtime: "Deno 1", machine: "linux x64", running }).map(({ level }) => level);
  assert.deepEqual([judged(null), judged("2"), judged("1")], [["ok"], ["ok"], ["ok", "warning"]]);
});

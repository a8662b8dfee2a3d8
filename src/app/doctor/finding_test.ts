/** Text of findings: one line, fit for a terminal and a shell. */
import assert from "node:assert/strict";
import { printable, quoted } from "./finding.ts";

Deno.test("text of others becomes one short line without control characters", () => {
  assert.equal(printable("\u001b[31mred\u001b[0m\r\nnext\u0007\u202e end "), "red next end");
  assert.equal(printable("x".repeat(1_000)).length, 400);
});

Deno.test("an argument is quoted where a shell would read more into it", () => {
  assert.deepEqual(["/a/b.env", "/a b", "it's"].map(quoted), ["/a/b.env", "'/a b'", "'it'\\''s'"]);
});

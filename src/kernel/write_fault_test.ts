/** Faults of writing in words. */
import assert from "node:assert/strict";
import { writeFault } from "./write_fault.ts";

Deno.test("a fault of the file system says what to do, without the names the system was given", () => {
  const fault = Object.assign(new Error("EPERM: operation not permitted, open '/x/..env.1234.tmp'"), { code: "EPERM" });
  assert.equal(writeFault(fault), "not allowed; change the permissions of the file and its folder, or use another folder (EPERM)");
  assert.match(writeFault(Object.assign(new Error("EISDIR"), { code: "EISDIR" })), /^it is a directory; move it away/);
});

Deno.test("any other error keeps its words", () => {
  assert.equal(writeFault(new Error("another process is changing it; try again")), "another process is changing it; try again");
  assert.equal(writeFault(Object.assign(new Error("EIO: i/o error"), { code: "EIO" })), "EIO: i/o error");
  assert.equal(writeFault("odd"), "odd");
});

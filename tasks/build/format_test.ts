import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";
import { HEAD_BYTES, kindOf } from "./format.ts";
import { thisMachine } from "./targets.ts";

function elf(machine: number, wordClass = 2): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wordClass, 1]);
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

function machO(machine: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(machine, 4);
  return bytes;
}

function pe(machine: number, at = 0x80): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("MZ", 0, "latin1");
  bytes.writeUInt32LE(at, 0x3c);
  if (at < 500) bytes.write("PE\0\0", at, "latin1");
  if (at < 500) bytes.writeUInt16LE(machine, at + 4);
  return bytes;
}

Deno.test("the format and the processor of an executable are read from its head", () => {
  assert.deepEqual(kindOf(elf(62)), { os: "linux", arch: "x64" });
  assert.deepEqual(kindOf(elf(183)), { os: "linux", arch: "arm64" });
  assert.deepEqual(kindOf(machO(0x01000007)), { os: "macos", arch: "x64" });
  assert.deepEqual(kindOf(machO(0x0100000c)), { os: "macos", arch: "arm64" });
  assert.deepEqual(kindOf(pe(0x8664)), { os: "windows", arch: "x64" });
});

Deno.test("what is no executable, or one for another processor, has no kind", () => {
  for (const head of [elf(62, 1), elf(40), machO(7), pe(0x14c), pe(0x8664, 1_000_000), Buffer.from("#!/bin/sh\n"), Buffer.alloc(0)]) {
    assert.equal(kindOf(head), undefined);
  }
});

Deno.test("the program that runs this test is one for this machine", () => {
  const kind = kindOf(readFileSync(process.execPath).subarray(0, HEAD_BYTES));
  assert.equal(`${kind?.os}-${kind?.arch}`, thisMachine());
});

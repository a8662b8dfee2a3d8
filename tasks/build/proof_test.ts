import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { prove } from "./proof.ts";
import { reasonOf } from "./run.ts";
import { TARGETS, thisMachine } from "./targets.ts";

const here = TARGETS.find(({ name }) => name === thisMachine()) ?? TARGETS[0];
const elsewhere = TARGETS.find(({ name }) => name !== thisMachine()) ?? TARGETS[1];
assert.ok(here !== undefined && elsewhere !== undefined);
const expected = { target: here, version: "0.1.0", commit: "abc1234" };

function faultOf(proof: ReturnType<typeof prove>): string {
  assert.ok(proof.state === "wrong", proof.state);
  return proof.reason;
}

Deno.test("a runtime without our program in it is not accepted, however well it was compiled", () => {
  assert.match(faultOf(prove(process.execPath, expected)), /not our program: --version printed "deno/);
});

Deno.test("what is no executable, or one for another machine, is not accepted", () => {
  const folder = mkdtempSync(join(tmpdir(), "keyproxy-proof-test-"));
  try {
    const script = join(folder, "script");
    writeFileSync(script, '#!/bin/sh\necho "keyproxy 0.1.0 (abc1234)"\n');
    chmodSync(script, 0o755);
    assert.match(faultOf(prove(script, expected)), new RegExp(`not an executable for ${here.name}$`));
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.match(faultOf(prove(process.execPath, { ...expected, target: elsewhere })), new RegExp(`${elsewhere.name} but for ${here.name}`));
});

Deno.test("a compiler's cause is told in one line, and a missing runtime base as what it is", () => {
  assert.equal(reasonOf('note\nerror: Could not resolve: "x"\n    at main.ts:1'), 'Could not resolve: "x"');
  assert.match(
    reasonOf("error: Writing executable\n\nCaused by:\n    0: Downloading denort\n    1: no such host") ?? "",
    /runtime base .*no such host/,
  );
  assert.equal(reasonOf("\n"), undefined);
});

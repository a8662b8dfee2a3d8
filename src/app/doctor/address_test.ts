/** Every fact of host and port, and the finding it becomes. */
import assert from "node:assert/strict";
import { type HostFact, judgeAddress, type PortFact } from "./address.ts";

const LOCAL: HostFact = { kind: "local" };

function judged(hostFact: HostFact, portFact: PortFact | null, port = 8000): string[] {
  return judgeAddress({ host: "h", port, hostFact, portFact }).map(({ level, fix = "" }) => `${level} ${fix}`.trim());
}

Deno.test("a port is free, ours, or somebody else's with another to take", () => {
  assert.deepEqual(judged(LOCAL, { kind: "free" }), ["ok"]);
  assert.deepEqual(judged(LOCAL, { kind: "any" }, 0), ["ok"]);
  assert.deepEqual(judged(LOCAL, { kind: "ours", version: "1" }), ["ok"]);
  assert.deepEqual(judged(LOCAL, { kind: "taken", what: "" }), ["error PORT=8001"]);
  assert.deepEqual(judged(LOCAL, { kind: "taken", what: "" }, 65_535), ["error PORT=8000"]);
  assert.deepEqual(judged(LOCAL, { kind: "forbidden" }, 80), ["error PORT=8000"]);
});

Deno.test("a host that is not ours is an error, and its port is not judged", () => {
  assert.deepEqual(judged({ kind: "foreign", address: "192.0.2.1" }, null), ["error HOST=127.0.0.1"]);
  assert.deepEqual(judged({ kind: "unresolved", code: "ENOTFOUND" }, null), ["error HOST=127.0.0.1"]);
  assert.deepEqual(judged({ kind: "not_asked" }, null), ["note"]);
});

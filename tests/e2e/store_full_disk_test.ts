/**
 * State on a disk that takes no more: the kernel itself refuses to let the writer's files grow (a file size
 * limit), which also stops root. The writer must warn once, go on counting, and end by itself.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { WriterEvent } from "../support/store_writer.ts";

const WRITER = fileURLToPath(new URL("../support/store_writer.ts", import.meta.url));
const WRITE_COUNT = 16_000;

/** All a writer prints when no file may grow beyond `blockCount` blocks of 512 bytes. */
async function writeWithLimit(dataDir: string, blockCount: number): Promise<WriterEvent[]> {
  // The signal of the limit is ignored, so that a write fails with an error as on a full disk.
  const limited = `trap "" XFSZ; ulimit -f ${blockCount}; exec "$@"`;
  const writer = [Deno.execPath(), "run", "-A", "--no-check", WRITER, dataDir, "0", String(WRITE_COUNT)];
  const output = await new Deno.Command("sh", { args: ["-c", limited, "sh", ...writer], stderr: "inherit" }).output();
  assert.equal(output.code, 0);
  return new TextDecoder().decode(output.stdout).trim().split("\n").map((line) => JSON.parse(line));
}

function warningsOf(events: readonly WriterEvent[]): string[] {
  return events.flatMap((event) => event.kind === "warned" ? [event.message] : []);
}

Deno.test({
  name: "no room for a database: memory, one warning, and the process ends well",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const dataDir = await Deno.makeTempDir();
    const events = await writeWithLimit(dataDir, 0);
    assert.deepEqual(events.find((event) => event.kind === "opened"), { kind: "opened", store: "memory" });
    assert.equal(warningsOf(events).length, 1);
    assert.ok(warningsOf(events)[0]?.includes(dataDir), warningsOf(events).join());
    assert.deepEqual(events.at(-1), { kind: "closed" });
    await Deno.remove(dataDir, { recursive: true });
  },
});

Deno.test({
  name: "no room to save: one warning while it counts on, one about the loss at the end",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const dataDir = await Deno.makeTempDir();
    const events = await writeWithLimit(dataDir, 72);
    assert.deepEqual(events.find((event) => event.kind === "opened"), { kind: "opened", store: "sqlite" });
    const warnings = warningsOf(events);
    assert.equal(warnings.length, 2, warnings.join("\n"));
    assert.match(warnings[0] ?? "", /^Cannot save state to the sqlite store/);
    assert.match(warnings[1] ?? "", /rows are lost/);
    const lastWrite = events.findLast((event) => event.kind === "wrote");
    assert.equal(lastWrite?.kind === "wrote" ? lastWrite.seq : undefined, WRITE_COUNT - 1);
    assert.deepEqual(events.at(-1), { kind: "closed" });
    await Deno.remove(dataDir, { recursive: true });
  },
});

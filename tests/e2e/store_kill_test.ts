/**
 * State against sudden death: a process that writes steadily is killed with SIGKILL at random moments.
 * After each death the file is sound, holds whole batches only, and lacks at most one second of writes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { DATABASE_NAME } from "../../src/store/open.ts";
import { WRITER_ROW_COUNT, type WriterEvent } from "../support/store_writer.ts";

const WRITER = fileURLToPath(new URL("../support/store_writer.ts", import.meta.url));
const MOST_LOST_MS = 1000;

/** When to kill: after so many printed steps, or in the middle of the n-th save. */
type Moment = { readonly kind: "steps" | "saves"; readonly count: number };

/** One life of the writer: all it printed until it was killed at `moment`. */
async function liveAndDie(dataDir: string, life: { readonly firstSeq: number; readonly moment: Moment }): Promise<WriterEvent[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", WRITER, dataDir, String(life.firstSeq)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const events: WriterEvent[] = [];
  const awaited = life.moment.kind === "steps" ? "wrote" : "saving";
  let leftCount = life.moment.count;
  for await (const event of eventsOf(child.stdout)) {
    events.push(event);
    if (event.kind === awaited && --leftCount === 0) child.kill("SIGKILL");
  }
  const status = await child.status;
  assert.equal(status.signal, "SIGKILL");
  return events;
}

async function* eventsOf(output: ReadableStream<Uint8Array>): AsyncGenerator<WriterEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of output) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

/** What the file holds, once its soundness is checked. Keys are row numbers, values the last sequence number. */
function inspect(dataDir: string): Map<number, number> {
  const database = new DatabaseSync(join(dataDir, DATABASE_NAME));
  const verdict = database.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
  assert.equal(verdict, "ok");
  const rows = database.prepare("SELECT model, request_count FROM usage").all();
  database.close();
  return new Map(rows.map((row) => [Number(String(row["model"]).replace("model-", "")), Number(row["request_count"])]));
}

/** The rows as they were after the write of `seq`: whole batches mean the file holds exactly such a state. */
function stateAfter(seq: number): Map<number, number> {
  const state = new Map<number, number>();
  for (let written = Math.max(0, seq - WRITER_ROW_COUNT + 1); written <= seq; written++) state.set(written % WRITER_ROW_COUNT, written);
  return state;
}

function sorted(state: Map<number, number>): [number, number][] {
  return [...state].sort(([left], [right]) => left - right);
}

const randomCount = (from: number, to: number) => from + Math.floor(Math.random() * (to - from));

Deno.test("SIGKILL at random moments: the file stays sound and lacks at most a second of writes", async (test) => {
  const dataDir = await Deno.makeTempDir();
  let firstSeq = 0;
  const moments: Moment[] = [
    { kind: "steps", count: randomCount(250, 400) },
    { kind: "saves", count: 1 },
    { kind: "steps", count: randomCount(1, 250) },
    { kind: "saves", count: 2 },
    { kind: "steps", count: randomCount(250, 600) },
    { kind: "saves", count: 3 },
  ];
  for (const moment of moments) {
    await test.step(`killed after ${moment.count} ${moment.kind}`, async () => {
      const before = firstSeq - 1;
      const events = await liveAndDie(dataDir, { firstSeq, moment });
      assert.deepEqual(events[0], { kind: "opened", store: "sqlite" });
      const held = inspect(dataDir);
      const heldSeq = Math.max(before, ...held.values());
      assert.deepEqual(sorted(held), sorted(stateAfter(heldSeq)));
      const savedSeq = Math.max(before, ...events.flatMap((event) => event.kind === "saved" ? [event.seq] : []));
      assert.ok(heldSeq >= savedSeq, `the save of ${savedSeq} was announced, the file ends with ${heldSeq}`);
      const writes = events.flatMap((event) => event.kind === "wrote" ? [event] : []);
      const firstLost = writes.find((write) => write.seq > heldSeq);
      const last = writes.at(-1);
      const lostMs = firstLost === undefined || last === undefined ? 0 : last.atMs - firstLost.atMs;
      assert.ok(lostMs <= MOST_LOST_MS, `${lostMs} ms of writes are missing`);
      firstSeq = heldSeq + 1;
    });
  }
  await Deno.remove(dataDir, { recursive: true });
});

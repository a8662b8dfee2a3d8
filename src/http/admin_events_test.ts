/** Listeners that read and listeners that do not, on a clock and connections that do as they are told. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import type { RequestReport, StatusReport } from "../gateway/status_report.ts";
import { AdminEvents, type EventSink } from "./admin_events.ts";

const SECOND = 1_000;

/** A connection; `isStuck` takes no more bytes. */
class Connection implements EventSink {
  isStuck = false;
  fate: "open" | "ended" | "cut" = "open";
  status = 0;
  readonly names: string[] = [];
  readonly #told = new Map<string, () => void>();

  on(event: string, told: () => void): void {
    this.#told.set(event, told);
  }
  writeHead(status: number): void {
    this.status = status;
  }
  write(text: string): boolean {
    this.names.push(/^event: (\w+)\ndata: .*\n\n$/.exec(text)?.[1] ?? text);
    return !this.isStuck;
  }
  end(): void {
    this.fate = "ended";
  }
  destroy(): void {
    this.fate = "cut";
  }
  tell(event: "drain" | "close" | "error"): void {
    this.#told.get(event)?.();
  }
}

function bench() {
  const clock = new FakeClock();
  const listeners = new Set<(request: RequestReport) => void>();
  let statusCount = 0;
  const status: StatusReport = {
    at: 1,
    version: "1",
    pid: 1,
    started_at: 1,
    configured_at: 1,
    is_stopping: false,
    is_request_log_on: false,
    requests: { in_flight: 0, finished: 0, failed: 0 },
    providers: [],
    recent: [],
  };
  const events = new AdminEvents({
    clock,
    status: () => {
      statusCount += 1;
      return status;
    },
    onRequest: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  });
  const request: RequestReport = {
    id: "r",
    model: "m".repeat(1_000),
    provider: null,
    status: 200,
    arrived_at: 1,
    duration_ms: 1,
    is_stream: false,
    failure: null,
    lossy: [],
    usage: null,
    attempts: [],
  };
  return {
    clock,
    events,
    listeners,
    statusCount: () => statusCount,
    finish: () => listeners.forEach((listener) => listener(request)),
    open: () => {
      const connection = new Connection();
      const refused = events.open(connection);
      return { connection, refused };
    },
  };
}

Deno.test("nobody listens: no timer, nothing is asked; two listen: one timer and one report a second", () => {
  const { clock, open, listeners, statusCount } = bench();
  assert.deepEqual([clock.timerCount, listeners.size, statusCount()], [0, 0, 0]);
  const [first, second] = [open().connection, open().connection];
  assert.deepEqual([clock.timerCount, listeners.size, statusCount()], [1, 1, 2]);
  clock.advance(3 * SECOND);
  assert.equal(statusCount(), 5);
  assert.deepEqual([first.names.length, second.names.length], [4, 4]);
  first.tell("close");
  first.tell("error");
  assert.equal(clock.timerCount, 1);
  second.tell("close");
  assert.deepEqual([clock.timerCount, listeners.size], [0, 0]);
  open();
  assert.deepEqual([clock.timerCount, listeners.size], [1, 1]);
});

Deno.test("who reads slowly misses statuses, and goes on when it has read", () => {
  const { clock, open, finish, statusCount } = bench();
  const { connection } = open();
  connection.isStuck = true;
  finish();
  const before = statusCount();
  clock.advance(20 * SECOND);
  finish();
  assert.deepEqual([connection.names, statusCount()], [["status", "request", "request"], before]);
  connection.isStuck = false;
  connection.tell("drain");
  clock.advance(SECOND);
  assert.equal(connection.names.at(-1), "status");
  connection.isStuck = true;
  clock.advance(20 * SECOND);
  assert.equal(connection.fate, "open", "the count begins anew");
});

Deno.test("who reads nothing is cut off: by time, or by what waits for it", () => {
  const { clock, open, finish } = bench();
  const [slow, keen] = [open().connection, open().connection];
  slow.isStuck = true;
  clock.advance(31 * SECOND);
  assert.equal(slow.fate, "open");
  clock.advance(SECOND);
  assert.equal(slow.fate, "cut");
  const full = open().connection;
  full.isStuck = true;
  let count = 0;
  while (full.fate === "open" && count < 2_000) {
    finish();
    count += 1;
  }
  assert.equal(full.fate, "cut");
  assert.ok(count > 800 && count < 1_100, `${count} events of 1 kB`);
  assert.deepEqual([keen.fate, keen.names.filter((name) => name === "request").length], ["open", count]);
});

Deno.test("closing ends every stream and lets nobody in", () => {
  const { clock, events, open, listeners } = bench();
  const { connection } = open();
  events.close();
  events.close();
  assert.deepEqual([connection.fate, clock.timerCount, listeners.size], ["ended", 0, 0]);
  const late = open();
  assert.deepEqual([late.refused?.status, late.refused?.code, late.connection.status], [503, "stopping", 0]);
});

/** Following a server: what is said when it is gone, and when it is tried again. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { statusReport } from "../../../tests/support/status_reports.ts";
import { type AdminClient, AdminError, type AdminEvent } from "../../app/admin_client.ts";
import { follow } from "./follow.ts";
import type { Link } from "./scene.ts";

const status: AdminEvent = { kind: "status", report: statusReport() };

/** A server whose streams are these, one after the other; the last one again and again. */
function serverOf(...streams: ((signal: AbortSignal) => AsyncIterable<AdminEvent>)[]): AdminClient {
  let count = 0;
  const never = () => Promise.reject(new Error("not asked here"));
  return {
    url: "http://127.0.0.1:8000",
    status: never,
    change: never,
    reload: never,
    events: (signal) => {
      const stream = streams[Math.min(count++, streams.length - 1)];
      if (stream === undefined) throw new Error("no stream");
      return stream(signal);
    },
  };
}

// deno-lint-ignore require-yield
async function* absent(): AsyncIterable<AdminEvent> {
  await nextTurn();
  throw new AdminError({ kind: "absent", message: "No server answers" });
}

async function* one(): AsyncIterable<AdminEvent> {
  await nextTurn();
  yield status;
}

/** Tells once, then nothing until its signal ends it. */
async function* silent(signal: AbortSignal): AsyncIterable<AdminEvent> {
  yield status;
  await new Promise<void>((end) => signal.addEventListener("abort", () => end()));
}

function following(server: AdminClient) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const links: Link[] = [];
  const events: AdminEvent[] = [];
  const ended = follow(() => server, { clock, signal: stop.signal, onEvent: (it) => events.push(it), onLink: (it) => links.push(it) });
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await nextTurn();
  };
  return { clock, stop, links, events, ended, until };
}

Deno.test("a server that is away is tried again after waits that grow to five seconds", async () => {
  const { clock, stop, links, ended, until } = following(serverOf(absent));
  const waits: number[] = [];
  for (let turn = 1; turn <= 7; turn++) {
    await until(() => links.length === turn);
    const link = links.at(-1);
    assert.ok(link?.kind === "lost" && link.trouble.kind === "absent");
    waits.push(link.retryAt - clock.now());
    clock.advance(link.retryAt - clock.now());
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 3_000, 5_000, 5_000, 5_000]);
  stop.abort();
  await ended;
  assert.equal(clock.timerCount, 0);
});

Deno.test("once it is heard again the link is live and the waits begin anew", async () => {
  const { clock, stop, links, events, ended, until } = following(serverOf(absent, absent, one));
  await until(() => links.length === 1);
  clock.advance(500);
  await until(() => links.length === 2);
  clock.advance(1_000);
  await until(() => links.length === 4);
  assert.deepEqual(links.slice(2).map((it) => it.kind), ["live", "lost"]);
  const last = links.at(-1);
  assert.ok(last?.kind === "lost");
  assert.match(last.trouble.message, /ended the connection/);
  assert.equal(last.retryAt - clock.now(), 500);
  assert.deepEqual(events, [status]);
  stop.abort();
  await ended;
});

Deno.test("leaving ends a stream that is open", async () => {
  const { clock, stop, links, ended, until } = following(serverOf(silent));
  await until(() => links.length === 1);
  stop.abort();
  await ended;
  assert.deepEqual([links.length, clock.timerCount], [1, 0]);
});

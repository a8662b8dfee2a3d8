/** The live status in a real terminal: keys, actions, a server that goes and comes, and what is left when one leaves. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAdminServer } from "../support/admin_server.ts";
import { runProgram } from "../support/process.ts";
import { KEYS, type Screen, type ScreenOptions, start } from "../support/screen.ts";
import { busyReport, requestReport } from "../support/status_reports.ts";

const watching = (url: string) => ["status", "--watch", "--url", url];

async function withScreen(
  args: readonly string[],
  options: Omit<ScreenOptions, "cwd">,
  look: (screen: Screen, cwd: string) => Promise<void>,
) {
  const cwd = await mkdtemp(join(tmpdir(), "keyproxy-screen-"));
  const screen = start(args, { ...options, cwd });
  try {
    await look(screen, cwd);
  } finally {
    // For a test that failed half-way; one that has ended hears nothing.
    screen.type(KEYS.ctrlC);
    await screen.ended;
    await rm(cwd, { recursive: true, force: true });
  }
}

/** The terminal is as a shell wants it. */
async function assertLeft(screen: Screen, code: number): Promise<void> {
  assert.deepEqual(await screen.ended, { code, isLineSane: true, isCursorShown: true, isAlternate: false });
  assert.ok(screen.raw().lastIndexOf("\x1b[?7h") > screen.raw().lastIndexOf("\x1b[?7l"), "lines wrap again");
}

Deno.test("a person walks through credentials, requests, details, filter and help, and leaves with q", async () => {
  await using server = await startAdminServer(busyReport());
  await withScreen(watching(server.url), {}, async (screen) => {
    await screen.shows(/● live\n.*1204 finished/);
    assert.ok(screen.isAlternate() && !screen.isCursorShown());
    await screen.press(KEYS.down, /▸ {2}2 sk-2…1002 +◔ cooling \d+s/);
    await screen.press(KEYS.enter, /OPENAI_API_KEY_2[^]*429 rate_limited/);
    await screen.press(KEYS.enter + "\t", /LAST REQUESTS 1 of 3/);
    await screen.press(KEYS.enter, /Attempts, in order\n.*429 rate_limited.*\n.*Please try again in 42s.*\n.*✔ answered/);
    await screen.press(KEYS.enter + "/gemini" + KEYS.enter, /5 hidden by the filter[^]*Filter "gemini"/);
    await screen.press("?", /HELP[^]*Ctrl-C/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("what the server tells is on the screen at once, and a request as it ends", async () => {
  await using server = await startAdminServer(busyReport());
  await withScreen(watching(server.url), {}, async (screen) => {
    await screen.shows(/1204 finished/);
    server.tell({ ...busyReport(), requests: { in_flight: 9, finished: 2_000, failed: 1 } });
    await screen.shows(/9 in flight · 2000 finished · 1 failed/);
    server.tellRequest(requestReport("new", { model: "openai/just-ended" }));
    await screen.shows(/LAST REQUESTS.*\n.*\n.*✔ 200.*openai\/just-ended/);
    screen.type(KEYS.ctrlC);
    await assertLeft(screen, 130);
  });
});

Deno.test("actions reach the server: reset at once, disable after a yes, reload with what is wrong", async () => {
  await using server = await startAdminServer(busyReport());
  server.problems = ["PORT is many: expected a number"];
  await withScreen(watching(server.url), {}, async (screen) => {
    await screen.shows(/● live/);
    await screen.press(KEYS.down + "r", /openai:2 sk-2…1002 was reset/);
    await screen.press("d", /Disable openai:2 sk-2…1002\?/);
    await screen.press("n", /Nothing was changed/);
    await screen.press("dy", /openai:2 sk-2…1002 is disabled/);
    await screen.press("R", /1 problem; the old one stays in force[^]*PORT is many/);
    server.problems = [];
    await screen.press("R", /CREDENTIALS[^]*is in force/);
    const id = "openai:000000000002";
    assert.deepEqual(server.asked, [
      `/admin/credentials/${id}/reset`,
      `/admin/credentials/${id}/disable`,
      "/admin/reload",
      "/admin/reload",
    ]);
    await server.close();
    await screen.shows(/✖ no server/);
    await screen.press("r", /Cannot reset openai:2 sk-2…1002: No server answers/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("a server that stops is missed, what it told grows old, and it is found again when it comes back", async () => {
  const server = await startAdminServer(busyReport());
  await withScreen(watching(server.url), {}, async (screen) => {
    await screen.shows(/● live/);
    await server.close();
    await screen.shows(/✖ no server, [1-9]s old[^]*No server at .* keyproxy serve · (next try|trying)/);
    const again = { ...busyReport(), started_at: busyReport().started_at + 60_000, version: "0.1.1" };
    await using _back = await startAdminServer(again, { port: server.port });
    await screen.shows(/keyproxy 0\.1\.1.*● live[^]*The server was started again/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("a server that starts on another port is found there by the note it leaves", async () => {
  const gone = await startAdminServer(busyReport());
  await gone.close();
  await withScreen(["status", "--watch"], { env: { HOST: "127.0.0.1", PORT: `${gone.port}` } }, async (screen, cwd) => {
    await screen.shows(new RegExp(`No server answers at ${gone.url}`));
    await using server = await startAdminServer(busyReport());
    await writeFile(join(cwd, "server.json"), JSON.stringify({ pid: Deno.pid, url: server.url, started_at: 0 }));
    await screen.shows(new RegExp(`keyproxy 0\\.1\\.0 {2}${server.url} .*● live`));
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("a server that falls silent is missed after five seconds, and asked again", async () => {
  await using server = await startAdminServer(busyReport());
  await withScreen(watching(server.url), {}, async (screen) => {
    await screen.shows(/● live/);
    server.hush();
    await screen.shows(/✖ no answer, \d+s old[^]*nothing came for 5 s/);
    server.tell(busyReport());
    await screen.shows(/● live/);
    assert.ok(server.streamCount >= 2, `${server.streamCount}`);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("where nobody listens, the key is refused or the answer is foreign, the screen says what to do", async () => {
  const gone = await startAdminServer(busyReport());
  await gone.close();
  await withScreen(watching(gone.url), {}, async (screen) => {
    await screen.shows(/No server answers at http[^]*keyproxy serve[^]*next try in/);
    screen.type(KEYS.ctrlC);
    await assertLeft(screen, 130);
  });
  await using locked = await startAdminServer(busyReport(), { key: "kp-right" });
  await withScreen(watching(locked.url), { env: { PROXY_API_KEY: "kp-wrong" } }, async (screen) => {
    await screen.shows(/key refused[^]*KEYPROXY_ADMIN_KEY/);
    assert.doesNotMatch(screen.raw(), /kp-wrong/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
  await withScreen(watching(locked.url), { env: { KEYPROXY_ADMIN_KEY: "kp-right" } }, async (screen) => {
    await screen.shows(/● live/);
    locked.tell({ version: "2.0.0", everything: "is different" });
    await screen.shows(/no answer, \d+s old[^]*something else than keyproxy of this/);
    locked.tell(busyReport());
    await screen.shows(/● live/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("the screen follows the size of the terminal", async () => {
  await using server = await startAdminServer(busyReport());
  await withScreen(watching(server.url), { cols: 200, rows: 50 }, async (screen) => {
    await screen.shows(/● live[^]* why\n/);
    screen.resize(60, 20);
    await screen.shows(/^The status needs 80x24, this terminal has 60x20/);
    screen.resize(80, 24);
    await screen.shows(/● live[^]*q quit$/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("a signal leaves the terminal as it was", async () => {
  await using server = await startAdminServer(busyReport());
  for (const name of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    await withScreen(watching(server.url), {}, async (screen) => {
      await screen.shows(/● live/);
      screen.signal(name);
      await assertLeft(screen, 130);
    });
  }
});

Deno.test("Ctrl-Z gives the terminal back; where no shell takes over, the screen comes back by itself", async () => {
  await using server = await startAdminServer(busyReport());
  await withScreen(watching(server.url), {}, async (screen) => {
    await screen.shows(/● live/);
    const before = screen.raw().length;
    screen.type("\x1a");
    server.tell({ ...busyReport(), requests: { in_flight: 0, finished: 1, failed: 0 } });
    await screen.shows(/● live\n0 in flight · 1 finished/);
    await screen.shows(/● live/);
    await screen.press("?", /HELP/);
    assert.match(JSON.stringify(screen.raw().slice(before)), /\[\?1049l.*\[\?1049h/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("without colour and without UTF-8 the screen is plain ASCII", async () => {
  await using server = await startAdminServer(busyReport());
  await withScreen(watching(server.url), { env: { NO_COLOR: "1", LANG: "C" } }, async (screen) => {
    await screen.shows(/\+ live[^]*> {2}1 sk-1\.\.1001/);
    assert.doesNotMatch(JSON.stringify(screen.raw()), /\[3\dm|\[2m/);
    assert.match(screen.text().replaceAll("\n", ""), /^[\x20-\x7e]*$/);
    screen.type("q");
    await assertLeft(screen, 0);
  });
});

Deno.test("opened from a menu, the screen gives the keyboard back to it, again and again", async () => {
  await using server = await startAdminServer(busyReport());
  await withScreen([server.url], { program: "tests/tui/menu_and_status.ts" }, async (screen) => {
    await screen.shows(/Round 1: what next\?[^]*exit/);
    await screen.press(KEYS.enter, /● live/);
    await screen.press(KEYS.down, /▸ {2}2/);
    await screen.press("q", /the status ended with 0[^]*Round 2: what next\?[^]*exit/);
    assert.ok(!screen.isAlternate());
    await screen.press(KEYS.enter, /● live/);
    await screen.press(KEYS.ctrlC, /the status ended with 130[^]*Round 3: what next\?[^]*exit/);
    await screen.press(KEYS.down, /● exit/);
    screen.type(KEYS.enter);
    await assertLeft(screen, 0);
  });
});

Deno.test("an error that nobody catches leaves the terminal as it was", async () => {
  await withScreen([], { program: "tests/tui/failing_screen.ts" }, async (screen) => {
    await assertLeft(screen, 1);
    assert.match(screen.raw(), /the screen is open/);
  });
});

Deno.test("without a terminal, or for a program, it ends with 2 and the command that helps", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "keyproxy-screen-"));
  try {
    const unseen = await runProgram(["status", "--watch"], { cwd });
    assert.equal(unseen.code, 2);
    assert.match(unseen.output, /^The live status needs a terminal.*keyproxy status/);
    const json = await runProgram(["status", "--watch", "--json"], { cwd });
    assert.equal(json.code, 2);
    assert.match(json.output, /leave out --json/);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
});

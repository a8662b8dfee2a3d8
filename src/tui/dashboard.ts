/**
 * The live status of a running server on a full screen. Draws at most ten times a second, and once a second for the
 * countdowns; keeps nothing but the last report. The terminal is given back whatever happens.
 */
import process from "node:process";
import type { AdminClient, AdminEvent } from "../app/admin_client.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Key } from "../terminal/keys.ts";
import { canOpenScreen, openScreen, type Screen } from "../terminal/screen.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { beginning, perform, type ServerEffect } from "./dashboard/actions.ts";
import { follow } from "./dashboard/follow.ts";
import type { Heard, Link, Scene } from "./dashboard/scene.ts";
import { drawn } from "./dashboard/screen.ts";
import { type Signs, signSetOf, signsOf } from "./dashboard/signs.ts";
import { step } from "./dashboard/step.ts";
import { FIRST_VIEW, type Notice, type View } from "./dashboard/view.ts";

const FRAME_MS = 100;
const TICK_MS = 1_000;
const NOTICE_MS = 10_000;
const MAX_RECENT = 50;
/** Lines that PgUp and PgDn move at least. */
const LEAST_PAGE = 5;

export interface DashboardOptions {
  /** Where the server is now; asked again whenever it has gone. */
  readonly locate: () => AdminClient;
  /** For what is said when there is no terminal to draw on. */
  readonly terminal: Pick<Terminal, "say">;
  /** A text that both lists are filtered by at first. */
  readonly filter?: string;
  readonly clock?: Clock;
}

/** Runs until the person leaves: 0; by Ctrl-C or a signal: 130; without a terminal: 2. Rejects only for a fault of its own. */
export async function openDashboard({ locate, terminal, filter = "", clock = systemClock }: DashboardOptions): Promise<ExitCode> {
  if (!canOpenScreen()) {
    terminal.say("The live status needs a terminal. To print it once: keyproxy status (with --json for programs)");
    return 2;
  }
  const dashboard = new Dashboard(locate, clock, { ...FIRST_VIEW, filter });
  try {
    return await dashboard.run();
  } finally {
    dashboard.close();
  }
}

class Dashboard {
  readonly #locate: () => AdminClient;
  readonly #clock: Clock;
  readonly #signs: Signs = signsOf(signSetOf(process.env, process.platform));
  readonly #ended = Promise.withResolvers<ExitCode>();
  readonly #stop = new AbortController();
  #server: AdminClient;
  #screen: Screen | undefined;
  #view: View;
  #link: Link = { kind: "connecting" };
  #heard: Heard | undefined;
  #lastTop = 0;
  #drawnAt = -Infinity;
  #cancelDrawing: (() => void) | undefined;
  #cancelTick = () => {};
  #cancelNotice = () => {};

  constructor(locate: () => AdminClient, clock: Clock, view: View) {
    this.#view = view;
    this.#locate = locate;
    this.#server = locate();
    this.#clock = clock;
  }

  run(): Promise<ExitCode> {
    this.#screen = openScreen({
      onKey: (key) => this.#guarded(() => this.#pressed(key)),
      onChange: () => this.#draw(),
      onEnd: () => this.#ended.resolve(130),
    });
    this.#tick();
    void follow(() => this.#server = this.#locate(), {
      clock: this.#clock,
      signal: this.#stop.signal,
      onEvent: (event) => this.#guarded(() => this.#told(event)),
      onLink: (link) => {
        this.#link = link;
        this.#draw();
      },
    });
    return this.#ended.promise;
  }

  /** Safe to call twice. */
  close(): void {
    this.#stop.abort();
    this.#cancelTick();
    this.#cancelNotice();
    this.#cancelDrawing?.();
    this.#screen?.close();
  }

  #told(event: AdminEvent): void {
    const before = this.#heard;
    if (event.kind === "status") {
      const isOther = before !== undefined && before.report.started_at !== event.report.started_at;
      if (isOther) this.#notice({ tone: "plain", text: "The server was started again" });
      this.#heard = { report: event.report, heardAt: this.#clock.now() };
    } else if (before !== undefined) {
      const others = before.report.recent.filter(({ id }) => id !== event.request.id);
      this.#heard = { ...before, report: { ...before.report, recent: [...others, event.request].slice(-MAX_RECENT) } };
    }
    this.#draw();
  }

  #pressed(key: Key): void {
    const pageLineCount = Math.max(LEAST_PAGE, Math.floor((this.#screen?.size().rows ?? 0) / 2));
    const { view, effect } = step(this.#view, key, { report: this.#heard?.report, pageLineCount, lastTop: this.#lastTop });
    this.#view = view;
    switch (effect?.kind) {
      case "leave":
        return this.#ended.resolve(effect.code);
      case "change":
      case "reload":
        void this.#asked(effect);
    }
    this.#draw();
  }

  async #asked(effect: ServerEffect): Promise<void> {
    this.#notice(beginning(effect));
    const { notice, page } = await perform(effect, this.#server);
    if (this.#stop.signal.aborted) return;
    // What was wrong with the configuration is over once it is in force.
    const isMended = effect.kind === "reload" && notice.tone === "good" && this.#view.page.kind === "problems";
    this.#view = { ...this.#view, isBusy: false, page: page ?? (isMended ? { kind: "list" } : this.#view.page) };
    this.#notice(notice);
  }

  /** Shows a notice until it has been there long enough to be read. */
  #notice(notice: Notice): void {
    this.#view = { ...this.#view, notice };
    this.#draw();
    this.#cancelNotice();
    this.#cancelNotice = this.#clock.after(NOTICE_MS, () => {
      if (this.#view.notice === notice) this.#view = { ...this.#view, notice: null };
      this.#draw();
    });
  }

  #tick(): void {
    this.#draw();
    this.#cancelTick = this.#clock.after(TICK_MS, () => this.#tick());
  }

  /** Soon, and once for all that asks until then. */
  #draw(): void {
    if (this.#cancelDrawing !== undefined || this.#stop.signal.aborted) return;
    const waitMs = Math.max(0, this.#drawnAt + FRAME_MS - this.#clock.now());
    this.#cancelDrawing = this.#clock.after(waitMs, () => {
      this.#cancelDrawing = undefined;
      this.#drawnAt = this.#clock.now();
      this.#guarded(() => this.#drawNow());
    });
  }

  #drawNow(): void {
    const screen = this.#screen;
    if (screen === undefined) return;
    const { columns: width, rows: height } = screen.size();
    const colour = process.env["NO_COLOR"] ? "plain" : "ansi";
    const { frame, lastTop } = drawn(this.#scene(), { width, height, colour, signs: this.#signs });
    this.#lastTop = lastTop;
    screen.show({ lines: frame });
  }

  #scene(): Scene {
    return { view: this.#view, link: this.#link, heard: this.#heard, url: this.#server.url, now: this.#clock.now() };
  }

  /** An error in a callback would end the process with the terminal as it is: it ends the screen instead. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#ended.reject(error);
    }
  }
}

/** The launcher in a directory of its own, on the screen of a terminal emulator. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Screen, type ScreenOptions, start } from "../support/screen.ts";

/** The launcher's menu, whole. */
export const MENU = /Run the proxy[\s\S]*Exit[\s\S]*Esc exit/;

export interface LauncherRun {
  readonly screen: Screen;
  readonly cwd: string;
}

export interface LauncherOptions extends Partial<Omit<ScreenOptions, "env" | "cwd">> {
  /** Text of `.env`; empty: there is none. */
  readonly env: string;
  /** Variables of the process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** `tui` when left out. */
  readonly args?: readonly string[];
}

/** Runs `keyproxy tui` and ends it with the test, however that ends. */
export async function inLauncher(options: LauncherOptions, test: (run: LauncherRun) => Promise<void>): Promise<void> {
  const { env, environment = {}, files = {}, args = ["tui"], ...size } = options;
  const cwd = mkdtempSync(join(tmpdir(), "keyproxy_tui_"));
  if (env !== "") writeFileSync(join(cwd, ".env"), env);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const screen = start(args, { cwd, env: environment, ...size });
  try {
    await test({ screen, cwd });
  } finally {
    screen.stop();
    await screen.ended;
    rmSync(cwd, { recursive: true });
  }
}

/** A `.env` with which everything works. */
export const READY = "PROXY_API_KEY=kp-test-key-0123456789\nOPENAI_API_KEY=sk-0123456789abcdef\nHOST=127.0.0.1\nPORT=0\n";

/** What a terminal is like after a program that left it as it was. */
export const SANE = { isLineSane: true, isCursorShown: true, isAlternate: false };

/** `.env` as it is now. */
export function envText(cwd: string): string {
  return readFileSync(join(cwd, ".env"), "utf8");
}

/** The launcher in a directory of its own, on the screen of a terminal emulator. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
}

/** Runs `keyproxy tui` and ends it with the test, however that ends. */
export async function inLauncher(options: LauncherOptions, test: (run: LauncherRun) => Promise<void>): Promise<void> {
  const { env, environment = {}, files = {}, ...size } = options;
  const cwd = mkdtempSync(join(tmpdir(), "keyproxy_tui_"));
  if (env !== "") writeFileSync(join(cwd, ".env"), env);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const screen = start(["tui"], { cwd, env: environment, ...size });
  try {
    await test({ screen, cwd });
  } finally {
    screen.stop();
    await screen.ended;
    rmSync(cwd, { recursive: true });
  }
}

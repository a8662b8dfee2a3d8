/** What every screen works in: the stage, the commands it may call and the configuration as it is at this moment. */
import { type BrokenSetup, readSetup, type Setup } from "../app/setup.ts";
import { launcherFlags, type LauncherReading, readLauncherConfig } from "../config/launcher_config.ts";
import { type Line, line, paragraph } from "../terminal/frame.ts";
import { type Field, fieldView } from "../terminal/field.ts";
import { type Menu, type MenuResult, menuView } from "../terminal/menu.ts";
import { noteEndings } from "../terminal/endings.ts";
import type { Stage } from "../terminal/stage.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { takeEscaped } from "../terminal/prompts.ts";
import { Stop } from "../terminal/stop.ts";
import type { Actions } from "./actions.ts";
import { keepingProxyVariables } from "./outgoing.ts";

export interface Room {
  readonly stage: Stage;
  readonly actions: Actions;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As it was named; undefined = `.env`. */
  readonly envFile: string | undefined;
  /** Columns that paragraphs are made for. */
  readonly columns: () => number;
}

/** The configuration and the launcher's own file. */
export interface Standing {
  readonly setup: Setup | BrokenSetup;
  readonly launcher: LauncherReading;
}

/** Reads everything anew. */
export async function look({ cwd, env, envFile }: Room): Promise<Standing> {
  const launcher = await readLauncherConfig(cwd);
  const flags = launcher.kind === "read" ? launcherFlags(launcher.config) : {};
  return { launcher, setup: await readSetup({ cwd, env, envFile, flags }) };
}

export function pick<T>({ stage }: Room, menu: Menu<T>): Promise<MenuResult<T>> {
  return stage.show(menuView(menu));
}

/** A text, or undefined when the person went back. */
export async function ask({ stage }: Room, field: Field): Promise<string | undefined> {
  const result = await stage.show(fieldView(field));
  return result.kind === "back" ? undefined : result.text;
}

/** Yes or no; going back is no. The marker stands on no. */
export async function isSure(room: Room, { title, text, yes }: {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
}): Promise<boolean> {
  const result = await pick(room, {
    title,
    head: [line(""), ...paragraph(text, { columns: room.columns() - 1, indent: "  " })],
    items: [{ value: false, label: "No, leave it as it is" }, { value: true, label: yes }],
  });
  return result.kind === "chosen" && result.value;
}

/** Says something; any way out goes on. */
export async function tell(room: Room, title: string, lines: readonly Line[]): Promise<void> {
  await pick(room, { title, head: [line(""), ...lines], items: [{ value: null, label: "Go on" }], isNotice: true });
}

/** A text as lines of a screen. */
export function prose(room: Room, text: string): Line[] {
  return paragraph(text, { columns: room.columns() - 1, indent: "  " });
}

/**
 * Runs a command on the ordinary screen and waits for Enter. Ctrl-C within it, and a signal to end, end the program,
 * Esc at one of its questions only the command.
 */
export async function run(room: Room, action: () => Promise<ExitCode>, kind: "prints" | "fills_screen" = "prints"): Promise<void> {
  takeEscaped();
  const endings = noteEndings();
  const code = await keepingProxyVariables(() => room.stage.aside(action)).finally(endings.stop);
  const wasEscaped = code === 130 && takeEscaped();
  if (endings.wereTold || (code === 130 && !wasEscaped)) throw new Stop(130, "");
  if (wasEscaped || (kind === "fills_screen" && code === 0)) return;
  await room.stage.pause("Press Enter to go back to the menu.");
}

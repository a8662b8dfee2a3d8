/**
 * The launcher: what `keyproxy` shows on a terminal. Every item is a screen or a command that returns here; only
 * "exit", Esc and Ctrl-C leave.
 */
import process from "node:process";
import { launcherFlags } from "../config/launcher_config.ts";
import { type Menu, type MenuItem, type MenuResult, type MenuState, menuView } from "../terminal/menu.ts";
import { openStage, type View } from "../terminal/stage.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { Stop, usage } from "../terminal/stop.ts";
import { openTerminal } from "../terminal/terminal.ts";
import { NAME, VERSION } from "../kernel/version.ts";
import type { Actions } from "./actions.ts";
import { showAbout } from "./about.ts";
import { connectATool } from "./connect.ts";
import { manageCredentials } from "./credentials.ts";
import { headerFacts, serverNow, serverState } from "./facts.ts";
import { welcome } from "./first_run.ts";
import { type HeaderFacts, headerLines, type ServerState } from "./header.ts";
import { proxySettings } from "./proxy_settings.ts";
import { reloadNow } from "./reload.ts";
import { look, type Room, run, type Standing } from "./room.ts";
import { openModels, openSettings } from "./settings.ts";

export type Item = "run" | "proxy" | "credentials" | "settings" | "models" | "status" | "connect" | "reload" | "about" | "exit";

const ITEMS: readonly MenuItem<Item>[] = [
  { value: "run", label: "Run the proxy", help: "Serve here until Ctrl-C, then come back." },
  { value: "proxy", label: "Configure proxy settings", help: "Host, port, proxy key, request log." },
  { value: "credentials", label: "Manage credentials", help: "Add, list, check, remove, import and export keys and logins." },
  { value: "settings", label: "Provider and advanced settings", help: "Addresses, models, limits and everything else that .env can hold." },
  {
    value: "models",
    label: "Models and filters",
    help: "What can be called; hide models, give them other names, let one stand in for another.",
  },
  { value: "status", label: "Status and usage", help: "How the credentials stand, and what they were used for." },
  { value: "connect", label: "Connect a tool", help: "Point Claude Code, Codex, an SDK, … at this proxy." },
  { value: "reload", label: "Reload configuration", help: "Have the running server read .env again, or look here for mistakes." },
  { value: "about", label: "About" },
  { value: "exit", label: "Exit" },
];

const numberOf = (item: Item) => ITEMS.findIndex(({ value }) => value === item) + 1;
const PLACES = { proxySettings: numberOf("proxy"), credentials: numberOf("credentials"), settings: numberOf("settings") };

const NO_TERMINAL = `keyproxy tui needs a terminal. The same without one:
  keyproxy serve               run the proxy
  keyproxy init                write a proxy key into .env
  keyproxy creds               add, list, check and export credentials
  keyproxy models              what can be called
  keyproxy connect             point a tool at the proxy
Settings are lines of .env: see .env.example and docs/config.md`;

/** Opens it. Exit code 0 after "exit", 130 after Ctrl-C. */
export async function openLauncher(actions: Actions, { envFile }: { readonly envFile?: string | undefined }): Promise<ExitCode> {
  const terminal = openTerminal();
  if (!terminal.isInteractive || !terminal.isOutputShown) {
    terminal.say(usage(NO_TERMINAL).message);
    return 2;
  }
  const stage = openStage(terminal);
  const room: Room = {
    stage,
    actions,
    cwd: process.cwd(),
    env: { ...process.env },
    envFile,
    columns: () => process.stdout.columns ?? 80,
  };
  try {
    await welcome(room);
    await mainMenu(room);
    return 0;
  } catch (error) {
    stage.close();
    if (error instanceof Stop) {
      if (error.message !== "" && error.code !== 130) terminal.say(error.message);
      return error.code;
    }
    terminal.say(terminal.paintMessage("red", error instanceof Error ? error.message : String(error)));
    return 1;
  } finally {
    stage.close();
  }
}

async function mainMenu(room: Room): Promise<void> {
  let at = 0;
  while (true) {
    const standing = await look(room);
    const result = await room.stage.show(launcherView(standing, { facts: await headerFacts(room, standing), at }));
    at = result.at;
    if (result.kind === "back" || (result.kind === "chosen" && result.value === "exit")) return;
    if (result.kind === "chosen") await open(room, result.value, standing);
  }
}

type LauncherState = MenuState & { readonly server: ServerState };

/** The menu under a head whose line about the server comes when the server has answered. */
function launcherView(
  { setup }: Standing,
  { facts, at }: { readonly facts: HeaderFacts; readonly at: number },
): View<LauncherState, MenuResult<Item>> {
  const menuFor = (server: ServerState): Menu<Item> => ({
    title: `${NAME} ${VERSION}`,
    head: headerLines({ ...facts, server }, PLACES),
    items: ITEMS,
    at,
    leave: "exit",
  });
  return {
    start: { ...menuView(menuFor(facts.server)).start, server: facts.server },
    draw: (state, size) => menuView(menuFor(state.server)).draw(state, size),
    press(state, key) {
      const step = menuView(menuFor(state.server)).press(state, key);
      return step.kind === "done" ? step : { kind: "stay", state: { ...step.state, server: state.server } };
    },
    live(change) {
      const leaving = new AbortController();
      if (!("problems" in setup)) {
        void serverState(setup, leaving.signal).then((server) => {
          if (!leaving.signal.aborted) change((state) => ({ ...state, server }));
        });
      }
      return () => leaving.abort();
    },
  };
}

async function open(room: Room, item: Item, { launcher, setup }: Standing): Promise<void> {
  const { actions } = room;
  switch (item) {
    case "run":
      return await run(room, () => actions.serve(launcher.kind === "read" ? launcherFlags(launcher.config) : {}));
    case "proxy":
      return await proxySettings(room);
    case "credentials":
      return await manageCredentials(room);
    case "settings":
      return await openSettings(room);
    case "models":
      return await openModels(room);
    case "status":
      return await showStatus(room, setup);
    case "connect":
      return await connectATool(room);
    case "reload":
      return await reloadNow(room);
    case "about":
      return await showAbout(room);
    case "exit":
      return;
  }
}

/** Live while a server runs, else as the last one left it. */
async function showStatus(room: Room, setup: Standing["setup"]): Promise<void> {
  const { kind } = await serverNow(room, setup);
  if (kind === "running") await run(room, () => room.actions.dashboard(), "fills_screen");
  else await run(room, () => room.actions.status());
}

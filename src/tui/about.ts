/** What this is, which version, and where its files are. */
import { relative } from "node:path";
import process from "node:process";
import { LAUNCHER_FILE } from "../config/launcher_config.ts";
import { NAME, VERSION } from "../kernel/version.ts";
import { type Line, line } from "../terminal/frame.ts";
import { look, prose, type Room, tell } from "./room.ts";

export async function showAbout(room: Room): Promise<void> {
  const { setup } = await look(room);
  const row = (name: string, value: string): Line => [{ text: `  ${name.padEnd(18)}`, style: "dim" }, { text: value }];
  const dataDir = "problems" in setup ? null : setup.config.dataDir;
  await tell(room, `${NAME} ${VERSION}`, [
    ...prose(room, "One endpoint in front of many LLM providers and keys; it keeps answering while keys hit limits, expire or break."),
    line(""),
    row("directory", room.cwd),
    row("settings", relative(room.cwd, setup.envFile) || setup.envFile),
    row("launcher", LAUNCHER_FILE),
    ...(dataDir === null ? [] : [row("logins, logs", dataDir)]),
    row("runtime", runtime()),
    line(""),
    ...prose(room, "Every screen is also a command: keyproxy --help"),
  ]);
}

function runtime(): string {
  const { versions, platform, arch } = process;
  const name = ["deno", "bun", "node"].find((it) => versions[it] !== undefined) ?? "node";
  return `${name} ${versions[name]}, ${platform} ${arch}`;
}

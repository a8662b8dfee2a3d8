/** The proxy key: a new one, one's own, or none. A key is shown whole only when it was just made. */
import type { BrokenSetup, Setup } from "../app/setup.ts";
import { writeEnvFile } from "../config/env_file.ts";
import { SETTINGS } from "../config/schema.ts";
import { isLoopback } from "../kernel/address.ts";
import { writeFault } from "../kernel/write_fault.ts";
import { line } from "../terminal/frame.ts";
import type { MenuItem } from "../terminal/menu.ts";
import { shownProxyKey } from "./header.ts";
import { originOf } from "../app/origin.ts";
import { reloaded } from "./reload.ts";
import { ask, isSure, pick, prose, type Room, tell } from "./room.ts";

const { env: VARIABLE } = SETTINGS.proxyKeys;
const LOCKED_OUT = "Every client that still sends the old key is refused as soon as this is in force.";
const LEAST_CHARS = 8;

export async function changeProxyKey(room: Room, setup: Setup | BrokenSetup): Promise<void> {
  const { text, place, isEditable } = originOf(SETTINGS.proxyKeys, { setup, room });
  if (!isEditable) {
    await tell(room, "Proxy key", prose(room, `${VARIABLE} comes from the environment, which is stronger than .env: change it there.`));
    return;
  }
  const keys = text.split(",").map((it) => it.trim()).filter((it) => it !== "");
  const items: MenuItem<"new" | "own" | "none">[] = [
    { value: "new", label: keys.length === 0 ? "Make one" : "Make a new one", help: "Random, 190 bits." },
    { value: "own", label: "Set your own", help: "Several may be given, separated by commas." },
    ...(keys.length === 0 ? [] : [{ value: "none" as const, label: "Remove it", help: "The proxy then serves this machine only." }]),
  ];
  const now = keys.length === 0 ? "None is set." : `Now: ${keys.map(shownProxyKey).join(", ")}, from ${place}.`;
  const result = await pick(room, { title: "Proxy key", head: prose(room, now), items });
  if (result.kind !== "chosen") return;
  if (result.value === "new") await makeNew(room, setup, keys);
  else if (result.value === "own") await setOwn(room, setup, keys);
  else await remove(room, setup);
}

async function makeNew(room: Room, setup: Setup | BrokenSetup, keys: readonly string[]): Promise<void> {
  if (keys.length > 0 && !await isSure(room, { title: "A new proxy key", text: LOCKED_OUT, yes: "Make a new one" })) return;
  const key = room.actions.newProxyKey();
  const news = await save(room, setup, key);
  if (news === undefined) return;
  await tell(room, "A new proxy key", [
    ...prose(room, "Your applications send it as their API key. It is shown whole only now:"),
    line(""),
    line(`    ${key}`, "bold"),
    line(""),
    ...prose(room, news),
  ]);
}

async function setOwn(room: Room, setup: Setup | BrokenSetup, keys: readonly string[]): Promise<void> {
  const text = await ask(room, {
    title: "Your own proxy key",
    head: prose(room, `At least ${LEAST_CHARS} characters, without blanks. Several are separated by commas.`),
    isHidden: true,
    check: (it) => {
      const given = it.split(",").map((key) => key.trim());
      if (given.some((key) => /\s/.test(key))) return "A key holds no blanks";
      return given.some((key) => key.length < LEAST_CHARS) ? `A key has at least ${LEAST_CHARS} characters` : undefined;
    },
  });
  if (text === undefined) return;
  const isLoss = keys.some((key) => !text.split(",").map((it) => it.trim()).includes(key));
  if (isLoss && !await isSure(room, { title: "Another proxy key", text: LOCKED_OUT, yes: "Use the new one" })) return;
  const news = await save(room, setup, text);
  if (news !== undefined) await tell(room, "Saved", prose(room, news));
}

async function remove(room: Room, setup: Setup | BrokenSetup): Promise<void> {
  const host = "problems" in setup ? "" : setup.config.host;
  const text = isLoopback(host)
    ? "Every program on this machine may then use the proxy, and spend your keys."
    : "Without a key the proxy starts on this machine's own address only (host 127.0.0.1). Clients elsewhere are locked out.";
  if (!await isSure(room, { title: "No proxy key", text, yes: "Remove it" })) return;
  const news = await save(room, setup, null);
  if (news !== undefined) await tell(room, "Removed", prose(room, news));
}

/** What came of it, in words; undefined when nothing was saved, which is then said. */
async function save(room: Room, setup: Setup | BrokenSetup, key: string | null): Promise<string | undefined> {
  try {
    await writeEnvFile(setup.envFile, { [VARIABLE]: key });
  } catch (error) {
    await tell(room, "Nothing was saved", prose(room, `Cannot write ${setup.envFile}: ${writeFault(error)}`));
    return undefined;
  }
  // The server still knows the old key.
  return "problems" in setup ? "The configuration has other problems; a server cannot use it yet." : await reloaded(room, setup);
}

/**
 * Host, port, proxy key and request log. Each is checked by its own kind and saved at once; what could lock clients
 * out asks first. `launcher_config.json` is never written over while it cannot be read.
 */
import type { Setup } from "../app/setup.ts";
import {
  LAUNCHER_FILE,
  type LauncherConfig,
  type LauncherEdit,
  setLauncherConfigAside,
  writeLauncherConfig,
} from "../config/launcher_config.ts";
import { SETTINGS } from "../config/schema.ts";
import { isLoopback } from "../kernel/address.ts";
import { systemClock } from "../kernel/clock.ts";
import { writeFault } from "../kernel/write_fault.ts";
import type { MenuItem } from "../terminal/menu.ts";
import { serverNow } from "./facts.ts";
import { shownProxyKey } from "./header.ts";
import { originOf } from "../app/origin.ts";
import { changeProxyKey } from "./proxy_key.ts";
import { ask, isSure, look, pick, prose, type Room, type Standing, tell } from "./room.ts";

type Item = "host" | "port" | "log" | "key" | "reset";

export async function proxySettings(room: Room): Promise<void> {
  let at = 0;
  while (true) {
    const standing = await look(room);
    const result = await pick(room, { title: "Proxy settings", items: itemsOf(room, standing), at });
    if (result.kind !== "chosen") return;
    at = result.at;
    await change(room, result.value, standing);
  }
}

function itemsOf(room: Room, { setup, launcher }: Standing): MenuItem<Item>[] {
  const own: LauncherConfig = launcher.kind === "read" ? launcher.config : {};
  const noted = (key: keyof LauncherConfig, setting: typeof SETTINGS.host | typeof SETTINGS.port | typeof SETTINGS.isRequestLogOn) => {
    if (own[key] !== undefined) return `${shownValue(own[key])}  (${LAUNCHER_FILE})`;
    const { text, place } = originOf(setting, { setup, room });
    return `${key === "enable_request_logging" ? shownValue(isOn(text)) : text}  (${place})`;
  };
  const key = originOf(SETTINGS.proxyKeys, { setup, room });
  const [first = ""] = key.text.split(",");
  return [
    { value: "host", label: "Host", note: noted("host", SETTINGS.host), help: SETTINGS.host.help },
    { value: "port", label: "Port", note: noted("port", SETTINGS.port), help: SETTINGS.port.help },
    {
      value: "log",
      label: "Request log",
      note: noted("enable_request_logging", SETTINGS.isRequestLogOn),
      help: SETTINGS.isRequestLogOn.help,
    },
    {
      value: "key",
      label: "Proxy key",
      note: first === "" ? "none" : `${shownProxyKey(first.trim())}  (${key.place})`,
      help: SETTINGS.proxyKeys.help,
    },
    { value: "reset", label: "Reset to defaults", help: `Takes host, port and request log out of ${LAUNCHER_FILE}. The proxy key stays.` },
  ];
}

function isOn(text: string): boolean {
  return SETTINGS.isRequestLogOn.kind.schema.safeParse(text).data === true;
}

function shownValue(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "on" : "off") : String(value);
}

async function change(room: Room, item: Item, standing: Standing): Promise<void> {
  const { setup } = standing;
  switch (item) {
    case "host":
      return await changeHost(room, standing);
    case "port":
      return await changePort(room, standing);
    case "log":
      return await changeLog(room, standing);
    case "key":
      return await changeProxyKey(room, setup);
    case "reset": {
      const text = "Host, port and request log become what .env says, or the defaults: every network, port 8000, off.";
      if (await isSure(room, { title: "Reset to defaults", text, yes: "Reset them" })) {
        await save(room, { standing, edit: { host: null, port: null, enable_request_logging: null } });
      }
    }
  }
}

async function changeHost(room: Room, standing: Standing): Promise<void> {
  const { kind, help } = SETTINGS.host;
  const host = await ask(room, {
    title: "Host",
    head: prose(room, help),
    initial: present(standing)?.host ?? SETTINGS.host.default,
    check: (text) => kind.schema.safeParse(text).success ? undefined : `Expected ${kind.expected}`,
  });
  if (host === undefined || host === present(standing)?.host) return;
  const { setup } = standing;
  const isOpen = !isLoopback(host) && !("problems" in setup) && setup.config.proxyKeys.length === 0;
  const text =
    `Without a proxy key everybody who reaches ${host} could spend your keys, so the proxy will not start there. Set a proxy key first.`;
  if (isOpen && !await isSure(room, { title: "No proxy key is set", text, yes: `Listen on ${host} nevertheless` })) return;
  const isNarrower = isLoopback(host) && !isLoopback(present(standing)?.host ?? SETTINGS.host.default);
  const loss = `Only programs on this machine reach ${host}: clients on other machines are locked out from the next start.`;
  if (isNarrower && !await isSure(room, { title: "This machine only", text: loss, yes: `Listen on ${host}` })) return;
  await save(room, { standing, edit: { host: hostOf(host) } });
}

/** Brackets around an IPv6 address are for URLs. */
function hostOf(text: string): string {
  return SETTINGS.host.kind.schema.parse(text);
}

async function changePort(room: Room, standing: Standing): Promise<void> {
  const { kind, help } = SETTINGS.port;
  const before = present(standing)?.port;
  const text = await ask(room, {
    title: "Port",
    head: prose(room, help),
    initial: String(before ?? SETTINGS.port.default),
    check: (it) => kind.schema.safeParse(it).success ? undefined : `Expected ${kind.expected}`,
  });
  if (text === undefined || Number(text) === before) return;
  const { setup } = standing;
  const server = await serverNow(room, setup);
  const place = server.kind === "running" ? server.url : undefined;
  const warning = `A server runs at ${place}. It stays there until it is started again; clients must then be told the new port.`;
  if (
    place !== undefined && !await isSure(room, { title: "A server is running", text: warning, yes: `Use port ${text} from the next start` })
  ) {
    return;
  }
  await save(room, { standing, edit: { port: Number(text) } });
}

async function changeLog(room: Room, standing: Standing): Promise<void> {
  const isOnNow = present(standing)?.isRequestLogOn ?? false;
  const result = await pick(room, {
    title: "Request log",
    head: prose(room, SETTINGS.isRequestLogOn.help),
    items: [{ value: true, label: "On" }, { value: false, label: "Off" }],
    at: isOnNow ? 0 : 1,
  });
  if (result.kind === "chosen" && result.value !== isOnNow) await save(room, { standing, edit: { enable_request_logging: result.value } });
}

function present({ setup }: Standing): Setup["config"] | undefined {
  return "problems" in setup ? undefined : setup.config;
}

async function save(room: Room, { standing, edit }: { readonly standing: Standing; readonly edit: LauncherEdit }): Promise<void> {
  const now = new Date(systemClock.now());
  const { launcher } = standing;
  if (launcher.kind === "corrupt") {
    const text = `${LAUNCHER_FILE} cannot be used: ${launcher.why}. Mend it in an editor, or let it be renamed; a new one is then begun.`;
    if (!await isSure(room, { title: `${LAUNCHER_FILE} is left alone`, text, yes: "Rename it and save" })) return;
    await setLauncherConfigAside(room.cwd, now);
  }
  try {
    await writeLauncherConfig(room.cwd, edit, now);
  } catch (error) {
    await tell(room, "Nothing was saved", prose(room, `Cannot write ${LAUNCHER_FILE}: ${writeFault(error)}`));
    return;
  }
  const server = await serverNow(room, standing.setup);
  if (server.kind === "running") {
    await tell(room, "Saved", prose(room, "The running server keeps its settings; the next start uses the new ones."));
  }
}

/**
 * `launcher_config.json`: where the launcher starts the proxy, as its own screen keeps it. Keys it does not know
 * survive; a file it cannot read is never written over.
 */
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hasCode, writeFileAtomic } from "../kernel/atomic_file.ts";
import type { FlagValues } from "./load.ts";
import { SETTINGS } from "./schema.ts";

export const LAUNCHER_FILE = "launcher_config.json";

/** Absent: what `.env` or the default says. */
export interface LauncherConfig {
  readonly host?: string;
  readonly port?: number;
  readonly enable_request_logging?: boolean;
}

export type LauncherReading =
  | { readonly kind: "absent" }
  | { readonly kind: "read"; readonly config: LauncherConfig }
  /** What is wrong with it, completing "Cannot use launcher_config.json: ". */
  | { readonly kind: "corrupt"; readonly why: string };

/** A change of some keys; null takes one away. */
export interface LauncherEdit {
  readonly host?: string | null;
  readonly port?: number | null;
  readonly enable_request_logging?: boolean | null;
}

const HOST = z.string().refine((it) => SETTINGS.host.kind.schema.safeParse(it).success);
const SHAPE = z.looseObject({
  host: HOST.optional(),
  port: z.number().int().min(0).max(65_535).optional(),
  enable_request_logging: z.boolean().optional(),
});
const WANTED: Readonly<Record<string, string>> = {
  host: SETTINGS.host.kind.expected,
  port: SETTINGS.port.kind.expected,
  enable_request_logging: "true or false",
};

/** What the text of the file says. Pure. */
export function readLauncherText(text: string): LauncherReading {
  const found = objectOf(text);
  if (typeof found === "string") return { kind: "corrupt", why: found };
  const { host, port, enable_request_logging } = found;
  return {
    kind: "read",
    config: {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(enable_request_logging === undefined ? {} : { enable_request_logging }),
    },
  };
}

/** The object the text holds, or why there is none. */
function objectOf(text: string): z.infer<typeof SHAPE> | string {
  let value: unknown;
  try {
    // Editors on Windows put a mark before the text.
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    return "it is not valid JSON";
  }
  const reading = SHAPE.safeParse(value);
  if (reading.success) return reading.data;
  const key = String(reading.error.issues[0]?.path[0] ?? "");
  return key === "" ? "expected an object" : `expected "${key}" to be ${WANTED[key] ?? "another kind of value"}`;
}

/** The text with the edit made and the time noted; `before` is null where there was no file. Throws where the text cannot be read. */
export function editLauncherText(before: string | null, edit: LauncherEdit, now: Date): string {
  const found = before === null ? {} : objectOf(before);
  if (typeof found === "string") throw new Error(`Cannot change ${LAUNCHER_FILE}: ${found}`);
  const edited: Record<string, unknown> = { ...found };
  for (const [key, value] of Object.entries(edit)) {
    if (value === null) delete edited[key];
    else if (value !== undefined) edited[key] = value;
  }
  edited["last_updated"] = now.toISOString();
  return `${JSON.stringify(edited, null, 2)}\n`;
}

/** The file in `cwd`. Never rejects. */
export async function readLauncherConfig(cwd: string): Promise<LauncherReading> {
  try {
    return readLauncherText(await readFile(join(cwd, LAUNCHER_FILE), "utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { kind: "absent" };
    return { kind: "corrupt", why: error instanceof Error && "code" in error ? String(error.code) : "it cannot be read" };
  }
}

/** Changes the file, or makes it. Throws when the one that is there cannot be read, or nothing can be written. */
export async function writeLauncherConfig(cwd: string, edit: LauncherEdit, now: Date): Promise<void> {
  const path = join(cwd, LAUNCHER_FILE);
  const before = await readFile(path, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  });
  await writeFileAtomic(path, editLauncherText(before, edit, now), 0o600);
}

/** Gives a file that cannot be read another name. Returns that name. */
export async function setLauncherConfigAside(cwd: string, now: Date): Promise<string> {
  const name = `${LAUNCHER_FILE}.${now.toISOString().replace(/[:.]/g, "-")}.bad`;
  await rename(join(cwd, LAUNCHER_FILE), join(cwd, name));
  return name;
}

/** The flags that `serve` would be given. */
export function launcherFlags({ host, port, enable_request_logging }: LauncherConfig): FlagValues {
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    // The flag only turns it on; what the file says "false" to is said by value.
    ...(enable_request_logging === undefined ? {} : { enableRequestLogging: enable_request_logging }),
  };
}

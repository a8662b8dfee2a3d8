/**
 * The client secret inside an installed vendor's tool. Its scripts are read, within bounds on their number and
 * size, and never run; a secret counts only close to the client id it belongs to.
 */
import { Buffer } from "node:buffer";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { Secret } from "../../kernel/secret.ts";
import type { OAuthRow } from "./row.ts";

interface Tool {
  /** Names it is installed under; the second is the one npm makes on Windows. */
  readonly commands: readonly string[];
  /** Its npm package. */
  readonly packageName: string;
  /** Scripts to look at, from the package's folder; `*.js` for all scripts of a folder. */
  readonly scripts: readonly string[];
  /** The secret is its second group; the first and last are its quotes. */
  readonly secret: RegExp;
}

const TOOLS: Readonly<Record<string, Tool>> = {
  gemini_cli: {
    commands: ["gemini", "gemini.cmd"],
    packageName: "@google/gemini-cli",
    scripts: [
      "node_modules/@google/gemini-cli-core/dist/src/code_assist/oauth2.js",
      "../gemini-cli-core/dist/src/code_assist/oauth2.js",
      "bundle/*.js",
      "dist/*.js",
    ],
    secret: /(["'`])(GOCSPX-[A-Za-z0-9_-]{20,40})\1/g,
  },
  iflow: {
    commands: ["iflow", "iflow.cmd"],
    packageName: "@iflow-ai/iflow-cli",
    scripts: ["bundle/*.js", "dist/*.js"],
    secret: /(["'`])([A-Za-z0-9]{24,64})\1/g,
  },
};

const MAX_SCRIPT_COUNT = 200;
const MAX_SCRIPT_BYTES = 48 * 1024 * 1024;
const MAX_ALL_BYTES = 160 * 1024 * 1024;
/** From the command's own file up to the folder of its package. */
const MAX_FOLDER_COUNT = 4;
/** Places of a client id that are looked at in one script. */
const MAX_PLACE_COUNT = 20;
/** How far from its client id a secret is believed to belong to it, in bytes. */
const NEAR_BYTES = 500;

/** The secret that goes with `row.clientId`; undefined when no installed tool has it. `path` as `PATH` has it. */
export async function secretOfTool(row: OAuthRow, path: string): Promise<Secret | undefined> {
  const tool = Object.hasOwn(TOOLS, row.provider) ? TOOLS[row.provider] : undefined;
  if (tool === undefined) return undefined;
  const seen = new Set<string>();
  let leftBytes = MAX_ALL_BYTES;
  for await (const script of scriptsOf(tool, path)) {
    if (seen.has(script)) continue;
    if (seen.size === MAX_SCRIPT_COUNT || leftBytes <= 0) return undefined;
    seen.add(script);
    const bytes = await bytesOf(script, leftBytes);
    leftBytes -= bytes.length;
    const secret = secretNear(row.clientId, { bytes, pattern: tool.secret });
    if (secret !== undefined) return new Secret(secret);
  }
  return undefined;
}

async function* scriptsOf(tool: Tool, path: string): AsyncGenerator<string> {
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    for (const command of tool.commands) {
      const script = await realpath(join(folder, command)).catch(() => undefined);
      if (script !== undefined) yield* scriptsAround(script, tool);
    }
  }
}

/** The command may be the tool itself, or a starter beside or above the folder of packages. */
async function* scriptsAround(script: string, { packageName, scripts }: Tool): AsyncGenerator<string> {
  yield script;
  let place = dirname(script);
  for (let up = 0; up < MAX_FOLDER_COUNT; up++, place = dirname(place)) {
    for (const modules of ["", "node_modules", "lib/node_modules", "libexec/lib/node_modules"]) {
      const home = modules === "" ? place : join(place, modules, packageName);
      for (const pattern of scripts) yield* matching(home, pattern);
    }
  }
}

async function* matching(home: string, pattern: string): AsyncGenerator<string> {
  if (!pattern.endsWith("*.js")) {
    yield join(home, pattern);
    return;
  }
  const inside = join(home, dirname(pattern));
  const names = await readdir(inside).catch(() => []);
  for (const name of names.toSorted()) if (name.endsWith(".js")) yield join(inside, name);
}

async function bytesOf(path: string, leftBytes: number): Promise<Buffer> {
  try {
    const stats = await stat(path);
    return stats.isFile() && stats.size <= Math.min(MAX_SCRIPT_BYTES, leftBytes) ? await readFile(path) : Buffer.alloc(0);
  } catch {
    return Buffer.alloc(0);
  }
}

/** The literal closest to a mention of the client id. */
function secretNear(
  clientId: string,
  { bytes, pattern }: { readonly bytes: Buffer; readonly pattern: RegExp },
): string | undefined {
  let best: { readonly secret: string; readonly distance: number } | undefined;
  let place = bytes.indexOf(clientId);
  for (let count = 0; place !== -1 && count < MAX_PLACE_COUNT; count++, place = bytes.indexOf(clientId, place + 1)) {
    const from = Math.max(place - NEAR_BYTES, 0);
    const around = bytes.toString("latin1", from, place + clientId.length + NEAR_BYTES);
    for (const { index, 2: secret } of around.matchAll(pattern)) {
      const distance = Math.abs(from + index - place);
      if (secret !== undefined && distance < (best?.distance ?? Infinity)) best = { secret, distance };
    }
  }
  return best?.secret;
}

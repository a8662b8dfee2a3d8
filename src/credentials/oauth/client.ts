/**
 * Which OAuth client a login is made and renewed with. Id and secret belong together and come from one place:
 * the environment, the grant, or the vendor's own tool on this machine. None is part of this program.
 */
import { open, readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";
import type { OAuthEndpoints } from "./endpoints.ts";
import type { OAuthClient } from "./flow.ts";
import type { OAuthRow } from "./row.ts";

/** Where a vendor's tool keeps the secret of its client. */
interface ToolSecret {
  readonly command: string;
  /** Scripts to look at, from the package's folder; `*.js` for all scripts of a folder. */
  readonly scripts: readonly string[];
  /** The secret is its first group. */
  readonly pattern: RegExp;
}

const TOOL_SECRETS: Readonly<Record<string, ToolSecret>> = {
  gemini_cli: {
    command: "gemini",
    scripts: [
      "bundle/gemini.js",
      "bundle/*.js",
      "node_modules/@google/gemini-cli-core/dist/src/code_assist/oauth2.js",
      "../gemini-cli-core/dist/src/code_assist/oauth2.js",
      "dist/*.js",
    ],
    pattern: /["'](GOCSPX-[A-Za-z0-9_-]{20,40})["']/,
  },
  iflow: {
    command: "iflow",
    scripts: ["bundle/iflow.js", "bundle/*.js", "dist/*.js"],
    pattern: /10009311001["'][\s\S]{0,400}?["']([A-Za-z0-9]{24,64})["']/,
  },
};

const MAX_SCRIPT_COUNT = 50;
const MAX_SCRIPT_BYTES = 48 * 1024 * 1024;
/** From the command's own file up to the folder of its package. */
const MAX_FOLDER_COUNT = 4;

export interface ClientSearch {
  readonly endpoints: OAuthEndpoints;
  readonly grant?: Grant;
  /** The search path for commands, as `PATH` has it. */
  readonly path: string;
}

/** The client, or one sentence that says what to set. */
export async function findClient({ endpoints, grant, path }: ClientSearch): Promise<OAuthClient | { readonly missing: string }> {
  const { row, clientId, clientSecret } = endpoints;
  const id = clientId ?? grant?.clientId ?? row.clientId;
  if (row.clientAuth === "none") return { id, secret: null };
  if (clientSecret !== null) return { id, secret: clientSecret };
  if (clientId === null && grant !== undefined && grant.clientSecret !== null) {
    return { id, secret: grant.clientSecret };
  }
  const found = id === row.clientId ? await secretOfTool(row, path) : undefined;
  return found === undefined ? { missing: missingSecret(endpoints) } : { id, secret: found };
}

function missingSecret({ row, clientId }: OAuthEndpoints): string {
  const variable = `${row.prefix}_CLIENT_SECRET`;
  if (clientId !== null) return `${row.prefix}_CLIENT_ID is set, but not its secret: set ${variable}`;
  return `The secret of the OAuth client of ${row.toolName} is not known: set ${variable}, or install ${row.toolName} on this machine`;
}

/** Reads the scripts of an installed tool; nothing of it is run. */
async function secretOfTool(row: OAuthRow, path: string): Promise<Secret | undefined> {
  const tool = Object.hasOwn(TOOL_SECRETS, row.provider) ? TOOL_SECRETS[row.provider] : undefined;
  if (tool === undefined) return undefined;
  let left = MAX_SCRIPT_COUNT;
  for await (const script of scriptsOf(tool, path)) {
    if (left-- === 0) return undefined;
    const secret = tool.pattern.exec(await textOf(script))?.[1];
    if (secret !== undefined) return new Secret(secret);
  }
  return undefined;
}

async function* scriptsOf(tool: ToolSecret, path: string): AsyncGenerator<string> {
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    const script = await realpath(join(folder, tool.command)).catch(() => undefined);
    if (script === undefined) continue;
    yield script;
    let place = dirname(script);
    for (let up = 0; up < MAX_FOLDER_COUNT; up++, place = dirname(place)) {
      for (const pattern of tool.scripts) yield* matching(place, pattern);
    }
  }
}

async function* matching(folder: string, pattern: string): AsyncGenerator<string> {
  if (!pattern.endsWith("*.js")) {
    yield join(folder, pattern);
    return;
  }
  const inside = join(folder, dirname(pattern));
  const names = await readdir(inside).catch(() => []);
  for (const name of names.toSorted()) if (name.endsWith(".js")) yield join(inside, name);
}

async function textOf(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    return size > MAX_SCRIPT_BYTES ? "" : await file.readFile("utf8");
  } catch {
    return "";
  } finally {
    await file.close();
  }
}

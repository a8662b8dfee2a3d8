/**
 * The folder of an LLM-API-Key-Proxy installation: its `.env`, its `oauth_creds/` and what `key_usage.json`
 * says of rests that still stand. Reads only; writing is up to who asked.
 */
import { parse } from "dotenv";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../../kernel/atomic_file.ts";
import { asNumber, asObject, isObject, parseJson } from "../../kernel/json.ts";
import type { Grant } from "../grant.ts";
import { fileErrorCode, foreignFiles, grantPaths, readGrantFile, readGrantFiles } from "./grant_files.ts";
import type { OAuthRow } from "./row.ts";

/** A model that rests on a credential. */
export interface ImportedRest {
  /** The API key, or the file name of a login. Never shown. */
  readonly credential: string;
  readonly model: string;
  /** Epoch ms. */
  readonly untilAt: number;
}

export interface ProxyFolder {
  /** Every variable of its `.env`, in the file's order. */
  readonly variables: Readonly<Record<string, string>>;
  readonly grants: readonly { readonly row: OAuthRow; readonly path: string; readonly grant: Grant }[];
  readonly rests: readonly ImportedRest[];
  /** Each names a file and what is the matter with it. */
  readonly warnings: readonly string[];
}

/** Usage of years fits; anything larger is something else. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Reads all there is; undefined when the folder holds none of the three. `now`: epoch ms. */
export async function readProxyFolder(
  folder: string,
  { rows, now }: { readonly rows: readonly OAuthRow[]; readonly now: number },
): Promise<ProxyFolder | undefined> {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const envText = await textOf(join(folder, ".env"), warn);
  const usagePath = join(folder, "key_usage.json");
  const usageText = await textOf(usagePath, warn);
  const grants = await grantsIn(join(folder, "oauth_creds"), { rows, warn });
  if (envText === undefined && usageText === undefined && grants.length === 0 && warnings.length === 0) return undefined;
  const rests = usageText === undefined ? [] : restsOf(usageText, now);
  if (rests === undefined) warn(`${usagePath} is left out: it is not a JSON object.`);
  return { variables: envText === undefined ? {} : parse(envText), grants, rests: rests ?? [], warnings };
}

async function grantsIn(
  folder: string,
  { rows, warn }: { readonly rows: readonly OAuthRow[]; readonly warn: (message: string) => void },
): Promise<ProxyFolder["grants"]> {
  const grants: ProxyFolder["grants"][number][] = [];
  try {
    for (const row of rows) {
      const paths = await grantPaths(folder, row.provider);
      for (const file of await readGrantFiles(paths, (path) => readGrantFile(path, row.provider))) {
        if ("problem" in file) warn(`${file.path} is left out: ${file.problem}.`);
        else grants.push({ row, path: file.path, grant: file.grant });
      }
    }
    for (const path of await foreignFiles(folder, rows.map(({ provider }) => provider))) {
      warn(`${path} is left out: it is a login of a kind that keyproxy does not have.`);
    }
  } catch (error) {
    warn(`${folder} is left out: it cannot be read (${fileErrorCode(error)}).`);
  }
  return grants;
}

/** Undefined when there is no such file, or none that can be read. */
async function textOf(path: string, warn: (message: string) => void): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    if (stats.isFile() && stats.size <= MAX_FILE_BYTES) return (await readFile(path, "utf8")).replace(/^\ufeff/, "");
    warn(`${path} is left out: ${stats.isFile() ? `it is too large (${stats.size} bytes)` : "it is not a file"}.`);
  } catch (error) {
    // A path below something that is no folder is not there either.
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) warn(`${path} is left out: it cannot be read (${fileErrorCode(error)}).`);
  }
  return undefined;
}

/** Rests that have not ended; undefined when the text is no JSON object. */
function restsOf(text: string, now: number): ImportedRest[] | undefined {
  const usage = asObject(parseJson(text));
  if (usage === undefined) return undefined;
  return Object.entries(usage).flatMap(([credential, entry]) => {
    const cooldowns = isObject(entry) ? asObject(entry.model_cooldowns) ?? {} : {};
    return Object.entries(cooldowns).flatMap(([model, until]) => {
      const untilAt = Math.round((asNumber(until) ?? 0) * 1000);
      return untilAt > now ? [{ credential: nameOf(credential), model, untilAt }] : [];
    });
  });
}

/** A login's file without its folder, as it may have been written on another system; a key as it is. */
function nameOf(credential: string): string {
  return credential.endsWith(".json") ? credential.split(/[\\/]/).at(-1) ?? credential : credential;
}

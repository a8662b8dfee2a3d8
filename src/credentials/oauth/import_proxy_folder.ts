/**
 * The folder of an LLM-API-Key-Proxy installation: its `.env`, its `oauth_creds/` and what `key_usage.json`
 * says of rests that still stand. Reads only; writing is up to who asked.
 */
import { parse } from "dotenv";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { asNumber, asObject, isObject, parseJson } from "../../kernel/json.ts";
import type { Grant } from "../grant.ts";
import { grantPaths, readGrantFile } from "./grant_files.ts";
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

/** Reads all there is; undefined when the folder holds none of the three. `now`: epoch ms. */
export async function readProxyFolder(
  folder: string,
  { rows, now }: { readonly rows: readonly OAuthRow[]; readonly now: number },
): Promise<ProxyFolder | undefined> {
  const warnings: string[] = [];
  const envText = await readFile(join(folder, ".env"), "utf8").catch(() => undefined);
  const usageText = await readFile(join(folder, "key_usage.json"), "utf8").catch(() => undefined);
  const grants: ProxyFolder["grants"][number][] = [];
  for (const row of rows) {
    for (const path of await grantPaths(join(folder, "oauth_creds"), row.provider).catch(() => [])) {
      const file = await readGrantFile(path);
      if ("problem" in file) warnings.push(`${path} is left out: ${file.problem}.`);
      else grants.push({ row, path, grant: file.grant });
    }
  }
  if (envText === undefined && usageText === undefined && grants.length === 0 && warnings.length === 0) return undefined;
  const rests = usageText === undefined ? [] : restsOf(usageText, now);
  if (rests === undefined) warnings.push(`${join(folder, "key_usage.json")} is left out: it is not JSON.`);
  return { variables: envText === undefined ? {} : parse(envText), grants, rests: rests ?? [], warnings };
}

/** Rests that have not ended; undefined when the text is no JSON object. */
function restsOf(text: string, now: number): ImportedRest[] | undefined {
  const usage = asObject(parseJson(text));
  if (usage === undefined) return undefined;
  return Object.entries(usage).flatMap(([credential, entry]) => {
    const cooldowns = isObject(entry) ? asObject(entry.model_cooldowns) ?? {} : {};
    return Object.entries(cooldowns).flatMap(([model, until]) => {
      const untilAt = (asNumber(until) ?? 0) * 1000;
      return untilAt > now ? [{ credential: credential.endsWith(".json") ? basename(credential) : credential, model, untilAt }] : [];
    });
  });
}

/** The logins of the vendors' own tools on this machine, as an importer shows them. Reads only. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { asObject, asString, parseJson } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";
import { readGrantFile } from "./grant_files.ts";
import type { OAuthRow } from "./row.ts";

export type ToolLogin =
  | { readonly kind: "login"; readonly row: OAuthRow; readonly path: string; readonly grant: Grant }
  /** The tool was given a plain key. */
  | { readonly kind: "key"; readonly row: OAuthRow; readonly path: string; readonly key: Secret }
  /** Something is there that cannot be taken over; completes "<tool>: …". */
  | { readonly kind: "problem"; readonly row: OAuthRow; readonly path: string; readonly problem: string };

/** Files beside the login that hold a plain key, by provider. */
const KEY_FILES: Readonly<Record<string, readonly { readonly path: string; readonly field: string }[]>> = {
  iflow: [{ path: ".iflow/settings.json", field: "apiKey" }, { path: ".iflow/iflow_accounts.json", field: "iflowApiKey" }],
};
/** What is there when a tool keeps its login encrypted. */
const ENCRYPTED_SIGNS: Readonly<Record<string, readonly string[]>> = {
  gemini_cli: [".gemini/google_accounts.json", ".gemini/gemini-credentials.json", ".gemini/mcp-oauth-tokens-v2.json"],
};

/** Everything the tools left below `home`, in the order of the rows. */
export async function toolLogins({ home, rows }: { readonly home: string; readonly rows: readonly OAuthRow[] }): Promise<ToolLogin[]> {
  const found: ToolLogin[] = [];
  for (const row of rows) {
    const path = join(home, row.toolFile);
    const file = await readGrantFile(path);
    if (!("problem" in file)) found.push({ kind: "login", row, path, grant: file.grant });
    else if (file.problem !== "there is no such file") found.push({ kind: "problem", row, path, problem: file.problem });
    else if (await isEncrypted(row, home)) {
      const problem =
        `${row.toolName} keeps its login in the system's keychain or encrypted, where only it can read it: log in with keyproxy creds add ${row.provider}`;
      found.push({ kind: "problem", row, path, problem });
    }
    found.push(...await keysOf(row, home));
  }
  return found;
}

async function isEncrypted({ provider }: OAuthRow, home: string): Promise<boolean> {
  for (const sign of ENCRYPTED_SIGNS[provider] ?? []) {
    if (await stat(join(home, sign)).then(() => true, () => false)) return true;
  }
  return false;
}

async function keysOf(row: OAuthRow, home: string): Promise<ToolLogin[]> {
  const keys = new Map<string, ToolLogin>();
  for (const { path, field } of KEY_FILES[row.provider] ?? []) {
    const at = join(home, path);
    const text = await readFile(at, "utf8").catch(() => "");
    const key = asString(asObject(parseJson(text))?.[field])?.trim();
    if (key !== undefined && key !== "" && !keys.has(key)) keys.set(key, { kind: "key", row, path: at, key: new Secret(key) });
  }
  return [...keys.values()];
}

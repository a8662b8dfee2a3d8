/** The logins of the vendors' own tools on this machine, as an importer shows them. Reads only. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { asObject, asString, type JsonObject, parseJson } from "../../kernel/json.ts";
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

interface KeyFile {
  readonly path: string;
  readonly field: string;
  /** False when the key is for somebody else. */
  readonly isOwn: (settings: JsonObject) => boolean;
}

/** Files beside the login that hold a plain key, by provider. */
const KEY_FILES: Readonly<Record<string, readonly KeyFile[]>> = {
  iflow: [
    { path: ".iflow/settings.json", field: "apiKey", isOwn: ({ baseUrl }) => isIflowHost(asString(baseUrl) ?? "") },
    { path: ".iflow/iflow_accounts.json", field: "iflowApiKey", isOwn: () => true },
  ],
};

/** What shows that a tool keeps its login encrypted: a file, and what it says while somebody is logged in. */
interface EncryptedSign {
  readonly path: string;
  readonly isLoggedIn: (file: JsonObject | undefined) => boolean;
}

const ENCRYPTED_SIGNS: Readonly<Record<string, readonly EncryptedSign[]>> = {
  gemini_cli: [
    // Logging out leaves the file with nobody in it.
    { path: ".gemini/google_accounts.json", isLoggedIn: (file) => (asString(file?.active) ?? "") !== "" },
    { path: ".gemini/gemini-credentials.json", isLoggedIn: () => true },
    { path: ".gemini/mcp-oauth-tokens-v2.json", isLoggedIn: () => true },
  ],
};

/** Settings files are small; anything larger is something else. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Everything the tools left below `home`, in the order of the rows. */
export async function toolLogins({ home, rows }: { readonly home: string; readonly rows: readonly OAuthRow[] }): Promise<ToolLogin[]> {
  const found: ToolLogin[] = [];
  for (const row of rows) {
    const path = join(home, row.toolFile);
    const file = await readGrantFile(path, row.provider);
    if (!("problem" in file)) found.push({ kind: "login", row, path, grant: file.grant });
    else if (!file.isMissing) found.push({ kind: "problem", row, path, problem: file.problem });
    else if (await isEncrypted(row, home)) {
      const problem =
        `${row.toolName} keeps its login in the system's keychain or encrypted, where only it can read it: log in with keyproxy creds add ${row.provider}`;
      found.push({ kind: "problem", row, path, problem });
    }
    found.push(...await keysOf(row, { home, loginKey: "problem" in file ? undefined : file.grant.apiKey?.reveal() }));
  }
  return found;
}

async function isEncrypted({ provider }: OAuthRow, home: string): Promise<boolean> {
  for (const { path, isLoggedIn } of ENCRYPTED_SIGNS[provider] ?? []) {
    const text = await textOf(join(home, path));
    if (text !== undefined && isLoggedIn(asObject(parseJson(text)))) return true;
  }
  return false;
}

async function keysOf(
  row: OAuthRow,
  { home, loginKey }: { readonly home: string; readonly loginKey: string | undefined },
): Promise<ToolLogin[]> {
  const keys = new Map<string, ToolLogin>();
  for (const { path, field, isOwn } of KEY_FILES[row.provider] ?? []) {
    const at = join(home, path);
    const settings = asObject(parseJson(await textOf(at) ?? ""));
    const key = settings !== undefined && isOwn(settings) ? asString(settings[field])?.trim() ?? "" : "";
    // The key that comes with the login is renewed with it.
    if (key === "" || key === loginKey || keys.has(key)) continue;
    keys.set(key, { kind: "key", row, path: at, key: new Secret(key) });
  }
  return [...keys.values()];
}

/** The tool can be pointed at other services, with a key of theirs. */
function isIflowHost(baseUrl: string): boolean {
  if (baseUrl === "") return true;
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : "";
  return host === "iflow.cn" || host.endsWith(".iflow.cn");
}

/** Undefined when there is no file that can be read. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() && stats.size <= MAX_FILE_BYTES ? await readFile(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

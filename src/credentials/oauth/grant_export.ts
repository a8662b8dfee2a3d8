/**
 * Logins as text for another place: `.env` blocks, a file for `docker --env-file`, lines for a shell, or JSON.
 * What is written loads again as the same login, in every format.
 */
import { loginDisplay } from "../credential.ts";
import type { Grant } from "../grant.ts";
import { grantVariables } from "./grant_env.ts";
import type { OAuthRow } from "./row.ts";

export const EXPORT_FORMATS = ["env", "json", "docker", "shell"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportedGrant {
  readonly row: OAuthRow;
  readonly grant: Grant;
  /** In the names of the variables; null: names without a number. */
  readonly number: number | null;
}

/** The text, with a line end, or why there is none. `now`: epoch ms, for the header. */
export function exportGrants(
  items: readonly ExportedGrant[],
  { format, now }: { readonly format: ExportFormat; readonly now: number },
): { readonly text: string } | { readonly problem: string } {
  const heads = new Set<string>();
  for (const { row, number } of items) {
    const head = `${row.prefix}_${number ?? ""}`;
    if (heads.has(head)) {
      const problem = number === null
        ? `Without numbers only one login of ${row.name} can be exported: name it, such as ${row.provider}:1`
        : `Two logins of ${row.name} have the number ${number}`;
      return { problem };
    }
    heads.add(head);
  }
  const blocks = items.map((item) => ({ item, variables: grantVariables(item.row, item.grant, item.number) }));
  if (format === "json") {
    return { text: `${JSON.stringify(Object.fromEntries(blocks.flatMap(({ variables }) => variables)), null, 2)}\n` };
  }
  for (const { variables } of blocks) {
    const odd = variables.find(([, value]) => !isWritable(value, format));
    if (odd !== undefined) return { problem: `${odd[0]} holds a sign that the format "${format}" cannot carry; use --format json` };
  }
  const texts = blocks.map(({ item, variables }) => {
    const lines = variables.map(([name, value]) => written(name, value, format));
    return `${headerOf(item, now)}${lines.join("")}`;
  });
  return { text: texts.join("\n") };
}

function written(name: string, value: string, format: "env" | "docker" | "shell"): string {
  switch (format) {
    case "env":
      return `${name}=${/^[\w.,:/@%+=~-]*$/.test(value) ? value : `'${value}'`}\n`;
    case "docker":
      return `${name}=${value}\n`;
    case "shell":
      return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`;
  }
}

/** A line cannot hold a line end; quotes of an `.env` file cannot hold themselves. */
function isWritable(value: string, format: "env" | "docker" | "shell"): boolean {
  if (/[\r\n\0]/.test(value)) return false;
  return format !== "env" || !value.includes("'");
}

function headerOf({ row, grant }: ExportedGrant, now: number): string {
  const lines = [
    `${row.name}: ${plain(loginDisplay(row.provider, grant))}. Whoever has these lines can use it: keep them secret.`,
    `Exported ${iso(now)}. ${expiryOf(grant, now)}`,
    ...row.rotates ? ["Each renewal ends the refresh token before it: use this login in one place only."] : [],
  ];
  return lines.map((line) => `# ${line}\n`).join("");
}

function expiryOf({ expiresAt, refreshToken }: Grant, now: number): string {
  const when = expiresAt === null
    ? "The access token's end is not known"
    : `The access token ${expiresAt > now ? "ends" : "ended"} ${iso(expiresAt)}`;
  return `${when}; ${refreshToken === null ? "it cannot be renewed" : "keyproxy renews it by itself"}.`;
}

function iso(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** One line, whatever the provider called the account. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?");
}

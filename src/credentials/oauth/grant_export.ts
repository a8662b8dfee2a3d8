/**
 * Logins as text for another place: `.env` blocks, a file for `docker --env-file`, lines for a shell, or JSON.
 * What is written loads again as the same login, in every format; what would not is a problem, and nothing is written.
 */
import { loginDisplay } from "../credential.ts";
import type { Grant } from "../grant.ts";
import { grantVariables, missingVariables, type NamedGrant } from "./grant_env.ts";
import type { OAuthRow } from "./row.ts";

export const EXPORT_FORMATS = ["env", "json", "docker", "shell"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A login and its number in the names of the variables; null: names without a number. */
export type ExportedGrant = NamedGrant;

/** The text, with a line end, or why there is none. `now`: epoch ms, for the header. */
export function exportGrants(
  items: readonly ExportedGrant[],
  { format, now }: { readonly format: ExportFormat; readonly now: number },
): { readonly text: string } | { readonly problem: string } {
  const problem = sameNames(items) ?? incomplete(items);
  if (problem !== undefined) return { problem };
  const blocks = items.map((item) => ({ item, variables: grantVariables(item) }));
  if (format === "json") {
    return { text: `${JSON.stringify(Object.fromEntries(blocks.flatMap(({ variables }) => variables)), null, 2)}\n` };
  }
  const texts: string[] = [];
  for (const { item, variables } of blocks) {
    let text = headerOf(item, now);
    for (const [name, value] of variables) {
      const line = lineOf(name, { value, format });
      if (line === undefined) return { problem: `${name} holds a sign that the format "${format}" cannot carry; use --format json` };
      text += `${line}\n`;
    }
    texts.push(text);
  }
  return { text: texts.join("\n") };
}

function sameNames(items: readonly ExportedGrant[]): string | undefined {
  const heads = new Set<string>();
  for (const { row, number } of items) {
    const head = `${row.prefix}_${number ?? ""}`;
    if (heads.has(head)) {
      return number === null
        ? `Without numbers only one login of ${row.name} can be exported: name it, such as ${row.provider}:1`
        : `Two logins of ${row.name} have the number ${number}`;
    }
    heads.add(head);
  }
  return undefined;
}

function incomplete(items: readonly ExportedGrant[]): string | undefined {
  for (const item of items) {
    const missing = missingVariables(item);
    if (missing.length === 0) continue;
    const { row, grant } = item;
    const why = grant.refreshToken === null ? "it cannot be renewed" : "use it once, so that it is renewed";
    return `The login ${loginDisplay(row.provider, grant)} of ${row.name} cannot be exported, as it has nothing for ${
      missing.join(" and ")
    }: ${why}`;
  }
  return undefined;
}

/** Undefined when the value cannot be written so that it loads back. */
function lineOf(
  name: string,
  { value, format }: { readonly value: string; readonly format: "env" | "docker" | "shell" },
): string | undefined {
  if (/[\r\n\0\u2028\u2029]/.test(value) || value !== value.trim()) return undefined;
  switch (format) {
    case "env": {
      const quoted = quotedForEnv(value);
      return quoted === undefined ? undefined : `${name}=${quoted}`;
    }
    case "docker":
      return `${name}=${value}`;
    case "shell":
      return `export ${name}='${value.replaceAll("'", `'\\''`)}'`;
  }
}

/** The plainest form that dotenv, and a shell that reads the file, take as it is. */
function quotedForEnv(value: string): string | undefined {
  if (/^[\w.,:/@%+=-]+$/.test(value)) return value;
  // A backslash before the closing quote may hide it.
  if (value.endsWith("\\")) return undefined;
  // Double quotes turn some signs behind a backslash into others.
  const quotes = value.includes("\\") ? ["'", "`"] : ["'", '"', "`"];
  const quote = quotes.find((it) => !value.includes(it));
  return quote === undefined ? undefined : `${quote}${value}${quote}`;
}

function headerOf({ row, grant }: ExportedGrant, now: number): string {
  const lines = [
    `${row.name}: ${plain(loginDisplay(row.provider, grant))}. Whoever has these lines can use it: keep them secret.`,
    `Exported ${iso(now)}. ${expiryOf(grant, now)}`,
    ...renewalOf(row),
  ];
  return lines.map((line) => `# ${line}\n`).join("");
}

function expiryOf({ expiresAt }: Grant, now: number): string {
  const when = expiresAt === null
    ? "The access token's end is not known"
    : `The access token ${expiresAt > now ? "ends" : "ended"} ${iso(expiresAt)}`;
  return `${when}; keyproxy renews it by itself.`;
}

function renewalOf({ rotates }: OAuthRow): string[] {
  return rotates ? ["Each renewal ends the refresh token before it: use this login in one place only."] : [];
}

function iso(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** One line, whatever the provider called the account. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\u2027\u202a-\uffff]/g, "?");
}

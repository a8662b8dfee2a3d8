/** `docs/providers.md`: every provider of the catalog with the names a user has to know, written from the rows. */
import type { GeneratedFile } from "../src/config/docs.ts";
import { CATALOG } from "../src/providers/catalog.ts";
import { FAILURE_RULES } from "../src/providers/failure_rules.ts";
import { LOGIN_STATUSES, type LoginStatus } from "../src/providers/login_status.ts";
import type { Auth, ProviderRow } from "../src/providers/row.ts";

export const PROVIDERS_PAGE: GeneratedFile = { path: "docs/providers.md", render };

function render(): string {
  const rows = [...CATALOG].sort((left, right) => left.id.localeCompare(right.id));
  return `# Providers

Generated from the catalog by \`deno task docs\`; ${rows.length} providers. To use one, set its key: \`OPENAI_API_KEY\`,
\`OPENAI_API_KEY_2\`, … A model is then called \`<id>/<model>\`, for example \`openai/gpt-4o-mini\`.

Any other OpenAI-compatible server needs no row: \`MYSERVER_API_BASE=http://127.0.0.1:8080/v1\` makes a provider
\`myserver\`, with or without \`MYSERVER_API_KEY\`. For a provider of the table the same variable replaces its address.

All rows but \`gemini_cli\` speak the OpenAI wire format and share one code path, which is tested against a simulated provider; their own
failures are tested with bodies of the shape each vendor documents or that others have recorded. None of them was
called live by these tests. "Own failures" says how many rules a row has for the ways it words errors.

| id | provider | key variable | serves | key sent as | address | own failures | remarks |
|---|---|---|---|---|---|---|---|
${rows.map(line).join("\n")}

## Logins

Some providers take an OAuth login ([how that works](logins.md)). The vendors made these logins for tools of their own;
this is how each stands, with the day it began and where the fact is from. \`keyproxy creds add\` shows the same and
asks before it goes on with one that is not open.

| id | status | since | what it means | source |
|---|---|---|---|---|
${LOGIN_STATUSES.map(loginLine).join("\n")}
`;
}

function loginLine({ provider, status, since, summary, advice, source }: LoginStatus): string {
  return `| \`${provider}\` | ${status} | ${since} | ${summary} ${advice} | [${source.title}](${source.url}) |`;
}

function line(row: ProviderRow): string {
  const keys = [...row.prefixes.map((prefix) => `${prefix}_API_KEY`), ...row.keyVariables ?? []].map((name) => `\`${name}\``).join("<br>");
  const quirks = (row.quirks ?? []).map((quirk) => {
    if (typeof quirk === "string") return quirk.replaceAll("_", " ");
    return "keep" in quirk ? `takes only ${quirk.keep.join(", ")}` : `drops ${quirk.drop.join(", ")}`;
  });
  const rules = (FAILURE_RULES[row.id]?.length ?? 0) + (row.failures?.length ?? 0);
  const remarks = [row.note ?? "", quirks.join("; ")].filter((part) => part !== "").join(" · ");
  const cells = [
    `\`${row.id}\``,
    row.name,
    keys,
    row.operations.join(", ") || "nothing yet",
    sentAs(row.auth),
    `\`${row.baseUrl}\``,
    rules || "",
    remarks,
  ];
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

function sentAs(auth: Auth): string {
  switch (auth.kind) {
    case "bearer":
      return "bearer";
    case "bearer_optional":
      return "bearer, if set";
    case "none":
      return "not needed";
    case "oauth":
      return auth.takesKeys ? "token of a login, or bearer" : "token of a login";
    case "header":
      return `\`${auth.name}\``;
  }
}

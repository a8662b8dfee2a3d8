/** `docs/providers.md`: every provider of the catalog with the names a user has to know, written from the rows. */
import type { GeneratedFile } from "../src/config/docs.ts";
import { CATALOG } from "../src/providers/catalog.ts";
import { FAILURE_RULES } from "../src/providers/failure_rules.ts";
import { LOGIN_STATUSES, type LoginStatus } from "../src/providers/login_status.ts";
import type { ProviderRow } from "../src/providers/row.ts";
import { authWords, formatWords, keyVariables, quirkWords } from "../src/providers/row_words.ts";

export const PROVIDERS_PAGE: GeneratedFile = { path: "docs/providers.md", render };

function render(): string {
  const rows = [...CATALOG].sort((left, right) => left.id.localeCompare(right.id));
  return `# Providers

Generated from the catalog by \`deno task docs\`; ${rows.length} providers. To use one, set its key: \`OPENAI_API_KEY\`,
\`OPENAI_API_KEY_2\`, … A model is then called \`<id>/<model>\`, for example \`openai/gpt-4o-mini\`.

Any other OpenAI-compatible server needs no row: \`MYSERVER_API_BASE=http://127.0.0.1:8080/v1\` makes a provider
\`myserver\`, with or without \`MYSERVER_API_KEY\`. For a provider of the table the same variable replaces its address.

A name in braces in an address is filled from the variable of that name: \`AWS_REGION=eu-west-1\`.

Every provider can be asked in every dialect of clients; "format" is the one it speaks itself:

| format | tested against |
|---|---|
${FORMATS.map(([format, tested]) => `| ${format} | ${tested} |`).join("\n")}

None of the providers was called live by these tests. Failures of single providers are tested with bodies of the shape each vendor
documents or that others have recorded; "own failures" says how many rules a row has for the ways it words errors.

| id | provider | format | key variable | serves | key sent as | address | own failures | remarks |
|---|---|---|---|---|---|---|---|---|
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

/** Formats by their names in rows, and what the tests hold each against. */
const FORMATS: readonly (readonly [format: ProviderRow["protocol"], tested: string])[] = [
  ["openai", "a simulated provider with every fault of a wire: chat, completions, embeddings, and the bytes of the rest"],
  ["responses", "a simulated Responses API with its whole sequence of events; only beside another format"],
  ["anthropic", "a simulated Messages API that refuses what the real one refuses"],
  ["gemini", "a simulated generateContent with the real one's checks of fields, history and settings; batchEmbedContents, cachedContents"],
  [
    "vertex",
    "as gemini, with keys of the express mode and service accounts; predict and embedContent; Claude by rawPredict and streamRawPredict",
  ],
  ["azure", "as openai, under both forms of Azure's addresses"],
  ["cohere", "a simulated v2 chat"],
  [
    "bedrock",
    "a simulated Converse with its event streams, embeddings by invoke (Titan, Cohere), lists of models and profiles; signatures against Amazon's worked example",
  ],
];

function loginLine({ provider, status, since, summary, advice, source }: LoginStatus): string {
  return `| \`${provider}\` | ${status} | ${since} | ${summary} ${advice} | [${source.title}](${source.url}) |`;
}

function line(row: ProviderRow): string {
  const keys = keyVariables(row).map((name) => `\`${name}\``).join("<br>");
  const quirks = (row.quirks ?? []).map(quirkWords);
  const rules = (FAILURE_RULES[row.id]?.length ?? 0) + (row.failures?.length ?? 0);
  const remarks = [row.note ?? "", quirks.join("; ")].filter((part) => part !== "").join(" · ");
  const cells = [
    `\`${row.id}\``,
    row.name,
    formatWords(row),
    keys,
    row.operations.join(", ") || "nothing yet",
    row.protocol === "bedrock" ? "bearer, or as a signature of each call" : authWords(row.auth),
    `\`${row.baseUrl}\``,
    rules || "",
    remarks,
  ];
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

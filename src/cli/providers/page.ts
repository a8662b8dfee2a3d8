/** Providers as a table, and one on a page of its own. Pure. */
import { naturalOrder } from "../../kernel/variables.ts";
import type { LoginStatus } from "../../providers/login_status.ts";
import type { ProviderRow } from "../../providers/row.ts";
import { authWords, formatWords, keyVariables, quirkWords } from "../../providers/row_words.ts";
import { harmless } from "../../terminal/harmless.ts";
import { namedRows } from "../../terminal/named_rows.ts";
import type { Column } from "../../terminal/table.ts";
import type { Cell, Paint } from "../../terminal/text.ts";
import { cutTo, wrapped } from "../../terminal/width.ts";
import { counted } from "../../terminal/words.ts";
import { takesKey } from "../creds/provider_choice.ts";
import type { KnownProvider } from "./known.ts";

interface Look {
  readonly paint: Paint;
  /** Columns; `Infinity` for files and pipes. */
  readonly width: number;
}

const COLUMNS: readonly Column[] = [{ shrinks: "yes" }, { shrinks: "yes" }, { shrinks: "no" }, { shrinks: "no" }];

export function providerTable(
  providers: readonly KnownProvider[],
  { header, ...look }: Look & { readonly header: "yes" | "no" },
): string[] {
  const titles = ["name", "variable", "format", ""].map((text): Cell => ({ text, style: "dim" }));
  const title = { name: { text: "provider", style: "dim" } as const, cells: titles };
  return namedRows([...(header === "yes" ? [title] : []), ...providers.map(rowOf)], { ...look, columns: COLUMNS });
}

function rowOf({ row, credentials, login }: KnownProvider): { readonly name: Cell; readonly cells: Cell[] } {
  const isUsed = credentials.length > 0;
  const format = row.operations.length === 0 ? "–" : row.protocol;
  const remarks = [
    isUsed ? counted(credentials.length, "credential") : "",
    login === null ? "" : "login",
    row.listing === null ? "no list" : "",
  ].filter((it) => it !== "");
  return {
    name: { text: row.id, ...(isUsed ? { style: "green" as const } : {}) },
    cells: [
      { text: row.name === row.id ? "" : row.name },
      { text: takesKey(row) ? keyVariables(row)[0] ?? "" : "" },
      { text: format },
      { text: remarks.join(", "), style: isUsed ? "green" : "dim" },
    ],
  };
}

/** What a page tells beyond the provider itself. */
export interface ProviderFacts {
  /** The address in force, or the variable it still needs. */
  readonly place: { readonly baseUrl: string } | { readonly missing: string };
  readonly loginStatus: LoginStatus | undefined;
}

export function providerPage(known: KnownProvider, { place, loginStatus }: ProviderFacts, { paint, width }: Look): string[] {
  const { row, credentials, login, isCustom } = known;
  const pair = (name: string, values: readonly string[]) =>
    values.flatMap((value) => wrapped(value, width - NAME_COLUMNS).split("\n")).map((line, at) =>
      `${paint("dim", (at === 0 ? name : "").padEnd(NAME_COLUMNS))}${line}`
    );
  return [
    `${paint("bold", row.id)}  ${row.name === row.id ? "your own provider" : row.name}`,
    ...(row.note === undefined ? [] : wrapped(row.note, width).split("\n")),
    "",
    ...pair("Address", ["baseUrl" in place ? place.baseUrl : `${row.baseUrl} (set ${place.missing})`]),
    ...pair("Format", [row.operations.length === 0 ? "one of its own, which is not translated yet" : formatWords(row)]),
    ...pair("Serves", row.operations.length === 0 ? [] : [row.operations.join(", ")]),
    ...pair("Models", [listingWords(row)]),
    ...pair("Key", [`${authWords(row.auth).replaceAll("`", "")}${row.auth.kind === "header" ? " header" : ""}`]),
    ...pair("Variables", variablesOf(row)),
    ...pair("Login", login === null ? [] : loginWords(loginStatus)),
    ...pair("Quirks", (row.quirks ?? []).map((quirk) => quirkWords(quirk))),
    ...pair("Here", [credentials.length === 0 ? "not configured" : ""].filter((it) => it !== "")),
    ...pair(
      "Here",
      credentials.map((view) => cutTo(harmless(`${row.id}:${view.number}  ${view.display}  ${view.source}`), width - NAME_COLUMNS)),
    ),
    "",
    ...addWords(known, isCustom),
  ].filter((line, at, all) => line !== "" || all[at - 1] !== "");
}

const NAME_COLUMNS = 11;

function listingWords({ listing, models = [], prefixes }: ProviderRow): string {
  if (listing === null) {
    return models.length > 0
      ? `${counted(models.length, "model")} known; it has no list`
      : `it has no list: name them in ${prefixes[0] ?? "P"}_MODELS`;
  }
  return listing.isPublic ? "listed by the provider, without a key too" : "listed by the provider";
}

function variablesOf(row: ProviderRow): string[] {
  const prefix = row.prefixes[0] ?? "";
  const keys = takesKey(row) ? [keyVariables(row).join(" or "), `${prefix}_API_KEY_2, … for more keys`] : [];
  const places = [...new Set([...`${row.baseUrl} ${row.listing?.path ?? ""}`.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name))];
  const isAddressGiven = places.includes(`${prefix}_API_BASE`);
  return [
    ...keys,
    ...places.toSorted(naturalOrder).map((name) => `${name}, a part of its address`),
    ...(isAddressGiven ? [] : [`${prefix}_API_BASE, to use another address`]),
    `${prefix}_MODELS, IGNORE_MODELS_${prefix}, WHITELIST_MODELS_${prefix}`,
  ];
}

function loginWords(status: LoginStatus | undefined): string[] {
  if (status === undefined || status.status === "open") return ["keyproxy can log in"];
  return [`${status.status} since ${status.since}. ${status.summary} ${status.advice}`, status.source.url];
}

function addWords({ row, login }: KnownProvider, isCustom: boolean): string[] {
  if (row.operations.length === 0) return [];
  const key = takesKey(row) ? [`  $ keyproxy creds add ${row.id}${isCustom ? " --custom" : ""}`] : [];
  const byLogin = login === null ? [] : [`  $ keyproxy creds add ${row.id}${takesKey(row) ? " --login" : ""}`];
  return [`Add ${key.length > 0 ? "a key" : "a login"}${key.length > 0 && byLogin.length > 0 ? " or a login" : ""}:`, ...key, ...byLogin];
}

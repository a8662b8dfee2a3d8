/**
 * Settings of ours laid into a tool's own file: whatever else stands there stays, to the letter where the format has
 * comments. Pure; undefined when the file cannot be read, or would not say what it shall, so that nothing of it is lost.
 */
import { parse } from "dotenv";
import { isDeepStrictEqual } from "node:util";
import { parse as parseTomlText } from "smol-toml";
import { asObject, isObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { Wanted } from "./tools.ts";

/** The file's text with our settings in it; the very same text when they are there already. */
export function merged(text: string, wanted: Wanted): string | undefined {
  switch (wanted.format) {
    case "json":
      return mergedJson(text, wanted.settings);
    case "toml":
      return mergedToml(text, wanted);
    case "env":
      return mergedEnv(text, wanted.variables);
  }
}

function mergedJson(text: string, settings: JsonObject): string | undefined {
  const current = text.trim() === "" ? {} : asObject(parseJson(text));
  if (current === undefined) return undefined;
  const next = laidOver(current, settings);
  return JSON.stringify(next) === JSON.stringify(current) ? text : `${JSON.stringify(next, null, 2)}\n`;
}

/** Objects are merged, everything else is replaced. */
function laidOver(current: JsonObject, settings: JsonObject): JsonObject {
  const next: Record<string, JsonObject[string]> = { ...current };
  for (const [name, value] of Object.entries(settings)) {
    const [known, given] = [asObject(current[name]), asObject(value)];
    next[name] = known !== undefined && given !== undefined && isObject(value) ? laidOver(known, given) : value;
  }
  return next;
}

/** Lines that begin a table. */
const TABLE = /^\s*\[/;

function mergedToml(text: string, { top, table, fields }: Extract<Wanted, { readonly format: "toml" }>): string | undefined {
  const before = parsedToml(text);
  if (before === undefined) return undefined;
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const head = lines.findIndex((line) => TABLE.test(line));
  const above = head < 0 ? lines : lines.slice(0, head);
  const below = head < 0 ? [] : lines.slice(head);
  const next = `${[...withLines(above, top), ...withTable(below, table, fields)].join("\n")}\n`;
  // Edited by its lines, read by its meaning: lines in long texts, and tables written in one line, look like others.
  const nested = table.split(".").reduceRight<JsonObject>((inner, name) => ({ [name]: inner }), fields);
  return isDeepStrictEqual(parsedToml(next), laidOver(laidOver(before, top), nested)) ? next : undefined;
}

/** Undefined when it is no TOML. Dates and the like are compared by their JSON. */
function parsedToml(text: string): JsonObject | undefined {
  try {
    return asObject(parseJson(JSON.stringify(parseTomlText(text))));
  } catch {
    return undefined;
  }
}

function lineOf(name: string, value: string): string {
  return `${name} = ${JSON.stringify(value)}`;
}

function withLines(lines: readonly string[], values: Readonly<Record<string, string>>): readonly string[] {
  const left = new Map(Object.entries(values));
  const kept = lines.map((line) => {
    const name = /^\s*([\w-]+)\s*=/.exec(line)?.[1] ?? "";
    const value = left.get(name);
    if (value === undefined) return line;
    left.delete(name);
    return lineOf(name, value);
  });
  const added = [...left].map(([name, value]) => lineOf(name, value));
  return added.length === 0 ? kept : [...added, ...kept];
}

function withTable(lines: readonly string[], table: string, fields: Readonly<Record<string, string>>): readonly string[] {
  const own = [`[${table}]`, ...Object.entries(fields).map(([name, value]) => lineOf(name, value))];
  const start = lines.findIndex((line) => line.trim().replace(/\s*#.*$/, "") === `[${table}]`);
  if (start < 0) return [...lines, "", ...own];
  const length = lines.slice(start + 1).findIndex((line) => TABLE.test(line));
  const end = length < 0 ? lines.length : start + 1 + length;
  const rest = lines.slice(start + 1, end);
  // What a person added to our table stays.
  const names = new Set(Object.keys(fields));
  const kept = rest.filter((line) => !names.has(/^\s*([\w-]+)\s*=/.exec(line)?.[1] ?? ""));
  return [...lines.slice(0, start), ...own, ...kept, ...lines.slice(end)];
}

function mergedEnv(text: string, variables: Readonly<Record<string, string>>): string | undefined {
  const current = parse(text);
  const changed = new Map(Object.entries(variables).filter(([name, value]) => current[name] !== value));
  if (changed.size === 0) return text;
  const left = new Map(changed);
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  // Of several lines for a variable the last one counts: all of them are replaced.
  const kept = lines.map((line) => {
    const name = /^\s*(?:export\s+)?([A-Z0-9_]+)\s*=/i.exec(line)?.[1] ?? "";
    const value = changed.get(name);
    if (value === undefined) return line;
    left.delete(name);
    return `${name}=${value}`;
  });
  const next = `${[...kept, ...[...left].map(([name, value]) => `${name}=${value}`)].join("\n")}\n`;
  // A value may go over several lines, of which one may look like a variable of ours.
  return isDeepStrictEqual({ ...parse(next) }, { ...current, ...variables }) ? next : undefined;
}

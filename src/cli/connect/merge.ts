/**
 * Settings of ours laid into a tool's own file: whatever else stands there stays, to the letter where the format has
 * comments. Pure; undefined when the file cannot be read, so that nothing of it is lost.
 */
import { parse } from "dotenv";
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

function mergedToml(text: string, { top, table, fields }: Extract<Wanted, { readonly format: "toml" }>): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const head = lines.findIndex((line) => TABLE.test(line));
  const above = head < 0 ? lines : lines.slice(0, head);
  const below = head < 0 ? [] : lines.slice(head);
  const next = [...withLines(above, top), ...withTable(below, table, fields)];
  return `${next.join("\n")}\n`;
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

function mergedEnv(text: string, variables: Readonly<Record<string, string>>): string {
  const current = parse(text);
  const changed = Object.entries(variables).filter(([name, value]) => current[name] !== value);
  if (changed.length === 0) return text;
  const left = new Map(changed);
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const kept = lines.map((line) => {
    const name = /^\s*(?:export\s+)?([A-Z0-9_]+)\s*=/i.exec(line)?.[1] ?? "";
    const value = left.get(name);
    if (value === undefined) return line;
    left.delete(name);
    return `${name}=${value}`;
  });
  return `${[...kept, ...[...left].map(([name, value]) => `${name}=${value}`)].join("\n")}\n`;
}

/**
 * `.env` files: read line by line, and edited in place. What is set here loads back through dotenv unchanged,
 * and everything that was not asked for keeps its bytes.
 */
import { parse } from "dotenv";
import { readFile, writeFile } from "node:fs/promises";
import { hasCode, writeFileAtomic } from "../kernel/atomic_file.ts";
import { systemClock, systemRandom } from "../kernel/clock.ts";
import { takeLock } from "../kernel/lock_file.ts";

/** Variables to set, or to remove with null. */
export type EnvChanges = Readonly<Record<string, string | null>>;

/** One piece of a file; the texts of all pieces, joined, are the file. */
export type EnvSegment =
  | { readonly kind: "other"; readonly text: string; readonly line: number }
  /** Not blank, no comment, no assignment. `expected` says what would have been right; the text itself may be a secret. */
  | { readonly kind: "broken"; readonly text: string; readonly line: number; readonly expected: string }
  | EnvAssignment;

export interface EnvAssignment {
  readonly kind: "assignment";
  readonly text: string;
  /** Line of the name; the first is 1. */
  readonly line: number;
  readonly name: string;
  /** Everything before the value: indent, `export`, name, `=`. */
  readonly head: string;
  readonly quote: Quote;
  /** Everything after the value on its last line: blanks, comment, line end. */
  readonly tail: string;
}

export type Quote = "" | '"' | "'" | "`";

const LINES = /[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g;
const HEAD = /^\s*(?:export\s+)?([\w.-]+)\s*=[^\S\r\n]*/;
/** What may follow a closing quote. */
const TAIL = /^[^\S\r\n]*(?:#[^\r\n]*)?(?=[\r\n]|$)/;

/** Cuts a file into its pieces, with dotenv's idea of where a value ends. */
export function scanEnv(text: string): EnvSegment[] {
  const segments: EnvSegment[] = [];
  const lines = text.match(LINES) ?? [];
  let offset = 0;
  for (let at = 0; at < lines.length;) {
    const segment = segmentAt(text.slice(offset), lines[at] ?? "", at + 1);
    segments.push(segment);
    offset += segment.text.length;
    at += (segment.text.match(LINES) ?? []).length;
  }
  return segments;
}

function segmentAt(rest: string, text: string, line: number): EnvSegment {
  if (/^\s*(#|$)/.test(text)) return { kind: "other", text, line };
  const match = HEAD.exec(text);
  const [head = "", name = ""] = match ?? [];
  if (match === null) return { kind: "broken", text, line, expected: "NAME=value, a # comment or an empty line" };
  const quote = quoteOf(text[head.length]);
  if (quote === "") return unquoted({ text, line, name, head });
  const end = closingQuote(rest, head.length, quote);
  if (end !== undefined) {
    const ownText = rest.slice(0, end) + (/^[^\r\n]*(?:\r\n|\r|\n)?/.exec(rest.slice(end))?.[0] ?? "");
    return { kind: "assignment", text: ownText, line, name, head, quote, tail: ownText.slice(end) };
  }
  // dotenv also takes a line such as NAME='it's' as one value when its last quote is at the end.
  const loose = new RegExp(`^${quote}[^#\\r\\n]*${quote}(?=\\s*(?:#|$))`).exec(text.slice(head.length));
  if (loose === null) return { kind: "broken", text, line, expected: `a closing ${quote} at the end of the value` };
  return { kind: "assignment", text, line, name, head, quote, tail: text.slice(head.length + loose[0].length) };
}

function unquoted(place: { readonly text: string; readonly line: number; readonly name: string; readonly head: string }): EnvAssignment {
  const value = /^[^#\r\n]*/.exec(place.text.slice(place.head.length))?.[0].trimEnd() ?? "";
  return { kind: "assignment", ...place, quote: "", tail: place.text.slice(place.head.length + value.length) };
}

function quoteOf(sign: string | undefined): Quote {
  return sign === '"' || sign === "'" || sign === "`" ? sign : "";
}

/**
 * Offset just after the quote that closes the value opened at `start`. As in dotenv, a quote after a backslash
 * closes only when the first free quote cannot, the last such one first.
 */
function closingQuote(text: string, start: number, quote: Quote): number | undefined {
  const candidates: number[] = [];
  for (let at = text.indexOf(quote, start + 1); at !== -1; at = text.indexOf(quote, at + 1)) {
    candidates.unshift(at + 1);
    if (text[at - 1] !== "\\") break;
  }
  return candidates.find((end) => TAIL.test(text.slice(end)));
}

/**
 * The text with the changes made: the last assignment of a name is rewritten in its own style, a new name is
 * appended, null removes every assignment of a name. Throws when a name is no variable name or a value cannot
 * be written so that it loads back; the message holds the name, never the value.
 */
export function setVariables(text: string, changes: EnvChanges): string {
  const lineEnd = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const segments = scanEnv(text);
  const pieces: (string | null)[] = segments.map((segment) => segment.text);
  const added: string[] = [];
  for (const [name, value] of Object.entries(changes)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new Error("a variable has a name of letters, digits and _, not beginning with a digit");
    }
    const last = segments.findLastIndex((it) => it.kind === "assignment" && it.name === name);
    const old = segments[last];
    if (value === null) {
      segments.forEach((it, at) => it.kind === "assignment" && it.name === name && (pieces[at] = null));
    } else if (old?.kind === "assignment") {
      pieces[last] = old.head + written(name, value, old) + old.tail;
    } else {
      added.push(`${name}=${written(name, value)}${lineEnd}`);
    }
  }
  const kept = pieces.filter((piece) => piece !== null).join("");
  const isOpen = added.length > 0 && kept !== "" && !/[\r\n]$/.test(kept);
  const edited = kept + (isOpen ? lineEnd : "") + added.join("");
  verify(text, edited, changes);
  return edited;
}

/** The value as it stands in the file: in its old quotes when they fit, else in the plainest that do. */
function written(name: string, value: string, old?: EnvAssignment): string {
  const tail = old?.tail ?? "";
  const bare = /^[\w.,:/@%+=-]*$/.test(value) ? [value] : [];
  // In single quotes a shell that reads the same file expands nothing either.
  const quotes: Quote[] = /[$`\\]/.test(value) ? ["'", '"', "`"] : ['"', "'", "`"];
  const quoted = quotes.filter((quote) => !value.includes(quote) && !value.endsWith("\\")).map((quote) => inQuotes(value, quote));
  const kept = old === undefined || old.quote === "" ? [] : quoted.filter((it) => it.startsWith(old.quote));
  // Without quotes dotenv takes everything up to a #, so this is the last thing to try.
  const candidates = [...kept, ...bare, ...quoted, ...quotes.map((quote) => inQuotes(value, quote)), value];
  const found = candidates.find((candidate) => parse(`X=${candidate}${tail}`)["X"] === value);
  if (found === undefined) throw cannotWrite(name);
  return found;
}

/** Only double quotes know escapes, and only for line ends. */
function inQuotes(value: string, quote: Quote): string {
  return quote === '"' ? `"${value.replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"` : quote + value + quote;
}

function verify(before: string, after: string, changes: EnvChanges): void {
  const wanted = new Map(Object.entries(parse(before)));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) wanted.delete(name);
    else wanted.set(name, value);
  }
  const found = new Map(Object.entries(parse(after)));
  for (const name of new Set([...wanted.keys(), ...found.keys()])) {
    if (wanted.get(name) !== found.get(name)) throw cannotWrite(name);
  }
}

function cannotWrite(name: string): Error {
  return new Error(`it cannot hold the value of ${name}, which has all kinds of quotes in it`);
}

/** Longest wait for another process that edits the same file. */
const MAX_WAIT_MS = 20_000;

/**
 * Changes the file at `path`, which is created when missing, mode 0600. The first edit keeps the old file as
 * `<path>.bak`. One process edits at a time; changes given as a function are decided when it is this one's turn.
 * Throws when the file cannot be read or written, or a change cannot be expressed.
 */
export async function writeEnvFile(path: string, changes: EnvChanges | (() => Promise<EnvChanges>)): Promise<void> {
  const lock = await takeLock({
    path: `${path}.lock`,
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
    maxWaitMs: MAX_WAIT_MS,
  });
  if (lock.kind === "busy") throw new Error("another process is changing it; try again");
  try {
    // Where no lock can be made nothing can be written either: what follows says why.
    await edit(path, typeof changes === "function" ? await changes() : changes);
  } finally {
    if (lock.kind === "held") await lock.release();
  }
}

async function edit(path: string, changes: EnvChanges): Promise<void> {
  if (Object.keys(changes).length === 0) return;
  const before = await readIfThere(path);
  const after = setVariables(before ?? "", changes);
  if (after === before) return;
  if (before !== undefined) await keepFirstBackup(path, before);
  await writeFileAtomic(path, after, 0o600);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function keepFirstBackup(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.bak`, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}

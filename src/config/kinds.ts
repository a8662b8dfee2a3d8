/**
 * The kinds of values a setting can have: each turns text into a value in the unit the program uses, and says
 * in words what it wants. A kind never puts the text it was given into its wording.
 */
import { z } from "zod";
import { Secret } from "../kernel/secret.ts";
import { type ModelPattern, readPatterns } from "./model_names.ts";

/** How a text is read, and what to tell a person who wrote another. */
export interface Kind<T> {
  readonly schema: z.ZodType<T, string>;
  /** Completes "expected …". */
  readonly expected: string;
  /** The values there are, where they are few. */
  readonly words?: readonly string[];
}

/** Limits of a number, in the unit a person writes; both ends belong to it. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** No time-out or rest may be longer: a week, in seconds. */
export const LONGEST_SECONDS = 7 * 24 * 3600;

function kind<T extends NonNullable<unknown> | null>(expected: string, read: (text: string) => T | undefined): Kind<T> {
  const schema = z.string().transform((text, context) => {
    const value = read(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
  return { schema, expected };
}

/** A plain decimal within the bounds; never NaN, hexadecimal, exponents or infinities. */
function readNumber(text: string, { min, max }: Bounds): number | undefined {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function readInteger(text: string, bounds: Bounds): number | undefined {
  return /^-?\d+$/.test(text) ? readNumber(text, bounds) : undefined;
}

/** Seconds, decimals allowed, given back as whole ms. */
export function seconds(bounds: Bounds): Kind<number> {
  return kind(`a number of seconds from ${bounds.min} to ${bounds.max}`, (text) => {
    const value = readNumber(text, bounds);
    return value === undefined ? undefined : Math.round(value * 1000);
  });
}

/** A whole number. */
export function integer(bounds: Bounds): Kind<number> {
  return kind(`a whole number from ${bounds.min} to ${bounds.max}`, (text) => readInteger(text, bounds));
}

/** A number, decimals allowed. */
export function decimal(bounds: Bounds): Kind<number> {
  return kind(`a number from ${bounds.min} to ${bounds.max}`, (text) => readNumber(text, bounds));
}

/** A limit: a whole number, where 0 and less mean `Infinity`. */
export function limit(max: number): Kind<number> {
  return kind(`a whole number up to ${max} (0 or less: unlimited)`, (text) => {
    const value = readInteger(text, { min: -max, max });
    return value !== undefined && value <= 0 ? Infinity : value;
  });
}

const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["on", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["off", false],
  ["no", false],
  ["0", false],
]);

/** Yes or no. */
export function onOff(): Kind<boolean> {
  return { ...kind("true or false", (text) => SWITCH_WORDS.get(text.toLowerCase())), words: ["true", "false"] };
}

/** One of some words, in any case. `also` maps further spellings to one of them. */
export function oneOf<const T extends string>(words: readonly T[], also: Readonly<Record<string, T>> = {}): Kind<T> {
  const read = (text: string) => {
    const word = text.toLowerCase();
    return words.find((it) => it === word) ?? (Object.hasOwn(also, word) ? also[word] : undefined);
  };
  return { ...kind(`one of ${words.join(", ")}`, read), words };
}

function split(text: string): string[] {
  return [...new Set(text.split(",").map((it) => it.trim()).filter((it) => it !== ""))];
}

/** Texts separated by commas; blank and repeated ones are dropped. */
export function list(what: string): Kind<readonly string[]> {
  return kind(`${what}, separated by commas`, (text) => split(text));
}

/** Patterns of model names and where they lead. */
export function modelPatterns(): Kind<readonly ModelPattern[]> {
  return kind("pattern:provider/model, several separated by commas", readPatterns);
}

/** Secrets separated by commas. */
export function secrets(what: string): Kind<readonly Secret[]> {
  return kind(`${what}, separated by commas`, (text) => split(text).map((it) => new Secret(it)));
}

/** Some seconds separated by commas, given back as ms. */
export function secondsList(bounds: Bounds): Kind<readonly number[]> {
  return kind(`1 to 32 numbers of seconds from ${bounds.min} to ${bounds.max}, separated by commas`, (text) => {
    const steps = text.split(",").map((it) => readNumber(it.trim(), bounds));
    if (steps.length > 32) return undefined;
    const stepsMs = steps.flatMap((step) => step === undefined ? [] : [Math.round(step * 1000)]);
    return stepsMs.length === steps.length ? stepsMs : undefined;
  });
}

/** A time of day, given back as minutes after midnight. */
export function timeOfDay(): Kind<number> {
  return kind("a time of day such as 03:00", (text) => {
    const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
    return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
  });
}

/** An address to listen on; brackets around an IPv6 address are taken off. */
export function listenHost(): Kind<string> {
  return kind("an address or host name without a port, such as 127.0.0.1", (text) => {
    const host = text.replace(/^\[(.*)\]$/, "$1");
    const isName = /^[A-Za-z0-9._-]+$/.test(host);
    const isIpv6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[\w.-]+)?$/.test(host);
    return isName || isIpv6 ? host : undefined;
  });
}

/** A path, as written. */
export function path(): Kind<string> {
  return kind("a path", (text) => text === "" ? undefined : text);
}

/** Browser origins separated by commas, or `*`. */
export function origins(): Kind<readonly string[]> {
  return kind("origins such as https://app.example, separated by commas, or *", (text) => {
    const found = split(text).map((it) => it.replace(/\/$/, ""));
    const isOrigin = (it: string) => it === "*" || (URL.canParse(it) && /^https?:/.test(it) && new URL(it).origin === it.toLowerCase());
    return found.every(isOrigin) ? found.map((it) => it.toLowerCase()) : undefined;
  });
}

/** The address of an HTTP proxy, or null when blank. It may hold a password, hence a secret. */
export function proxyAddress(): Kind<Secret | null> {
  return kind("the address of an HTTP proxy such as http://proxy.example:3128", (text) => {
    if (text === "") return null;
    const address = text.includes("://") ? text : `http://${text}`;
    return URL.canParse(address) && /^https?:\/\/[^/]/.test(address) ? new Secret(address) : undefined;
  });
}

/** The signs of the status screen, each one column wide, in two alphabets; and how latencies become a row of bars. Pure. */

/** `unicode`: the terminal shows any sign; `ascii`: only the 95 oldest are safe. */
export type SignSet = "unicode" | "ascii";

export interface Signs {
  readonly set: SignSet;
  /** Something was cut off here. */
  readonly cut: string;
  /** Between facts. */
  readonly dot: string;
  readonly rule: string;
  readonly pointer: string;
  /** Before what belongs to the line above. */
  readonly branch: string;
  /** From one attempt to the next. */
  readonly then: string;
  readonly good: string;
  readonly bad: string;
  readonly up: string;
  readonly down: string;
  readonly caret: string;
  /** By the word for a credential's state. */
  readonly states: ReadonlyMap<string, string>;
  /** Eight, from low to high. */
  readonly bars: string;
}

const UNICODE: Signs = {
  set: "unicode",
  cut: "…",
  dot: "·",
  rule: "─",
  pointer: "▸",
  branch: "└",
  then: "›",
  good: "✔",
  bad: "✖",
  up: "↑",
  down: "↓",
  caret: "▏",
  states: new Map([["ready", "●"], ["busy", "◉"], ["cooling", "◔"], ["quarantined", "✖"], ["disabled", "■"]]),
  bars: "▁▂▃▄▅▆▇█",
};

const ASCII: Signs = {
  set: "ascii",
  cut: "~",
  dot: "|",
  rule: "-",
  pointer: ">",
  branch: "`",
  then: ">",
  good: "+",
  bad: "x",
  up: "^",
  down: "v",
  caret: "_",
  states: new Map([["ready", "+"], ["busy", "*"], ["cooling", "~"], ["quarantined", "x"], ["disabled", "-"]]),
  bars: "_.:-=+*#",
};

export function signsOf(set: SignSet): Signs {
  return set === "unicode" ? UNICODE : ASCII;
}

/** What the terminal of this environment can show: the Linux console and locales without UTF-8 get ASCII. */
export function signSetOf(env: Readonly<Record<string, string | undefined>>, platform: string): SignSet {
  if (env["TERM"] === "linux" || env["TERM"] === "dumb") return "ascii";
  if (platform === "win32") return "unicode";
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return /utf-?8/i.test(locale) ? "unicode" : "ascii";
}

/**
 * The newest values, at most `width`, as bars: half height is this row's own median, full height twice that or more.
 * So a steady credential shows a flat line in the middle, whatever its speed, and a slow spell stands out.
 */
export function bars(values: readonly number[], width: number, signs: Signs): string {
  const shown = width <= 0 ? [] : values.slice(-width);
  const steps = [...signs.bars];
  const middle = median(values);
  return shown.map((value) => {
    const share = middle <= 0 ? 0 : value / (2 * middle);
    const step = Math.min(steps.length - 1, Math.max(0, Math.ceil(share * steps.length) - 1));
    return steps[step] ?? "";
  }).join("");
}

/** The middle value; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

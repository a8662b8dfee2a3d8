/**
 * The program's own log (not the request log). One line an event, pretty or JSON, on standard error, so
 * that standard output stays the result of a command. Secrets cannot get in: they are `Secret`s.
 */
import { configureSync, getAnsiColorFormatter, getJsonLinesFormatter, getLogger, getTextFormatter, type Logger } from "@logtape/logtape";
import process from "node:process";

export type { Logger };
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = "pretty" | "json";

/** Sets level and form for the process. Called once by a command, before anything logs; calling it again replaces both. */
export function configureLog(options: { readonly level: LogLevel; readonly format: LogFormat; readonly colour: "ansi" | "plain" }): void {
  const formatter = formatterOf(options);
  configureSync({
    reset: true,
    sinks: { stderr: (record) => void process.stderr.write(formatter(record)) },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
      { category: "keyproxy", lowestLevel: options.level, sinks: ["stderr"] },
    ],
  });
}

/** The logger of one part of the program, e.g. `logger("pool")`. Silent until {@link configureLog}. */
export function logger(part: string): Logger {
  return getLogger(["keyproxy", part]);
}

const TEXT_OPTIONS = { timestamp: "time", value: (value: unknown) => String(value) } as const;

function formatterOf({ format, colour }: { readonly format: LogFormat; readonly colour: "ansi" | "plain" }) {
  if (format === "json") return getJsonLinesFormatter({ properties: "flatten" });
  return colour === "ansi"
    ? getAnsiColorFormatter({ ...TEXT_OPTIONS, format: ({ timestamp, level, message }) => `${timestamp} ${level} ${message}` })
    : getTextFormatter({ ...TEXT_OPTIONS, format: ({ timestamp, level, message }) => `${timestamp} ${level} ${message}` });
}

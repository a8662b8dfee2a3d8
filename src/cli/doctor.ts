/**
 * `keyproxy doctor`: looks at everything that could be wrong and says what to do about it. It runs when the
 * configuration is broken, which is when it is needed, and changes nothing.
 */
import process from "node:process";
import { type Area, AREAS, type Finding, type Level } from "../app/doctor/finding.ts";
import { examine } from "../app/doctor/examine.ts";
import { readConfig, readSources } from "../config/load.ts";
import { closest } from "../config/suggest.ts";
import { systemClock } from "../kernel/clock.ts";
import { providerNames } from "../kernel/variables.ts";
import { VERSION } from "../kernel/version.ts";
import { CATALOG } from "../providers/catalog.ts";
import { busy } from "../terminal/busy.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { listenForInterrupts } from "../terminal/interrupts.ts";
import { openTerminal, type Terminal } from "../terminal/terminal.ts";
import { wrapped } from "../terminal/width.ts";
import { counted } from "../terminal/words.ts";
import { useProxyVariables } from "./proxy_variables.ts";

export interface DoctorFlags {
  readonly provider?: string | undefined;
  readonly offline?: true | undefined;
  readonly json?: true | undefined;
  readonly envFile?: string | undefined;
  readonly dataDir?: string | undefined;
}

/** Exit code 1 when there is an error, 0 with warnings. */
export async function doctor({ provider, offline, json, envFile, dataDir }: DoctorFlags): Promise<ExitCode> {
  const terminal = openTerminal();
  const sources = await readSources({
    cwd: process.cwd(),
    env: process.env,
    flags: dataDir === undefined ? {} : { dataDir },
    ...(envFile === undefined ? {} : { envFile }),
  });
  const reading = readConfig(sources, { rows: CATALOG });
  const unknown = provider === undefined ? undefined : unknownProvider(provider, reading.variables);
  if (unknown !== undefined) {
    terminal.say(terminal.paintMessage("red", unknown));
    return 2;
  }
  useProxyVariables(sources);
  const interrupts = listenForInterrupts();
  const sign = busy(terminal, "Looking …");
  const interrupted = new Promise<"interrupted">((resolve) => interrupts.first.addEventListener("abort", () => resolve("interrupted")));
  try {
    const examination = examine({
      sources,
      reading,
      provider,
      network: offline ? "offline" : "online",
      clock: systemClock,
      signal: interrupts.first,
      onProgress: ({ doneCount, allCount }) => sign.show(`Looked at ${doneCount} of ${allCount} things …`),
    });
    const findings = await Promise.race([examination, interrupted]);
    sign.stop();
    if (findings === "interrupted") {
      terminal.say("Cancelled");
      return 130;
    }
    if (json) terminal.print(JSON.stringify(asJson(findings), null, 2));
    else for (const line of report(findings, terminal)) terminal.print(line);
    return countOf(findings, "error") > 0 ? 1 : 0;
  } finally {
    sign.stop();
    interrupts.stop();
  }
}

function unknownProvider(id: string, variables: Parameters<typeof providerNames>[1]): string | undefined {
  const known = [...CATALOG.map((row) => row.id), ...providerNames(CATALOG, variables).custom.map((it) => it.id)];
  if (known.includes(id)) return undefined;
  const near = closest(id, known);
  return `No provider is called "${id}".${near === undefined ? " A provider of your own needs P_API_BASE." : ` Did you mean ${near}?`}`;
}

const STYLES = { ok: "green", note: "cyan", warning: "yellow", error: "red" } as const;
/** The longest word for a level, and the gaps around it. */
const INDENT_COLUMNS = 11;
/** Text is not broken finer than this, however narrow the terminal is. */
const LEAST_COLUMNS = 20;
const ARROW = "→ ";

/** Findings under their headings, then the verdict. */
function report(findings: readonly Finding[], terminal: Terminal): string[] {
  const { paint } = terminal;
  const areas = [...Map.groupBy(findings, ({ area }) => area)];
  return [
    ...areas.flatMap(([area, own]) => [paint("bold", titleOf(area)), ...own.flatMap((it) => linesOf(it, terminal)), ""]),
    ...verdictLines(findings, terminal),
  ];
}

function titleOf(area: Area): string {
  return AREAS[area];
}

function linesOf({ level, what, fix }: Finding, { paint, width }: Terminal): string[] {
  const lead = " ".repeat(INDENT_COLUMNS);
  const broken = (text: string, leadColumns: number) => wrapped(text, Math.max(width - leadColumns, LEAST_COLUMNS)).split("\n");
  const [first, ...others] = broken(what, INDENT_COLUMNS);
  const fixes = fix === undefined ? [] : broken(fix, INDENT_COLUMNS + ARROW.length);
  return [
    `  ${paint(STYLES[level], level.padEnd(INDENT_COLUMNS - 2))}${first ?? ""}`,
    ...others.map((line) => lead + line),
    ...fixes.map((line, at) => lead + (at === 0 ? ARROW : " ".repeat(ARROW.length)) + paint("bold", line)),
  ];
}

function verdictLines(findings: readonly Finding[], { paint, width }: Terminal): string[] {
  const [errorCount, warningCount] = [countOf(findings, "error"), countOf(findings, "warning")];
  if (errorCount + warningCount === 0) return [paint("green", "Everything looks good")];
  const counts = [counted(errorCount, "error"), counted(warningCount, "warning")].filter((it) => !it.startsWith("0 ")).join(", ");
  const first = findings.find(({ level }) => level === "error") ?? findings.find(({ level }) => level === "warning");
  const next = first?.fix === undefined ? "" : `. Next: ${first.fix}`;
  return [wrapped(paint(errorCount > 0 ? "red" : "yellow", counts) + next, width)];
}

function countOf(findings: readonly Finding[], level: Level): number {
  return findings.filter((it) => it.level === level).length;
}

/** The stable form. */
function asJson(findings: readonly Finding[]) {
  return {
    version: VERSION,
    errors: countOf(findings, "error"),
    warnings: countOf(findings, "warning"),
    findings: findings.map(({ area, level, what, fix }) => ({ area, level, what, fix: fix ?? null })),
  };
}

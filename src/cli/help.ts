/**
 * How help and mistakes look: fits the terminal, colours only where there is one, and a mistake is one line with
 * what to do about it.
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import { closest } from "../config/suggest.ts";
import { ADD_CREDENTIAL } from "./seed_form.ts";
import { openTerminal } from "../terminal/terminal.ts";
import { wrapped } from "../terminal/width.ts";

/** Gives a command and all below it one look. To be called when all commands are there. */
export function applyLook(command: CommandUnknownOpts, path = command.name()): void {
  const { width, paint } = openTerminal();
  const isPainted = paint("bold", "x") !== "x";
  command.configureHelp({
    styleTitle: (title) => paint("bold", title),
    styleCommandText: (text) => paint("cyan", text),
    styleSubcommandText: (text) => paint("cyan", text),
    styleOptionText: (text) => paint("cyan", text),
  });
  command.configureOutput({
    getOutHasColors: () => isPainted,
    getOutHelpWidth: () => width,
    // Notes and examples are written for 80 columns; a narrow terminal gets them broken between words.
    writeOut: (text) => void process.stdout.write(process.stdout.isTTY ? wrapped(text, process.stdout.columns) : text),
    outputError: (text, write) => write(`${oneLine(text)} ${path} --help lists what there is\n`),
  });
  for (const below of command.commands) applyLook(below, `${path} ${below.name()}`);
}

/** `error: unknown option '--prot'\n(Did you mean --port?)` → `Unknown option '--prot'. Did you mean --port?` */
export function oneLine(text: string): string {
  const [what = "", ...more] = text.trim().replace(/^error: /, "").split("\n");
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)}`.replace(/[.:]$/, "");
  const said = more.map((line) => line.replace(/^\((.*)\)$/, "$1"));
  return [`${sentence}.`, ...said.length > 0 ? said : nearby(sentence)].join(" ");
}

/** What the parser could have suggested and does not: one of the choices of an argument, and the flag of the form without commands. */
function nearby(sentence: string): string[] {
  const choice = /value '(.*)' is invalid for .*Allowed choices are (.*)$/.exec(sentence);
  const near = closest(choice?.[1] ?? "", choice?.[2]?.split(", ") ?? []);
  if (near !== undefined) return [`Did you mean ${near}?`];
  const flag = /^Unknown option '(.*)'$/.exec(sentence)?.[1];
  return flag !== undefined && closest(flag, [ADD_CREDENTIAL]) !== undefined ? ["Did you mean keyproxy creds add?"] : [];
}

/** Makes `child` what `parent` does alone; another word than a command of `parent` is still a mistake. */
export function actAlone(parent: CommandUnknownOpts, child: CommandUnknownOpts): void {
  child.allowExcessArguments();
  child.hook("preAction", (_, { args: [word] }) => {
    if (word === undefined) return;
    refuseWord(parent, word);
  });
}

/** `help creds add` as `creds add --help`: the help of a command at any level. A word that is none is a mistake. */
export function withHelpFlag(words: readonly string[], program: CommandUnknownOpts): readonly string[] {
  const [help, ...path] = words;
  if (help !== "help" || path.length === 0 || path.some((it) => it === "help" || it.startsWith("-"))) return words;
  let parent = program;
  for (const word of path) {
    const below = parent.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (below === undefined && parent.commands.length > 0) refuseWord(parent, word);
    parent = below ?? parent;
  }
  return [...path, "--help"];
}

function refuseWord(parent: CommandUnknownOpts, word: string): never {
  const near = closest(word, parent.commands.map((command) => command.name()));
  parent.error(`error: unknown command '${word}'${near === undefined ? "" : `\n(Did you mean ${near}?)`}`, { exitCode: 2 });
}

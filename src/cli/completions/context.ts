/** What is asked for at a place of the command line: the commands are walked as the parser would. Pure. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

type OptionOf = CommandUnknownOpts["options"][number];
type ArgumentOf = CommandUnknownOpts["registeredArguments"][number];

export interface Offer {
  readonly value: string;
  readonly description: string;
}

/** `name` names the value: `--provider` of an option, `creds add provider` of an argument. */
export type Asked =
  | { readonly kind: "words"; readonly offers: readonly Offer[] }
  /** A value; `prefix` is what the word has before it, such as `--provider=`. */
  | { readonly kind: "value"; readonly name: string; readonly choices: readonly string[]; readonly prefix: string }
  | { readonly kind: "nothing" };

/** What can stand at the place of `current`, after the words before it. */
export function contextOf(program: CommandUnknownOpts, before: readonly string[], current: string): Asked {
  const place = walk(program, before);
  if (place.pending !== undefined) return valueOf(place.pending, "");
  const equals = current.startsWith("--") ? current.indexOf("=") : -1;
  if (equals > 0 && !place.isPlain) {
    const option = optionNamed(place.command, current.slice(0, equals));
    return option === undefined ? { kind: "nothing" } : valueOf(option, current.slice(0, equals + 1));
  }
  if (current.startsWith("-") && !place.isPlain) return { kind: "words", offers: flagsOf(place) };
  const commands = place.count === 0 ? commandsOf(place.command) : [];
  if (commands.length > 0) return { kind: "words", offers: commands };
  const argument = argumentAt(place.command, place.count);
  if (argument === undefined) return { kind: "nothing" };
  return { kind: "value", name: `${pathOf(place.command)} ${argument.name()}`, choices: argument.argChoices ?? [], prefix: "" };
}

interface Place {
  readonly command: CommandUnknownOpts;
  /** Arguments before it. */
  readonly count: number;
  /** The option whose value is due. */
  readonly pending: OptionOf | undefined;
  /** `--` has been: no word is a flag any more. */
  readonly isPlain: boolean;
  readonly used: ReadonlySet<OptionOf>;
}

function walk(program: CommandUnknownOpts, before: readonly string[]): Place {
  let place: Place = { command: program, count: 0, pending: undefined, isPlain: false, used: new Set() };
  for (const word of before) place = step(place, word);
  return place;
}

function step(place: Place, word: string): Place {
  const { command, count, pending, isPlain, used } = place;
  if (pending !== undefined) return { ...place, pending: undefined };
  if (word === "--" && !isPlain) return { ...place, isPlain: true };
  if (word.startsWith("-") && !isPlain) {
    const option = optionNamed(command, word.split("=")[0] ?? "");
    if (option === undefined) return place;
    const isOpen = (option.required || option.optional) && !word.includes("=");
    return { ...place, pending: isOpen ? option : undefined, used: new Set([...used, option]) };
  }
  // After `help` comes a command, as it would without it.
  if (word === "help" && count === 0 && command.commands.length > 0) return place;
  const below = count === 0 ? command.commands.find((it) => it.name() === word || it.aliases().includes(word)) : undefined;
  return below === undefined ? { ...place, count: count + 1 } : { ...place, command: below, count: 0, used: new Set() };
}

/** Flags of the command, and of what it does alone. Flags of `serve` may stand without a command. */
function optionsOf(command: CommandUnknownOpts): OptionOf[] {
  const alone = command.parent === null ? "serve" : "list";
  const below = command.commands.find((it) => it.name() === alone && (command.parent === null || command.registeredArguments.length === 0));
  return [...command.createHelp().visibleOptions(command), ...(below === undefined ? [] : below.options)];
}

function optionNamed(command: CommandUnknownOpts, name: string): OptionOf | undefined {
  return optionsOf(command).find(({ long, short }) => long === name || short === name);
}

function flagsOf({ command, used }: Place): Offer[] {
  const isFree = (option: OptionOf) => option.variadic || !used.has(option);
  return optionsOf(command).filter(isFree).flatMap(({ long, description }) => long ? { value: long, description } : []);
}

function commandsOf(command: CommandUnknownOpts): Offer[] {
  return command.createHelp().visibleCommands(command).map((it) => ({ value: it.name(), description: it.description() }));
}

function argumentAt(command: CommandUnknownOpts, at: number): ArgumentOf | undefined {
  const { registeredArguments: all } = command;
  const last = all.at(-1);
  return all[at] ?? (last?.variadic ? last : undefined);
}

function valueOf({ long, short, argChoices }: OptionOf, prefix: string): Asked {
  return { kind: "value", name: long ?? short ?? "", choices: argChoices ?? [], prefix };
}

/** `creds add`: without the program's own name. */
function pathOf(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

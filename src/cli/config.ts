/** `keyproxy config …`: its actions with their flags and help. Parsing only; each action has a file in `config/`, loaded when it runs. */
import type { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../terminal/exit.ts";
import { GROUPS } from "./groups.ts";
import { actAlone } from "./help.ts";

type Ran = (code: ExitCode) => void;

const NOTES = `
Examples:
  $ keyproxy config                      every setting, and where it comes from
  $ keyproxy config list --changed       only what is not the default
  $ keyproxy config get PORT
  $ keyproxy config set MAX_QUEUE=50 ROTATION_MODE_OPENAI=sequential
  $ keyproxy config unset MAX_QUEUE      back to the default
`;

/** Adds the command with all its actions. */
export function addConfigCommand(program: Command, ran: Ran): void {
  const config = program.command("config").helpGroup(GROUPS.setUp)
    .description("list, read and change settings: the menus of the settings as a command")
    .addHelpText("after", NOTES);
  addList(config, ran);
  addGet(config, ran);
  addSet(config, ran);
  addUnset(config, ran);
}

function addList(config: Command, ran: Ran): void {
  const list = config.command("list", { isDefault: true });
  actAlone(config, list);
  list.description("list all settings, and the variables of providers that are set (what config alone does)")
    .option("--changed", "only what is not the default")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env")
    .addHelpText("after", LIST_NOTES)
    .action(async (flags) => ran(await (await import("./config/list.ts")).listSettings(flags)));
}

const LIST_NOTES = `
Keys are shown by their ends only. Flags of serve are stronger than what stands
here; docs/config.md says what each setting does.

Examples:
  $ keyproxy config list --changed
  $ keyproxy config list --json | jq '.[] | select(.source == "environment")'
`;

function addGet(config: Command, ran: Ran): void {
  config.command("get")
    .description("print one value as it is in force; exit code 1 when there is none")
    .argument("<name>", "a setting such as PORT, or a variable of a provider")
    .option("--show", "print a key whole")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env")
    .addHelpText("after", GET_NOTES)
    .action(async (name, flags) => ran(await (await import("./config/list.ts")).getSetting(name, flags)));
}

const GET_NOTES = `
Examples:
  $ keyproxy config get PORT
  $ keyproxy config get PROXY_API_KEY --show
`;

function addSet(config: Command, ran: Ran): void {
  config.command("set")
    .description("write settings into .env, all or none, and have a running server take them up")
    .argument("<name=value...>", "NAME=value, or NAME with --stdin")
    .option("--stdin", "read the value of the one NAME from standard input")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to write instead of .env")
    .addHelpText("after", SET_NOTES)
    .action(async (words, flags) => ran(await (await import("./config/change.ts")).setVariables(words, flags)));
}

const SET_NOTES = `
All of it is written, or nothing when the configuration could not be used then.
Keys are not taken from the command line, where other users could see them.

Examples:
  $ keyproxy config set GLOBAL_TIMEOUT=60 MAX_QUEUE=50
  $ keyproxy config set MAX_CONCURRENT_REQUESTS_PER_KEY_OPENAI=5
  $ keyproxy config set MODEL_ALIAS_FAST=groq/llama-3.1-8b-instant
  $ pass keyproxy | keyproxy config set PROXY_API_KEY --stdin
`;

function addUnset(config: Command, ran: Ran): void {
  config.command("unset")
    .description("take settings out of .env: their defaults are in force again")
    .argument("<name...>", "names of variables")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to write instead of .env")
    .addHelpText("after", "\nExamples:\n  $ keyproxy config unset MAX_QUEUE\n  $ keyproxy config unset HOST PORT\n")
    .action(async (names, flags) => ran(await (await import("./config/change.ts")).unsetVariables(names, flags)));
}

/** The command line: every command with its flags and help. Parsing only; each command has a file of its own. */
import { Command, CommanderError } from "@commander-js/extra-typings";
import process from "node:process";
import { ENV_FILE, SETTINGS } from "../config/schema.ts";
import { NAME, versionLine } from "../kernel/version.ts";
import { addCompletionsCommand } from "./completions.ts";
import { addCredsCommand } from "./creds.ts";
import { addConfigCommand } from "./config.ts";
import { GROUPS } from "./groups.ts";
import { applyLook, withHelpFlag } from "./help.ts";
import { addLookCommands } from "./look.ts";
import { endOutput, heedBrokenPipes } from "./output.ts";
import { withSeedForm } from "./seed_form.ts";
import type { ExitCode } from "../terminal/exit.ts";

const EXAMPLES = `
Examples:
  $ keyproxy                                   everything in menus
  $ keyproxy demo                              see it work, without any key
  $ keyproxy init                              write a proxy key into .env
  $ keyproxy creds add                         add a provider's key, or a login
  $ keyproxy serve --host 127.0.0.1            serve the keys of .env
  $ keyproxy status                            see how the keys stand
  $ keyproxy models --provider openai          what can be called
  $ keyproxy connect claude-code               point a tool at it
  $ keyproxy doctor                            what is wrong, and how to mend it

Flags of serve without a command serve too: keyproxy --host 127.0.0.1
`;

/** The word with which completions ask; see `completions/ask.ts`. */
const COMPLETE = "__complete";

/** Runs the command that the arguments name. Never throws for a mistake of the user. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  const words = args.length === 0 && isAtTerminal() ? ["tui"] : withSeedForm(args);
  heedBrokenPipes(words[0] === "serve" ? "stay" : "leave");
  let code: ExitCode = 0;
  const program = buildProgram((result) => {
    code = result;
  });
  try {
    if (words.length === 0) {
      program.outputHelp();
      code = 2;
    } else if (args[0] === COMPLETE) code = await (await import("./completions/ask.ts")).complete(args.slice(1), program);
    else await program.parseAsync(withHelpFlag(words, program), { from: "user" });
  } catch (error) {
    code = codeOf(error);
  }
  await endOutput();
  return code;
}

/** What went wrong beyond an action: the parser has told its own. */
function codeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}

/** Without arguments: a person gets the screens, a script the help. */
function isAtTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env["TERM"] !== "dumb";
}

/** All commands; each tells `ran` its exit code. Their code is loaded when they run. */
export function buildProgram(ran: (code: ExitCode) => void) {
  const program = new Command(NAME)
    .description("One endpoint in front of many LLM providers and keys; it keeps answering while keys hit limits, expire or break.")
    .version(versionLine(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .commandsGroup(GROUPS.setUp)
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError()
    .exitOverride();

  addServeCommands(program, ran);
  addCredsCommand(program, ran);
  addLookCommands(program, ran);
  addSetUpCommands(program, ran);
  applyLook(program);
  return program;
}

type Ran = (code: ExitCode) => void;

function addServeCommands(program: Command, ran: Ran): void {
  withServeFlags(program.command("serve").helpGroup(GROUPS.serve).description("serve the OpenAI-compatible endpoint"))
    .addHelpText("after", SERVE_EXAMPLES)
    .action(async (flags) => ran(await (await import("./serve.ts")).serve(flags)));

  program.command("reload").helpGroup(GROUPS.serve)
    .description("make the running server read its configuration and credentials anew")
    .option("--url <address>", "address of the server, when it is not the one of HOST and PORT")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env, for the server's address and key")
    .option("--data-dir <directory>", "data directory of the server (KEYPROXY_DATA_DIR)")
    .addHelpText("after", RELOAD_NOTES)
    .action(async (flags) => ran(await (await import("./reload.ts")).reload(flags)));

  program.command("tui").helpGroup(GROUPS.serve)
    .description("open the launcher: run, configure and watch the proxy with menus")
    .option("--env-file <path>", "file to read and write instead of .env")
    .addHelpText("after", "\nkeyproxy without arguments opens it too, on a terminal.\n\nExample:\n  $ keyproxy tui\n")
    .action(async (flags) => ran(await (await import("./tui.ts")).tui(flags)));

  program.command("demo").helpGroup(GROUPS.serve)
    .description("show rotation at work with a simulated provider; needs no key and no network")
    .option("--stay", "keep serving afterwards, for a client of your own")
    .addHelpText("after", "\nExample:\n  $ keyproxy demo --stay\n")
    .action(async (flags) => ran(await (await import("./demo.ts")).demo(flags)));
}

const SERVE_EXAMPLES = `
Ctrl-C stops it once running requests have ended; a second one stops it at once.

Examples:
  $ keyproxy serve --host 127.0.0.1
  $ keyproxy serve --port 0 --data-dir /var/lib/keyproxy
  $ keyproxy serve --enable-request-logging --log-format json
`;

const RELOAD_NOTES = `
The server reads the file it was started with. Exit code 1 when something is
wrong with it: the server then keeps the configuration it has.

Examples:
  $ keyproxy reload
  $ keyproxy reload --url http://10.0.0.7:8000
`;

function addSetUpCommands(program: Command, ran: Ran): void {
  program.command("init")
    .description("write a random proxy key into .env, unless there is one")
    .option("--env-file <path>", "file to write instead of .env")
    .addHelpText("after", "\nExample:\n  $ keyproxy init\n")
    .action(async (flags) => ran(await (await import("./init.ts")).init(flags)));

  addConfigCommand(program, ran);

  program.command("connect")
    .description("show how a tool is pointed at this proxy, or write it into the tool's settings")
    .argument("[tool]", "claude-code, codex, gemini-cli, opencode, openai-sdk, …; without one: the list")
    .option("--model <id>", "model the tool shall use: provider/model, an alias or a group")
    .option("--url <address>", "address of the proxy, when it is not the one of HOST and PORT")
    .option("--write", "merge it into the tool's own settings, after a backup")
    .option("--show-key", "print the proxy key whole")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env")
    .addHelpText("after", CONNECT_EXAMPLES)
    .action(async (tool, flags) => ran(await (await import("./connect.ts")).connect(tool, flags)));

  addCompletionsCommand(program, ran);

  program.command("version")
    .description("print the version, and with --json the machine it runs on")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExamples:\n  $ keyproxy version\n  $ keyproxy version --json\n")
    .action(async (flags) => (await import("./version.ts")).version(flags));
}

const CONNECT_EXAMPLES = `
Examples:
  $ keyproxy connect
  $ keyproxy connect claude-code --model anthropic/claude-sonnet-4-5
  $ keyproxy connect codex --write
  $ eval "$(keyproxy connect openai-sdk --show-key | grep ^export)"
`;

/** The flags of the settings that have one; the schema knows their names, defaults and help. */
function withServeFlags(command: Command) {
  command.option(`${ENV_FILE.flag.name} <${ENV_FILE.flag.value}>`, ENV_FILE.help);
  for (const setting of Object.values(SETTINGS)) {
    if (setting.flag === undefined) continue;
    const { name, value } = setting.flag;
    const shown = setting.default === "" ? setting.env : `${setting.env}; ${setting.default}`;
    command.option(value === undefined ? name : `${name} <${value}>`, `${setting.help} (${shown})`);
  }
  return command;
}

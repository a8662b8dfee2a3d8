/** The command line: every command with its flags and help. Parsing only; each command has a file of its own. */
import { Command, CommanderError } from "@commander-js/extra-typings";
import { ENV_FILE, SETTINGS } from "../config/schema.ts";
import { NAME, versionLine } from "../kernel/version.ts";
import { addCredsCommand } from "./creds.ts";
import type { ExitCode } from "./exit.ts";

const EXAMPLES = `
Examples:
  $ keyproxy demo                              see it work, without any key
  $ keyproxy init                              write a proxy key into .env
  $ keyproxy creds add                         add a provider's key, or a login
  $ keyproxy serve --host 127.0.0.1            serve the keys of .env and the environment
  $ keyproxy models --provider openai          what can be called
  $ keyproxy connect claude-code               point a tool at it
`;

/** Runs the command that the arguments name. Never throws for a mistake of the user. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = buildProgram((result) => {
    code = result;
  });
  if (args.length === 0) {
    program.outputHelp();
    return 2;
  }
  try {
    await program.parseAsync(withSeedForm(args), { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** All commands; each tells `ran` its exit code. Their code is loaded when they run. */
export function buildProgram(ran: (code: ExitCode) => void) {
  const program = new Command(NAME)
    .description("One endpoint in front of many LLM providers and keys; it keeps answering while keys hit limits, expire or break.")
    .version(versionLine(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("(add --help for the flags)")
    .showSuggestionAfterError()
    .exitOverride();

  withServeFlags(program.command("serve").description("serve the OpenAI-compatible endpoint"))
    .action(async (flags) => ran(await (await import("./serve.ts")).serve(flags)));

  program.command("demo")
    .description("show rotation at work with a simulated provider; needs no key and no network")
    .option("--stay", "keep serving afterwards, for a client of your own")
    .action(async (flags) => ran(await (await import("./demo.ts")).demo(flags)));

  program.command("init")
    .description("write a random proxy key into .env, unless there is one")
    .option("--env-file <path>", "file to write instead of .env")
    .action(async (flags) => ran(await (await import("./init.ts")).init(flags)));

  program.command("models")
    .description("list the models that can be called")
    .option("--provider <id>", "only of this provider")
    .option("--search <text>", "only ids that contain this text")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env")
    .action(async (flags) => ran(await (await import("./models.ts")).models(flags)));

  program.command("connect")
    .description("show how a tool is pointed at this proxy, or write it into the tool's settings")
    .argument("[tool]", "claude-code, codex, gemini-cli, opencode, openai-sdk, …; without one: the list")
    .option("--model <id>", "model the tool shall use: provider/model, an alias or a group")
    .option("--url <address>", "address of the proxy, when it is not the one of HOST and PORT")
    .option("--write", "merge it into the tool's own settings, after a backup")
    .option("--show-key", "print the proxy key whole")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env")
    .action(async (tool, flags) => ran(await (await import("./connect.ts")).connect(tool, flags)));

  addCredsCommand(program, ran);

  program.command("health")
    .description("ask the running proxy whether it answers; exit 0 when it does, 1 when not")
    .option("--ready", "ask for a usable credential too")
    .option("--url <address>", "address of the proxy, when it is not the one of HOST and PORT")
    .option("--env-file <path>", "file to read instead of .env")
    .action(async (flags) => ran(await (await import("./health.ts")).health(flags)));

  program.command("version")
    .description("print the version, and with --json the machine it runs on")
    .option("--json", "print JSON")
    .action(async (flags) => (await import("./version.ts")).version(flags));
  return program;
}

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

/** `keyproxy --host … --port …`, without a command, has always meant `serve`. */
function withSeedForm(args: readonly string[]): string[] {
  const name = args[0]?.split("=")[0];
  const isServeFlag = Object.values(SETTINGS).some((setting) => setting.flag?.name === name) || name === ENV_FILE.flag.name;
  return isServeFlag ? ["serve", ...args] : [...args];
}

/** `keyproxy completions <shell>`: prints the script that makes a shell complete our commands, flags and values. */
import { Argument, type Command } from "@commander-js/extra-typings";
import process from "node:process";
import type { ExitCode } from "../terminal/exit.ts";
import { SCRIPTS, SHELLS } from "./completions/scripts.ts";

const NOTES = `
Commands, flags and values are completed: providers, credentials, and the models
of the running server, else those that keyproxy models listed last.

Examples, each for the file a shell reads at its start:
  bash         source <(keyproxy completions bash)
  zsh          source <(keyproxy completions zsh)
  fish         keyproxy completions fish | source
  PowerShell   keyproxy completions powershell | Out-String | Invoke-Expression
`;

/** Adds the command. */
export function addCompletionsCommand(program: Command, ran: (code: ExitCode) => void): void {
  program.command("completions")
    .description("print a script that completes commands in your shell")
    .addArgument(new Argument("<shell>", "the shell to print it for").choices(SHELLS))
    .addHelpText("after", NOTES)
    .action((shell) => {
      process.stdout.write(SCRIPTS[shell]);
      ran(0);
    });
}

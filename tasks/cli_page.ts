/** `docs/cli.md`: the help of every command, as the program itself prints it. */
import type { GeneratedFile } from "../src/config/docs.ts";
import { buildProgram } from "../src/cli/program.ts";

export const CLI_PAGE: GeneratedFile = { path: "docs/cli.md", render };

/** Help is wrapped to the terminal; a page has a width of its own. */
const WIDTH = 100;

function render(): string {
  const program = buildProgram(() => {}).configureHelp({ helpWidth: WIDTH });
  const pages = [program, ...program.commands].map((command) => {
    command.configureHelp({ helpWidth: WIDTH }).configureOutput({ getOutHasColors: () => false });
    const title = command === program ? "keyproxy" : `keyproxy ${command.name()}`;
    return `## ${title}\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\`\n`;
  });
  return `# Command line

Generated from the program by \`deno task docs\`. From source, \`deno run -A main.ts\` stands for \`keyproxy\`.

Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration, 130 interrupted.

${pages.join("\n")}`;
}

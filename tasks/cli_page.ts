/** `docs/cli.md`: the help of every command with its examples, as the program itself prints it. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { GeneratedFile } from "../src/config/docs.ts";
import { buildProgram } from "../src/cli/program.ts";

export const CLI_PAGE: GeneratedFile = { path: "docs/cli.md", render };

/** Help is wrapped to the terminal; a page has the width that help has without one. */
const WIDTH = 80;

function render(): string {
  return `# Command line

Generated from the program by \`deno task docs\`. From source, \`deno run -A main.ts\` stands for \`keyproxy\`.

Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration, 130 interrupted.

${pagesOf(buildProgram(() => {}), { title: "keyproxy", level: "##" }).join("\n")}`;
}

/** The page of a command, then those of the commands below it. */
function pagesOf(command: CommandUnknownOpts, { title, level }: { readonly title: string; readonly level: string }): string[] {
  const page = `${level} ${title}\n\n\`\`\`text\n${helpOf(command).trimEnd()}\n\`\`\`\n`;
  const below = level === "##" && title !== "keyproxy" ? "###" : "##";
  return [page, ...command.commands.flatMap((it) => pagesOf(it, { title: `${title} ${it.name()}`, level: below }))];
}

/** What `--help` prints, notes and examples too. */
export function helpOf(command: CommandUnknownOpts): string {
  let text = "";
  command.configureOutput({ writeOut: (piece) => void (text += piece), getOutHasColors: () => false, getOutHelpWidth: () => WIDTH });
  command.outputHelp();
  return text;
}

/** Help: every command has examples, nothing is wider than 80 columns, and a mistake is one line. */
import assert from "node:assert/strict";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { oneLine } from "../src/cli/help.ts";
import { buildProgram } from "../src/cli/program.ts";
import { helpOf } from "./cli_page.ts";

function allOf(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(allOf)];
}

const pathOf = (command: CommandUnknownOpts): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

Deno.test("no line of any help is wider than 80 columns", () => {
  for (const command of allOf(buildProgram(() => {}))) {
    for (const line of helpOf(command).split("\n")) assert.ok(line.length <= 80, `${pathOf(command)}: ${line}`);
  }
});

Deno.test("every command has an example, and every example names a command that is there", () => {
  const all = allOf(buildProgram(() => {}));
  const paths = new Set(all.map(pathOf));
  for (const command of all) {
    const help = helpOf(command);
    assert.match(help, /\nExamples?[^\n]*:\n/, pathOf(command));
    for (const [, first = "", second = ""] of help.matchAll(/(?:\$ |\()keyproxy ([a-z]+)(?: ([a-z]+))?/g)) {
      assert.ok(paths.has(`keyproxy ${first}`), `${pathOf(command)}: ${first}`);
      const [parent] = all.filter((it) => pathOf(it) === `keyproxy ${first}`);
      const takesWords = (parent?.registeredArguments.length ?? 0) > 0;
      if (second !== "" && !takesWords) assert.ok(paths.has(`keyproxy ${first} ${second}`), `${pathOf(command)}: ${first} ${second}`);
    }
  }
});

Deno.test("commands stand in groups, and each says what it is for", () => {
  const help = helpOf(buildProgram(() => {}));
  const at = ["\nServe:", "\nKeys:", "\nLook:", "\nSet up:"].map((title) => help.indexOf(title));
  assert.ok(at.every((it) => it > 0), help);
  assert.deepEqual(at, at.toSorted((left, right) => left - right));
  assert.doesNotMatch(help, /\nCommands:/);
  for (const command of allOf(buildProgram(() => {}))) assert.notEqual(command.description(), "", pathOf(command));
});

Deno.test("a mistake is one line with what was meant", () => {
  assert.equal(oneLine("error: unknown option '--prot'\n(Did you mean --port?)\n"), "Unknown option '--prot'. Did you mean --port?");
  assert.equal(oneLine("error: missing required argument 'id'\n"), "Missing required argument 'id'.");
});

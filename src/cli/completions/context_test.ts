/** What may stand at a place of the command line. */
import assert from "node:assert/strict";
import { buildProgram } from "../program.ts";
import { contextOf } from "./context.ts";

function asked(line: string) {
  const words = line.split(" ");
  return contextOf(buildProgram(() => {}), words.slice(0, -1), words.at(-1) ?? "");
}

function words(line: string): string[] {
  const it = asked(line);
  return it.kind === "words" ? it.offers.map(({ value }) => value) : [it.kind];
}

function value(line: string): string {
  const it = asked(line);
  return it.kind === "value" ? `${it.prefix}<${it.name}>` : it.kind;
}

Deno.test("commands, and the commands below them", () => {
  assert.ok(["serve", "creds", "status", "logs", "help"].every((name) => words("").includes(name)));
  assert.deepEqual(words("logs "), ["list", "show", "follow", "help"]);
  assert.ok(words("help ").includes("serve"));
});

Deno.test("flags of the command, of what it does alone, and of serve where no command stands", () => {
  assert.ok(words("status --").includes("--provider"));
  assert.ok(words("logs --").includes("--failed"));
  assert.ok(["--help", "--host"].every((name) => words("--").includes(name)));
  assert.ok(!words("status --json --").includes("--json"), "a flag is offered once");
});

Deno.test("values of flags and arguments by their names", () => {
  assert.equal(value("models --provider "), "<--provider>");
  assert.equal(value("models --provider=op"), "--provider=<--provider>");
  assert.equal(value("--data-dir "), "<--data-dir>");
  assert.equal(value("creds add "), "<creds add provider>");
  assert.equal(value("creds ls --provider "), "<--provider>");
  assert.equal(value("logs show --json "), "<logs show request>");
  assert.equal(value("connect codex "), "nothing");
  assert.deepEqual(asked("completions "), {
    kind: "value",
    name: "completions shell",
    choices: ["bash", "zsh", "fish", "powershell"],
    prefix: "",
  });
});

Deno.test("the value of a flag is no argument, and after -- no word is a flag", () => {
  assert.equal(value("connect --model x "), "<connect tool>");
  assert.equal(value("connect -- --"), "<connect tool>");
});

/** Every rule of the lint plugin, with the code it refuses beside the code it lets through. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import plugin from "./lint_plugin.ts";

const ROOT = resolve(import.meta.dirname ?? ".", "..");

/** The rules a file at `path` with this text breaks, by short name; only `rule` runs, so cases stay small. */
function broken(rule: keyof typeof plugin.rules, path: string, text: string): string[] {
  const only = { name: plugin.name, rules: { [rule]: plugin.rules[rule] } };
  return Deno.lint.runPlugin(only, resolve(ROOT, path), text).map((it) => it.message);
}

interface Cases {
  readonly refused: readonly (readonly [path: string, text: string])[];
  readonly allowed: readonly (readonly [path: string, text: string])[];
}

function states(behaviour: string, rule: keyof typeof plugin.rules, { refused, allowed }: Cases): void {
  Deno.test(`${rule}: ${behaviour}`, () => {
    for (const [path, text] of refused) assert.equal(broken(rule, path, text).length, 1, `should be refused once: ${path}: ${text}`);
    for (const [path, text] of allowed) assert.deepEqual(broken(rule, path, text), [], `should be allowed: ${path}: ${text}`);
  });
}

states("a layer imports only what its line in the table names", "layers", {
  refused: [
    ["src/kernel/clock.ts", `import { a } from "../pool/pool.ts";`],
    ["src/pool/pool.ts", `import { a } from "../http/server.ts";`],
    ["src/dialects/openai_chat.ts", `export * from "../providers/row.ts";`],
    ["src/dialects/openai_chat.ts", `export { a } from "../providers/row.ts";`],
    ["src/config/load.ts", `import { a } from "../providers/catalog.ts";`],
    ["src/gateway/handle.ts", `const a = await import("../cli/serve.ts");`],
    ["src/canonical/event.ts", `type A = import("../pool/pool.ts").A;`],
    ["src/app.ts", `import { a } from "./cli/serve.ts";`],
    ["main.ts", `import { a } from "./src/app.ts";`],
    ["src/pool/pool.ts", `import { a } from "../../tests/support/a.ts";`],
    ["src/novelty/a.ts", `import { a } from "../kernel/clock.ts";`],
  ],
  allowed: [
    ["src/kernel/clock.ts", `import { a } from "./failure.ts"; import b from "node:fs"; import c from "zod";`],
    ["src/pool/pool.ts", `import { a } from "../store/store.ts"; import { b } from "../kernel/clock.ts";`],
    ["src/config/load.ts", `import { a } from "../providers/row.ts";`],
    ["src/pool/pool_test.ts", `import { a } from "../providers/catalog.ts";`],
    [
      "src/app.ts",
      `import { a } from "./http/server.ts"; import { b } from "./runtime.ts"; import c from "../deno.json" with { type: "json" };`,
    ],
    ["main.ts", `import { a } from "./src/cli/command.ts"; import { b } from "./src/runtime.ts";`],
    ["tests/http/a_test.ts", `import { a } from "../../src/pool/pool.ts";`],
  ],
});

states("an edge for types carries types only", "layers", {
  refused: [
    ["src/pool/pool.ts", `import { a } from "../config/config.ts";`],
    ["src/pool/pool.ts", `import { type A, b } from "../config/config.ts";`],
    ["src/credentials/a.ts", `import type { A } from "../providers/catalog.ts";`],
    ["src/lib.ts", `export { a } from "./config/config.ts";`],
  ],
  allowed: [
    ["src/pool/pool.ts", `import type { A } from "../config/config.ts";`],
    ["src/pool/pool.ts", `import { type A, type B } from "../config/config.ts";`],
    ["src/credentials/a.ts", `import type { A } from "../providers/row.ts"; export type { B } from "../store/store.ts";`],
    ["src/lib.ts", `type A = import("./config/config.ts").Config;`],
  ],
});

states("router, argument parser and prompts have one home each", "packages", {
  refused: [
    ["src/gateway/a.ts", `import { Hono } from "hono";`],
    ["src/gateway/a.ts", `import type { Context } from "hono/types";`],
    ["src/app.ts", `import { serve } from "@hono/node-server";`],
    ["src/tui/a.ts", `import { Command } from "@commander-js/extra-typings";`],
    ["main.ts", `import { Command } from "commander";`],
    ["src/app.ts", `const prompts = await import("@clack/prompts");`],
  ],
  allowed: [
    ["src/http/server.ts", `import { Hono } from "hono"; import { serve } from "@hono/node-server";`],
    ["src/cli/command.ts", `import { Command } from "commander"; import * as prompts from "@clack/prompts";`],
    ["src/tui/a.ts", `import * as prompts from "@clack/prompts";`],
    ["src/gateway/a.ts", `import { a } from "honolulu";`],
  ],
});

states("a dynamic import takes a literal", "literal-imports", {
  refused: [["src/app.ts", "const name = './a.ts'; await import(name);"], ["src/app.ts", "await import(`./${1}.ts`);"]],
  allowed: [["src/app.ts", `await import("./a.ts");`], ["tests/a_test.ts", "await import(name);"]],
});

states("time and chance come from the clock", "machine-time", {
  refused: [
    ["src/pool/a.ts", "const now = Date.now();"],
    ["src/pool/a.ts", "const clock = Date.now;"],
    ["src/pool/a.ts", "const now = globalThis.Date.now();"],
    ["src/pool/a.ts", `const now = Date["now"]();`],
    ["src/pool/a.ts", "const now = new Date();"],
    ["src/pool/a.ts", "const now = Date();"],
    ["src/pool/a.ts", "const chance = Math.random();"],
    ["src/pool/a.ts", "const now = performance.now();"],
    ["src/pool/a.ts", "setTimeout(go, 1);"],
    ["src/pool/a.ts", "const timer = setInterval;"],
    ["src/pool/a.ts", "const timers = { setTimeout };"],
    ["src/pool/a.ts", "globalThis.setTimeout(go, 1);"],
    ["src/pool/a.ts", `import { setTimeout as wait } from "node:timers/promises";`],
    ["src/pool/a.ts", `import * as timers from "node:timers";`],
    ["main.ts", "const now = Date.now();"],
  ],
  allowed: [
    ["src/kernel/clock.ts", "const now = Date.now(); setTimeout(go, 1);"],
    ["src/pool/a.ts", "const then = new Date(at); const at = clock.now(); request.setTimeout(1); Math.max(1, 2);"],
    ["src/pool/a.ts", "let timer: ReturnType<typeof setTimeout>; const it = { setTimeout: 1 };"],
    ["src/pool/a.ts", `import { setImmediate } from "node:timers/promises";`],
    ["src/pool/a_test.ts", "const now = Date.now();"],
    ["bench/main.ts", "const now = performance.now();"],
  ],
});

states("the runtime and the terminal have one home each", "machine-globals", {
  refused: [
    ["src/pool/a.ts", "Deno.exit(1);"],
    ["src/pool/a.ts", "const deno = globalThis.Deno;"],
    ["src/pool/a.ts", "const version = Bun.version;"],
    ["src/pool/a.ts", `console.log("a");`],
    ["src/app.ts", "const log = console;"],
  ],
  allowed: [
    ["src/runtime.ts", "const deno = Deno.version;"],
    ["src/cli/a.ts", `console.log("a");`],
    ["src/tui/a.ts", `console.log("a");`],
    ["src/pool/a.ts", "const it = { console: 1 }; it.console; row.Deno;"],
    ["src/pool/a_test.ts", `Deno.test("a", () => console.log("a"));`],
    ["main.ts", `console.error("a");`],
  ],
});

states("a name ends in what the thing is", "names", {
  refused: [
    ["src/pool/helper.ts", ""],
    ["src/pool/key_manager.ts", ""],
    ["src/utils/a.ts", ""],
    ["tests/support/utils_test.ts", ""],
    ["src/pool/a.ts", "export interface KeyInfo { a: 1 }"],
    ["src/pool/a.ts", "export type Data = string;"],
    ["src/pool/a.ts", "export class TokenService {}"],
  ],
  allowed: [
    ["src/providers/base_url.ts", "export interface ServiceAccount { a: 1 } export type DataUrl = string;"],
    ["src/pool/a.ts", "interface KeyInfo { a: 1 } export const data = 1;"],
    ["src/pool/database.ts", ""],
  ],
});

states("a cast through unknown is refused everywhere", "no-double-cast", {
  refused: [["src/pool/a.ts", "const a = 1 as unknown as string;"], ["tests/a_test.ts", "const a = 1 as unknown as string;"]],
  allowed: [["src/pool/a.ts", "const a = 1 as const; const b = x as unknown;"]],
});

states("exported functions and methods take no booleans", "no-boolean-parameter", {
  refused: [
    ["src/pool/a.ts", "export function f(dry: boolean) {}"],
    ["src/pool/a.ts", "export function f(a: string, dry = false) {}"],
    ["src/pool/a.ts", "export const f = (dry?: boolean) => 1;"],
    ["src/pool/a.ts", "export class A { go(dry: boolean) {} }"],
    ["src/pool/a.ts", "export class A { constructor(readonly dry: boolean) {} }"],
  ],
  allowed: [
    ["src/pool/a.ts", "function f(dry: boolean) {} export function g(options: { dry: boolean }) {}"],
    ["src/pool/a.ts", "export class A { private go(dry: boolean) {} #go(dry: boolean) {} set dry(value: boolean) {} }"],
    ["src/pool/a.ts", "export function each(see: (found: boolean) => void) {}"],
    ["tests/a.ts", "export function f(dry: boolean) {}"],
  ],
});

states("a source file opens with a block comment", "opening-comment", {
  refused: [["src/pool/a.ts", "export const a = 1;"], ["src/pool/a.ts", "// a\nexport const a = 1;"], [
    "src/pool/a_test.ts",
    "const a = 1;",
  ]],
  allowed: [["src/pool/a.ts", "/** What it is. */\nexport const a = 1;"], ["tests/a_test.ts", "const a = 1;"]],
});

Deno.test("a refusal names the layer and what it may use", () => {
  assert.deepEqual(broken("layers", "src/canonical/event.ts", `import { a } from "../pool/pool.ts";`), [
    "canonical may not import pool: it may use kernel.",
  ]);
});

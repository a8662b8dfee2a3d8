/** `keyproxy connect`: shows how a tool is pointed at this proxy, or writes it into the tool's own settings. */
import { copyFile, mkdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { closest } from "../config/suggest.ts";
import { clientUrl } from "../kernel/address.ts";
import { hasCode, writeFileAtomic } from "../kernel/atomic_file.ts";
import { systemClock } from "../kernel/clock.ts";
import { Secret } from "../kernel/secret.ts";
import { writeFault } from "../kernel/write_fault.ts";
import { merged } from "./connect/merge.ts";
import { type Plan, type Target, type Tool, TOOLS, type Wanted } from "./connect/tools.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { usage } from "../terminal/stop.ts";
import { type Desk, type DeskFlags, look } from "./desk.ts";
import { checkedUrl } from "./server_address.ts";

export interface ConnectFlags extends DeskFlags {
  readonly url?: string | undefined;
  readonly model?: string | undefined;
  readonly write?: true | undefined;
  readonly showKey?: true | undefined;
}

/** What a client sends where the proxy asks for no key: clients want some text. */
const NO_KEY = "any-text";
const SECRET_MODE = 0o600;

export function connect(id: string | undefined, flags: ConnectFlags): Promise<ExitCode> {
  if (id === undefined) return Promise.resolve(listTools(flags));
  return look(flags, async (desk) => {
    const tool = TOOLS.find((it) => it.id === id);
    if (tool === undefined) throw usage(unknownTool(id));
    const target = targetOf(desk, flags);
    if (flags.write === true) return await write(tool, target);
    const isWhole = flags.showKey === true || target.key === NO_KEY;
    const plan = tool.plan(isWhole ? target : { ...target, key: new Secret(target.key).masked() });
    process.stdout.write(flags.json === true ? `${JSON.stringify(asJson(tool, plan), null, 2)}\n` : described(tool, plan));
    if (!isWhole) desk.terminal.say("The proxy key is shown in part: --show-key prints it whole, --write puts it where it belongs.");
    return 0;
  });
}

function listTools(flags: ConnectFlags): ExitCode {
  const rows = TOOLS.map(({ id, name, plan }) => ({ id, name, writes: plan({ root: "", key: "", model: undefined }).file?.path ?? null }));
  if (flags.json === true) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else {
    process.stdout.write("Tools that can be pointed at this proxy:\n\n");
    for (const { id, name, writes } of rows) {
      process.stdout.write(`  ${id.padEnd(15)} ${name.padEnd(18)} ${writes === null ? "" : `--write: ~/${writes}`}`.trimEnd() + "\n");
    }
    process.stdout.write("\nkeyproxy connect <tool> shows how.\n");
  }
  return 0;
}

function unknownTool(id: string): string {
  const near = closest(id, TOOLS.map((tool) => tool.id));
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return `Cannot connect "${id}": no such tool is known.${hint} keyproxy connect lists them.`;
}

/** Where the proxy is, by flag or configuration. */
function targetOf({ config }: Desk, { url, model }: ConnectFlags): Target {
  return { root: checkedUrl(url) ?? clientUrl(config), key: config.proxyKeys[0]?.reveal() ?? NO_KEY, model };
}

function described({ name }: Tool, { env, file, steps = [] }: Plan): string {
  const lines = [
    `# ${name}`,
    ...Object.entries(env).map(([variable, value]) => `export ${variable}=${value}`),
    ...(file === undefined ? [] : ["", `# or in ~/${file.path} (--write does it)`, contentOf(file).trimEnd()]),
    ...(steps.length === 0 ? [] : ["", ...steps]),
  ];
  return `${lines.join("\n").replace(/\n{3,}/g, "\n\n")}\n`;
}

/** What a file holds that has nothing but our settings. */
function contentOf(file: Wanted): string {
  return merged("", file) ?? "";
}

function asJson({ id }: Tool, { env, file, steps = [] }: Plan) {
  return { tool: id, env, files: file === undefined ? [] : [{ path: `~/${file.path}`, content: contentOf(file) }], steps };
}

async function write(tool: Tool, target: Target): Promise<ExitCode> {
  const { file, steps = [] } = tool.plan(target);
  if (file === undefined) {
    process.stderr.write(`${tool.name} has no settings file that can be written safely: keyproxy connect ${tool.id} shows what to do.\n`);
    return 2;
  }
  const path = join(process.env["HOME"] ?? process.env["USERPROFILE"] ?? homedir(), file.path);
  try {
    const text = await textOf(path);
    const next = merged(text ?? "", file);
    if (next === undefined) {
      process.stderr.write(
        `Cannot merge into ${path}: ${FAULTS[file.format]}. Nothing was changed; keyproxy connect ${tool.id} shows what to add.\n`,
      );
      return 1;
    }
    if (next === text) {
      process.stdout.write(`${path} points at ${target.root} already; nothing was changed.\n`);
      return 0;
    }
    await replace(path, { text, next, hasKey: next.includes(target.key) });
  } catch (error) {
    process.stderr.write(`Cannot write ${path}: ${writeFault(error)}\n`);
    return 1;
  }
  for (const step of steps) process.stdout.write(`${step}\n`);
  return 0;
}

const FAULTS = {
  json: "it is not plain JSON",
  toml: "it is not valid TOML, or has these settings in a form that cannot be edited safely",
  env: "it has these variables in a form that cannot be edited safely",
} as const;

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The old file stays beside the new one, which is for its owner alone when the key is in it. */
async function replace(
  path: string,
  { text, next, hasKey }: { readonly text: string | undefined; readonly next: string; readonly hasKey: boolean },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (text === undefined) {
    await writeFileAtomic(path, next, SECRET_MODE);
    process.stdout.write(`Wrote ${path}.\n`);
    return;
  }
  const stamp = new Date(systemClock.now()).toISOString().replace(/\D/g, "").slice(0, 14);
  const backup = `${path}.keyproxy-${stamp}.bak`;
  await copyFile(path, backup);
  const { mode } = await stat(path);
  await writeFileAtomic(path, next, mode & (hasKey ? 0o700 : 0o777));
  process.stdout.write(`Wrote ${path}; as it was before: ${backup}\n`);
}

/** Completions: the scripts stay as they were looked at, a real bash sources its own, and nothing typed or answered is run. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { SCRIPTS, SHELLS } from "../../src/cli/completions/scripts.ts";
import { startGateway } from "../support/gateway.ts";
import { cacheVariable, runProgram } from "../support/process.ts";
import { startAdminServer } from "../support/admin_server.ts";
import { quietReport, quietRequest } from "../support/status_reports.ts";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");
const GOLDEN = join(ROOT, "tests/golden/completions");

/** A folder with keys, and a `keyproxy` on the path of a bash that knows nothing else. */
async function inShell(env: Readonly<Record<string, string>>, work: (shell: Shell) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-shell-"));
  const bin = join(folder, "bin");
  try {
    await mkdir(bin);
    await writeFile(join(bin, "keyproxy"), `#!/bin/sh\nexec "${process.execPath}" run -A --no-check "${join(ROOT, "main.ts")}" "$@"\n`);
    await chmod(join(bin, "keyproxy"), 0o755);
    await writeFile(join(folder, ".env"), "OPENAI_API_KEY=sk-aaaaaaaaaaaaaaaaaaaa1\nOPENAI_API_KEY_2=sk-bbbbbbbbbbbbbbbbbbbb2\n");
    await work({ folder, complete: (line, more = {}) => completed(line, { folder, bin, env: { ...env, ...more } }) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Shell {
  readonly folder: string;
  /** What bash would put in place of the last word. */
  complete(line: string, env?: Readonly<Record<string, string>>): Promise<string[]>;
}

const TRY = String.raw`
set -u
source <(keyproxy completions bash)
source <(keyproxy completions bash)
COMP_LINE=$1 COMP_POINT=${"$"}{#1}
_keyproxy keyproxy
printf '%s\n' "${"$"}{COMPREPLY[@]+"${"$"}{COMPREPLY[@]}"}"
`;

function completed(
  line: string,
  { folder, bin, env }: { readonly folder: string; readonly bin: string; readonly env: Readonly<Record<string, string>> },
): Promise<string[]> {
  const options = {
    cwd: folder,
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: folder, ...cacheVariable(), ...env },
  };
  return new Promise((done, reject) =>
    execFile("bash", ["--norc", "-c", TRY, "bash", line], options, (error, out, err) => {
      if (error !== null || err !== "") reject(new Error(`${error?.message ?? ""}${err}`));
      else done(out.split("\n").filter((it) => it !== ""));
    })
  );
}

/** As {@link inShell}, beside a played server with two requests. */
async function inFolderWithServer(
  work: (complete: (line: string, env: Readonly<Record<string, string>>) => Promise<string[]>, port: string) => Promise<void>,
): Promise<void> {
  await using server = await startAdminServer(quietReport({ recent: [quietRequest(), quietRequest({ id: "req-2" })] }));
  await inShell({ HOST: "127.0.0.1" }, async ({ complete }) => await work(complete, String(server.port)));
}

for (const shell of SHELLS) {
  Deno.test(`the script for ${shell} is as it was last looked at`, async () => {
    const path = join(GOLDEN, `keyproxy.${shell}`);
    assert.equal(SCRIPTS[shell], await readFile(path, "utf8"), `try it in a real ${shell}, then keep it in ${path}`);
  });
}

Deno.test("each shell's script is printed, an unknown shell is a mistake", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-shell-"));
  try {
    assert.deepEqual(await runProgram(["completions", "fish"], { cwd: folder }), { code: 0, output: SCRIPTS.fish });
    const wrong = await runProgram(["completions", "tcsh"], { cwd: folder });
    assert.equal(wrong.code, 2);
    assert.match(wrong.output, /Allowed choices are bash, zsh, fish, powershell/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

Deno.test("bash completes commands, flags and values", () =>
  inShell({ PORT: "1", HOST: "127.0.0.1" }, async ({ folder, complete }) => {
    assert.deepEqual(await complete("keyproxy st"), ["status"]);
    assert.deepEqual(await complete("keyproxy creds ex"), ["export"]);
    assert.deepEqual(await complete("keyproxy serve --log-"), ["--log-level", "--log-format"]);
    assert.deepEqual(await complete("keyproxy --ho"), ["--host"]);
    assert.deepEqual(await complete("keyproxy models --provider "), ["openai"]);
    assert.deepEqual(await complete("keyproxy completions "), ["bash", "zsh", "fish", "powershell"]);
    // bash takes what stands before = and : for words of their own.
    assert.deepEqual(await complete("keyproxy models --provider=o"), ["openai"]);
    assert.deepEqual(await complete("keyproxy creds remove openai:"), ["1", "2"]);
    await writeFile(join(folder, "server one.env"), "");
    assert.deepEqual(await complete("keyproxy serve --env-file ser"), ["server one.env"]);
    assert.deepEqual(await complete("keyproxy serve --data-dir b"), ["bin"]);
  }));

Deno.test("models come from the running server, and names that a shell could run are left out", async () => {
  await using gateway = await startGateway({ simulatorOptions: { models: ["alpha", "vendor/beta:free", "$(touch pwned)", "a`b`"] } });
  // The first list is waited for; completions do not.
  await fetch(`${gateway.baseUrl}/models`).then((answer) => answer.text());
  await inShell({ HOST: "127.0.0.1", PORT: String(gateway.port) }, async ({ folder, complete }) => {
    assert.deepEqual(await complete("keyproxy connect codex --model "), ["local/alpha", "local/vendor/beta:free"]);
    assert.deepEqual(await complete("keyproxy connect codex --model local/vendor/beta:f"), ["free"]);
    assert.deepEqual(await complete("keyproxy creds add $(touch pwned) "), []);
    assert.deepEqual(await complete("keyproxy models --provider=`touch pwned` --j"), ["--json"]);
    assert.ok(!existsSync(join(folder, "pwned")));
  });
});

Deno.test("requests come from the server's memory, and a server that hangs is not waited for", () =>
  inFolderWithServer(async (complete, port) => {
    assert.deepEqual(await complete("keyproxy logs show ", { PORT: port }), ["last", "req-2", "req-1"]);
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const at = silent.address();
    const hanging = String(typeof at === "object" && at !== null ? at.port : 0);
    assert.deepEqual(await complete("keyproxy logs show ", { PORT: hanging }), ["last"]);
    silent.closeAllConnections();
    silent.close();
  }));

Deno.test("without a server the models that were listed last are offered", () =>
  inShell({ PORT: "1", HOST: "127.0.0.1" }, async ({ folder, complete }) => {
    assert.deepEqual(await complete("keyproxy connect codex --model "), []);
    await writeFile(join(folder, "models_seen.json"), '["openai/gpt-5"]\n');
    assert.deepEqual(await complete("keyproxy connect codex --model o"), ["openai/gpt-5"]);
  }));

/**
 * The executable as people get it: built once for a test file and removed after it, or the one that
 * KEYPROXY_EXECUTABLE names. It runs in a folder without the source, with nothing of this machine's environment.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { systemClock } from "../../src/kernel/clock.ts";
import { type Program, startProgram } from "./process.ts";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");
const BUILD_MS = 180_000;
/** Longer than any command takes; one that waits for somebody to type is found out here. */
const LIMIT_MS = 60_000;

export interface Run {
  readonly cwd: string;
  /** The whole environment, but for HOME (`cwd`), PATH (nothing on it) and MODEL_INFO_REFRESH (off). */
  readonly env?: Readonly<Record<string, string>>;
  /** All of standard input; nothing by default. */
  readonly stdin?: string;
}

export interface Ran {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

export interface Executable {
  /** Absolute. */
  path(): string;
  /** Runs to the end. */
  run(args: readonly string[], options: Run): Promise<Ran>;
  /** Starts one that goes on. */
  start(args: readonly string[], options: Omit<Run, "stdin">): Program;
}

/** To be called once, at the top of a test file: builds before its first test, removes after its last. */
export function useExecutable(): Executable {
  let folder: string | undefined;
  let built: string | undefined;
  Deno.test.beforeAll(async () => {
    const given = process.env["KEYPROXY_EXECUTABLE"];
    if (given !== undefined) {
      built = resolve(given);
      return;
    }
    folder = await mkdtemp(join(tmpdir(), "keyproxy-executable-"));
    const args = ["run", "-A", "--no-check", join(ROOT, "build.ts"), "--compiler", "bun", "--out", folder];
    const ended = spawnSync(process.execPath, args, { encoding: "utf8", timeout: BUILD_MS });
    assert.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`);
    const name = (await readdir(folder)).find((it) => it.startsWith("keyproxy-"));
    assert.ok(name !== undefined);
    built = join(folder, name);
  });
  Deno.test.afterAll(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  const path = () => {
    assert.ok(built !== undefined, "the executable is there only while tests run");
    return built;
  };
  return {
    path,
    run: (args, options) => runToEnd(path(), args, options),
    start: (args, options) => startProgram(args, { ...options, executable: path() }),
  };
}

function runToEnd(executable: string, args: readonly string[], { cwd, env = {}, stdin = "" }: Run): Promise<Ran> {
  const child = spawn(executable, args, {
    cwd,
    env: { HOME: cwd, PATH: cwd, NO_COLOR: "1", MODEL_INFO_REFRESH: "off", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (piece: string) => void (text.out += piece));
  child.stderr.setEncoding("utf8").on("data", (piece: string) => void (text.err += piece));
  // Whoever ends without reading its input breaks the pipe.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const cancel = systemClock.after(LIMIT_MS, () => void child.kill("SIGKILL"));
  return new Promise<Ran>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => done({ code: code ?? signal ?? "?", ...text }));
  }).finally(cancel);
}

/** Programs run to their end, with an outcome that can be shown to a person in one line. */
import { spawnSync } from "node:child_process";
import process from "node:process";

/** A command that ended well, or why it did not, in one line. */
export type Outcome = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly reason: string };

export interface RunOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Only for commands that are scripts on Windows, such as npx. */
  readonly shell?: boolean;
}

/** Runs a command with the environment of this process, less what could put another program into an executable. */
export function run(command: string, args: readonly string[], { cwd, timeoutMs, shell = false }: RunOptions): Outcome {
  const env = { ...process.env, NO_COLOR: "1" };
  // With it set `deno compile` puts whatever it names into the executable and reports success.
  Reflect.deleteProperty(env, "DENORT_BIN");
  const ended = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    maxBuffer: 16 * 1024 * 1024,
    shell,
  });
  if (ended.error !== undefined) return { ok: false, reason: ended.error.message };
  if (ended.status === 0) return { ok: true, output: ended.stdout.trim() };
  return { ok: false, reason: reasonOf(`${ended.stderr}\n${ended.stdout}`) ?? `exit ${ended.status ?? ended.signal}` };
}

/** The last cause a program names, without the frame around it; undefined when it said nothing. */
export function reasonOf(output: string): string | undefined {
  const lines = output.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.includes("<unknown>"));
  const cause = (lines.findLast((line) => /^(error\b|\d+:)/i.test(line)) ?? lines.at(-1))?.replace(/^(error:?|\d+:)\s*/i, "");
  return output.includes("denort") ? `its runtime base cannot be downloaded here (${cause})` : cause;
}

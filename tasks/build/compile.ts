/**
 * The compilers that can make the executable. `deno compile` downloads its runtime from Deno's own host; Bun comes
 * from the npm registry with everything it needs, for other machines too. What they make is believed only after `proof.ts`.
 */
import { join } from "node:path";
import process from "node:process";
import { type Outcome, run } from "./run.ts";
import type { Target } from "./targets.ts";

export const COMPILERS = ["deno", "bun"] as const;
export type Compiler = (typeof COMPILERS)[number];

const BUN = "bun@1.4.5";
const COMPILE_MS = 10 * 60_000;

/** What a compiler is told. Paths are absolute. */
export interface Job {
  readonly root: string;
  readonly entry: string;
  readonly output: string;
  readonly target: Target;
}

export function compile(compiler: Compiler, { root, entry, output, target }: Job): Outcome {
  const options = { cwd: root, timeoutMs: COMPILE_MS };
  switch (compiler) {
    case "deno": {
      const flags = ["--quiet", "--no-check", "-A", "--target", target.deno];
      return run(Deno.execPath(), ["compile", ...flags, "--output", output, entry], options);
    }
    case "bun": {
      // Bun resolves packages from node_modules, which Deno lays out from deno.json.
      const installed = run(Deno.execPath(), ["install", "--quiet"], options);
      if (!installed.ok) return installed;
      const script = join("tasks", "build", "bun_compile.ts");
      return run("npx", ["-y", BUN, "--no-env-file", "run", script, entry, output, target.bun], {
        ...options,
        shell: process.platform === "win32",
      });
    }
  }
}

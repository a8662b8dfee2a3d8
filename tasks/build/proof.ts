/**
 * What makes a file an executable of ours: the right format, and, where this machine can run it, that it says its
 * version and plays the demonstration. A compiler may exit 0 with something that is not our program.
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { Buffer } from "node:buffer";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HEAD_BYTES, kindOf } from "./format.ts";
import { type Outcome, run } from "./run.ts";
import { type Target, thisMachine } from "./targets.ts";

const RUN_MS = 60_000;
const START_COUNT = 9;

/** What the executable must be. */
export interface Expected {
  readonly target: Target;
  readonly version: string;
  readonly commit: string | undefined;
}

export type Proof =
  | { readonly state: "ran"; readonly startMs: number }
  | { readonly state: "not run here" }
  | { readonly state: "wrong"; readonly reason: string };

/** Looks at the file, and runs it when it is for this machine. */
export function prove(executable: string, expected: Expected): Proof {
  const { target, commit } = expected;
  const kind = kindOf(headOf(executable));
  if (kind?.os !== target.os || kind.arch !== target.arch) {
    return wrong(`the file is not an executable for ${target.name}${kind === undefined ? "" : ` but for ${kind.os}-${kind.arch}`}`);
  }
  if (target.name !== thisMachine()) {
    // It cannot be run; at least the program must be in it, and not the bare runtime.
    const holdsProgram = readFileSync(executable).includes(commit ?? "KEYPROXY_DATA_DIR");
    return holdsProgram ? { state: "not run here" } : wrong("the program is not in the file");
  }
  const folder = mkdtempSync(join(tmpdir(), "keyproxy-proof-"));
  try {
    const ran = runs(executable, expected, folder);
    return ran.ok ? { state: "ran", startMs: startMsOf(executable, folder) } : wrong(ran.reason);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runs(executable: string, { version, commit }: Expected, cwd: string): Outcome {
  const said = run(executable, ["--version"], { cwd, timeoutMs: RUN_MS });
  if (!said.ok) return { ok: false, reason: `the executable does not run: ${said.reason}` };
  const wanted = `keyproxy ${version}${commit === undefined ? "" : ` (${commit})`}`;
  if (said.output !== wanted) {
    return {
      ok: false,
      reason: `the executable is not our program: --version printed "${said.output.slice(0, 80)}", expected "${wanted}"`,
    };
  }
  const demo = run(executable, ["demo"], { cwd, timeoutMs: RUN_MS });
  return demo.ok ? demo : { ok: false, reason: `keyproxy demo fails: ${demo.reason}` };
}

/** Median time of `--version`, from the process's start to its end, in ms. */
function startMsOf(executable: string, cwd: string): number {
  const times = Array.from({ length: START_COUNT }, () => {
    const before = performance.now();
    execFileSync(executable, ["--version"], { cwd, stdio: "ignore" });
    return performance.now() - before;
  }).sort((a, b) => a - b);
  return times[Math.floor(START_COUNT / 2)] ?? NaN;
}

function headOf(path: string): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function wrong(reason: string): Proof {
  return { state: "wrong", reason };
}

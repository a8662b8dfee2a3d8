/**
 * Makes executables of the program in `dist/`, with a file of their SHA-256 sums. One counts as built only after
 * it ran; one for another machine after its format was looked at, and that is said.
 */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import project from "./deno.json" with { type: "json" };
import { compile, type Compiler, COMPILERS } from "./tasks/build/compile.ts";
import { type Proof, prove } from "./tasks/build/proof.ts";
import { commitOf, writeEntry } from "./tasks/build/stamp.ts";
import { executableName, type Target, TARGETS, thisMachine } from "./tasks/build/targets.ts";

const ROOT = import.meta.dirname ?? ".";
/** Larger than this is a failure: people download it. */
const MAX_BYTES = 120_000_000;
/** Slower than this is a warning: it may be the machine. */
const MAX_START_MS = 150;

const HELP = `Usage: deno task build [options]

One executable of keyproxy for this machine, or for others, in dist/.

  --all              for every target
  --target <name>    for this one; may be repeated: ${TARGETS.map(({ name }) => name).join(", ")}
  --compiler <name>  deno, bun, or auto: deno, and bun where deno cannot (default: auto)
  --commit <text>    commit to show as origin, where there is no git to ask
  --out <folder>     where to put them (default: dist)
  -h, --help         print this
`;

interface Plan {
  readonly targets: readonly Target[];
  readonly compilers: readonly Compiler[];
  readonly folder: string;
  readonly commit: string | undefined;
}

/** What was asked for, or why it cannot be done. */
function planOf(args: readonly string[]): Plan | "help" | { readonly mistake: string } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        all: { type: "boolean", default: false },
        target: { type: "string", multiple: true },
        compiler: { type: "string", default: "auto" },
        commit: { type: "string" },
        out: { type: "string", default: "dist" },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return "help";
  const compilers = COMPILERS.filter((it) => values.compiler === "auto" || values.compiler === it);
  if (compilers.length === 0) return { mistake: `Cannot build with --compiler "${values.compiler}": expected deno, bun or auto` };
  const names = values.all ? TARGETS.map(({ name }) => name) : values.target ?? [thisMachine()];
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    return { mistake: `Cannot build for "${unknown}": expected one of ${TARGETS.map(({ name }) => name).join(", ")}` };
  }
  return {
    targets: TARGETS.filter(({ name }) => names.includes(name)),
    compilers,
    folder: resolve(values.out),
    commit: values.commit ?? commitOf(ROOT),
  };
}

/** Tries the compilers in turn; the executable takes its final name only once it has been proved. True when there is one. */
function build(target: Target, { compilers, folder, commit }: Plan): boolean {
  const executable = join(folder, executableName(target));
  // Keeps the suffix: a compiler adds `.exe` where it is missing.
  const partial = join(folder, `.partial-${executableName(target)}`);
  for (const compiler of compilers) {
    const compiled = compile(compiler, { root: ROOT, entry: writeEntry(ROOT, commit), output: partial, target });
    const proof = compiled.ok ? prove(partial, { target, version: project.version, commit }) : { state: "wrong", ...compiled } as const;
    const bytes = proof.state === "wrong" ? 0 : statSync(partial).size;
    const fault = proof.state === "wrong" ? proof.reason : tooLarge(bytes);
    if (fault !== undefined) {
      rmSync(partial, { force: true });
      console.error(`${target.name}: no executable by ${compiler}: ${fault}`);
      continue;
    }
    chmodSync(partial, 0o755);
    renameSync(partial, executable);
    console.log(`${executable}: by ${compiler}, ${(bytes / 1e6).toFixed(1)} MB, ${described(proof)}`);
    return true;
  }
  return false;
}

function tooLarge(bytes: number): string | undefined {
  return bytes < MAX_BYTES ? undefined : `it has ${(bytes / 1e6).toFixed(1)} MB, the limit is ${MAX_BYTES / 1e6} MB`;
}

function described(proof: Proof): string {
  if (proof.state !== "ran") return "built, not run here";
  const slow = proof.startMs < MAX_START_MS ? "" : ` (warning: more than ${MAX_START_MS} ms; is the machine busy?)`;
  return `runs, starts in ${proof.startMs.toFixed(0)} ms${slow}`;
}

/** Writes SHA256SUMS for every executable of the folder, in the form `sha256sum -c` reads. */
function writeSums(folder: string): void {
  const names = readdirSync(folder).filter((name) => name.startsWith("keyproxy-")).sort();
  const sums = names.map((name) => `${createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`);
  writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
}

function main(args: readonly string[]): number {
  const plan = planOf(args);
  if (plan === "help") {
    console.log(HELP);
    return 0;
  }
  if ("mistake" in plan) {
    console.error(`${plan.mistake}\n(add --help for the options)`);
    return 2;
  }
  mkdirSync(plan.folder, { recursive: true });
  console.log(`keyproxy ${project.version}${plan.commit === undefined ? "" : ` (${plan.commit})`}`);
  const missing = plan.targets.filter((target) => !build(target, plan));
  writeSums(plan.folder);
  if (missing.length > 0) console.error(`Not built: ${missing.map(({ name }) => name).join(", ")}`);
  return missing.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));

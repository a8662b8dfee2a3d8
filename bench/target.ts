/** A process under measurement: started, asked for its CPU time and memory, ended by its handle. */
import { readFile } from "node:fs/promises";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import process from "node:process";

/** Kernel clock ticks per second; fixed at 100 for programs on Linux. */
const TICKS_PER_SECOND = 100;

export interface Target {
  readonly name: string;
  readonly port: number;
  /** CPU time used so far, user and system, ms. */
  cpuMs(): Promise<number>;
  residentBytes(): Promise<number>;
  stop(): void;
}

/** Starts a script with this runtime and waits for the line that names its port. */
export function startTarget(
  name: string,
  script: string,
  options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Target> {
  const child = spawn(process.execPath, ["run", "-A", "--no-check", script, ...options.args ?? []], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`Cannot measure ${name}: it ended with code ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const port = /(?:^|127\.0\.0\.1:)(\d{2,5})(?:\/v1)?$/.exec(line.trim())?.[1];
      if (port !== undefined) resolve(targetOf(name, child, Number(port)));
    });
  });
}

function targetOf(name: string, child: ChildProcess, port: number): Target {
  const read = (file: string) => readFile(`/proc/${child.pid}/${file}`, "utf8");
  return {
    name,
    port,
    async cpuMs() {
      const fields = (await read("stat")).replace(/^.*\) /, "").split(" ");
      return (Number(fields[11]) + Number(fields[12])) * (1000 / TICKS_PER_SECOND);
    },
    async residentBytes() {
      return Number(/VmRSS:\s+(\d+)/.exec(await read("status"))?.[1] ?? 0) * 1024;
    },
    stop() {
      child.removeAllListeners("exit");
      child.kill("SIGTERM");
    },
  };
}

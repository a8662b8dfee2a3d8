/**
 * `keyproxy health`: asks a running proxy whether it answers, and says so by its exit code: the health check of a
 * container that holds no other program. Waits a bounded time; never goes through an outgoing proxy.
 */
import { get as getPlain } from "node:http";
import { get as getTls } from "node:https";
import process from "node:process";
import { parseConfig, readSources } from "../config/load.ts";
import { describeProblem } from "../config/problem.ts";
import { clientUrl } from "../kernel/address.ts";
import { systemClock } from "../kernel/clock.ts";
import { CATALOG } from "../providers/catalog.ts";
import type { ExitCode } from "../terminal/exit.ts";

export interface HealthFlags {
  /** Address of the proxy; without it that of HOST and PORT. */
  readonly url?: string | undefined;
  /** Ask for a usable credential too. */
  readonly ready?: true | undefined;
  readonly json?: true | undefined;
  readonly envFile?: string | undefined;
}

const LIMIT_MS = 5_000;

export async function health(flags: HealthFlags): Promise<ExitCode> {
  const root = flags.url ?? await configuredUrl(flags.envFile);
  if (root === undefined) return 2;
  if (!/^https?:\/\/[^/]/.test(root) || !URL.canParse(root)) {
    process.stderr.write(`Cannot use --url "${root}": expected an address such as http://127.0.0.1:8000\n`);
    return 2;
  }
  const url = `${root.replace(/\/+$/, "").replace(/\/v1$/, "")}${flags.ready === true ? "/readyz" : "/healthz"}`;
  const { isWell, said } = await ask(url);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ url, is_well: isWell, message: said }, null, 2)}\n`);
  else if (isWell) process.stdout.write(`${url}: ${said}\n`);
  else process.stderr.write(`${url}: ${said}\n`);
  return isWell ? 0 : 1;
}

/** Where a client on this machine finds the proxy; undefined after saying what is wrong. */
async function configuredUrl(envFile: string | undefined): Promise<string | undefined> {
  const sources = await readSources({ cwd: process.cwd(), env: process.env, ...(envFile === undefined ? {} : { envFile }) });
  const reading = parseConfig(sources, { rows: CATALOG });
  if ("config" in reading) return clientUrl(reading.config);
  for (const problem of reading.problems) process.stderr.write(`${describeProblem(problem)}\n`);
  return undefined;
}

/** One request; every outcome is a sentence's end. */
function ask(url: string): Promise<{ readonly isWell: boolean; readonly said: string }> {
  return new Promise((tell) => {
    const get = url.startsWith("https:") ? getTls : getPlain;
    const request = get(url, { agent: false }, (reply) => {
      reply.destroy();
      const isWell = reply.statusCode === 200;
      answer(isWell, isWell ? "ok" : `not ok (status ${reply.statusCode})`);
    });
    const cancel = systemClock.after(LIMIT_MS, () => {
      answer(false, `no answer within ${LIMIT_MS / 1000} s`);
      request.destroy();
    });
    const answer = (isWell: boolean, said: string) => {
      cancel();
      tell({ isWell, said });
    };
    request.on("error", (error) => answer(false, reasonOf(error)));
  });
}

function reasonOf(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  switch (code) {
    case "ECONNREFUSED":
    case "ConnectionRefused":
      return "nothing listens there";
    case "ENOTFOUND":
      return "no such host";
    default:
      return `no answer: ${error.message}`;
  }
}

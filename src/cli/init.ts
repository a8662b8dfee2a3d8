/** `keyproxy init`: gives `.env` a random proxy key, once. The key is shown this one time. */
import { resolve } from "node:path";
import process from "node:process";
import { writeEnvFile } from "../config/env_file.ts";
import { mergeVariables, readSources } from "../config/load.ts";
import { describeProblem } from "../config/problem.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { newProxyKey } from "./proxy_key.ts";

const VARIABLE = "PROXY_API_KEY";

export async function init(flags: { readonly envFile?: string | undefined }): Promise<ExitCode> {
  const path = resolve(process.cwd(), flags.envFile ?? ".env");
  const sources = await readSources({ cwd: process.cwd(), env: process.env });
  if (sources.problems.length > 0) {
    for (const problem of sources.problems) process.stderr.write(`Cannot edit ${path}: ${describeProblem(problem)}\n`);
    return 2;
  }
  const known = mergeVariables(sources).get(VARIABLE);
  if (known !== undefined && known.value.trim() !== "") {
    process.stdout.write(`${VARIABLE} is set already (${known.origin}); nothing was changed.\n`);
    return 0;
  }
  const key = newProxyKey();
  try {
    await writeEnvFile(path, { [VARIABLE]: key });
  } catch (error) {
    process.stderr.write(`Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  process.stdout.write(`Wrote ${VARIABLE} to ${path}. Your applications send it as their API key; it is not shown again:\n\n  ${key}\n\n`);
  return 0;
}

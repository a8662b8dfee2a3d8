/** `keyproxy models`: what can be called with the present configuration, as a table or JSON. */
import process from "node:process";
import { startApp } from "../app.ts";
import { readSources } from "../config/load.ts";
import { describeProblem } from "../config/problem.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { useProxyVariables } from "./proxy_variables.ts";

export interface ModelsFlags {
  readonly provider?: string | undefined;
  readonly search?: string | undefined;
  readonly json?: true | undefined;
  readonly envFile?: string | undefined;
}

export async function models(flags: ModelsFlags): Promise<ExitCode> {
  const sources = await readSources({
    cwd: process.cwd(),
    env: process.env,
    ...(flags.envFile === undefined ? {} : { envFile: flags.envFile }),
  });
  useProxyVariables(sources);
  const app = await startApp({ sources });
  if ("problems" in app) {
    for (const problem of app.problems) process.stderr.write(`${describeProblem(problem)}\n`);
    return 2;
  }
  try {
    if (flags.provider !== undefined && !app.snapshot().providers.has(flags.provider)) {
      const known = [...app.snapshot().providers.keys()].join(", ") || "none";
      process.stderr.write(`Provider "${flags.provider}" is not configured; configured are: ${known}\n`);
      return 2;
    }
    const rows = (await app.models()).filter((row) =>
      (flags.provider === undefined || row.owned_by === flags.provider) &&
      row.id.toLowerCase().includes((flags.search ?? "").toLowerCase())
    );
    process.stdout.write(flags.json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));
    return 0;
  } finally {
    await app.close();
  }
}

function table(rows: readonly { readonly id: string; readonly context_length?: number | undefined }[]): string {
  if (rows.length === 0) return "No model: no provider is configured, none lists its models, or the filters hide them all.\n";
  return rows.map((row) => row.context_length === undefined ? `${row.id}\n` : `${row.id.padEnd(60)} ${row.context_length}\n`).join("");
}

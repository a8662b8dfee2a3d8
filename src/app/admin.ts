/** What the admin routes are given: the state of the application, told on demand, and its events. */
import { join } from "node:path";
import process from "node:process";
import { readSources, type Sources } from "../config/load.ts";
import { describeProblem, type Problem } from "../config/problem.ts";
import { OAUTH_ROWS } from "../credentials/oauth/rows.ts";
import type { Ledger } from "../gateway/ledger.ts";
import type { Redactor } from "../gateway/redact.ts";
import { requestReport, statusReport } from "../gateway/status.ts";
import type { AdminDeps } from "../http/admin.ts";
import { AdminEvents } from "../http/admin_events.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Served } from "./served.ts";

const LOGIN_PROVIDERS: ReadonlySet<string> = new Set(OAUTH_ROWS.map(({ provider }) => provider));

export interface AdminOptions {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly redactor: Redactor;
  readonly running: { readonly count: number };
  readonly served: Pick<Served, "snapshot" | "madeAt">;
  readonly isStopping: () => boolean;
  readonly reload: (sources: Sources) => Promise<readonly Problem[]>;
  /** How a reload reads; by default from the places that the first sources came from. */
  readonly reading: { readonly sources: Sources; readonly readSources?: () => Promise<Sources> };
}

export function openAdmin(options: AdminOptions): AdminDeps {
  const { clock, ledger, redactor, running, served, reading } = options;
  const startedAt = served.madeAt;
  const mask = (text: string) => redactor.text(text);
  const status = () =>
    statusReport({
      now: clock.now(),
      startedAt,
      configuredAt: served.madeAt,
      pid: process.pid,
      phase: options.isStopping() ? "stopping" : "serving",
      inFlightCount: running.count,
      snapshot: served.snapshot,
      ledger,
      loginProviders: LOGIN_PROVIDERS,
      mask,
    });
  const onRequest: AdminDeps["onRequest"] = (listener) => ledger.onFinish((summary) => listener(requestReport(summary, mask)));
  const read = reading.readSources ?? (() => readAgain(reading.sources));
  const reload = async () => (await options.reload(await read())).map(describeProblem);
  return { status, onRequest, events: new AdminEvents({ clock, status, onRequest }), reload };
}

/** A file that stood in for `.env` must be there again. */
function readAgain({ cwd, env, flags, envFile }: Sources): Promise<Sources> {
  return readSources({ cwd, env, flags, ...(envFile === join(cwd, ".env") ? {} : { envFile }) });
}

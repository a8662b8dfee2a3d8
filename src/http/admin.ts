/**
 * The admin routes: how the server is, and the few things one may ask of it. Who may is decided before, in
 * `admin_auth.ts`; what a request does here is done when its answer comes.
 */
import type { ChangeReport, RequestReport, StatusReport } from "../gateway/status_report.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import { type Failure, failure } from "../kernel/failure.ts";
import { logger } from "../kernel/log.ts";
import type { MemberReport } from "../pool/report.ts";
import type { AdminEvents } from "./admin_events.ts";

/** What the admin routes need of the application. */
export interface AdminDeps {
  readonly status: () => StatusReport;
  readonly onRequest: (listener: (request: RequestReport) => void) => () => void;
  readonly events: AdminEvents;
  /** Reads everything anew; what is wrong with it in words, empty when it is in force. */
  readonly reload: () => Promise<readonly string[]>;
}

/** True for paths that `checkAdmin` guards, whether there is something or not. */
export function isAdminPath(path: string): boolean {
  return path === "/admin" || path.startsWith("/admin/");
}

const ACTIONS = {
  reset: (pool, id) => pool.reset(id),
  disable: (pool, id) => pool.disable(id),
  enable: (pool, id) => pool.enable(id),
} as const satisfies Record<string, (pool: SteeredPool, id: string) => MemberReport | undefined>;

interface SteeredPool {
  reset(id: string): MemberReport | undefined;
  disable(id: string): MemberReport | undefined;
  enable(id: string): MemberReport | undefined;
}

function isAction(name: string): name is keyof typeof ACTIONS {
  return Object.hasOwn(ACTIONS, name);
}

/** `POST /admin/credentials/{id}/{action}`: the credential as it is afterwards. */
export function changeCredential(id: string, action: string, { providers }: Snapshot): ChangeReport | Failure {
  if (!isAction(action)) return unknown(`action "${action.slice(0, MAX_SHOWN)}"`);
  const provider = providers.get(id.slice(0, Math.max(id.lastIndexOf(":"), 0)));
  const report = provider === undefined ? undefined : ACTIONS[action](provider.pool, id);
  if (report === undefined) return unknown(`credential "${id.slice(0, MAX_SHOWN)}"`);
  logger("admin").info("Credential {id} ({display}): {action}, now {state}", { ...report, action });
  const { display, state, reason, usableAt } = report;
  return { id, display, state, reason, until_at: usableAt > 0 && usableAt < Infinity ? usableAt : null };
}

/** `POST /admin/reload` */
export async function reload({ reload: readAnew }: AdminDeps): Promise<{ readonly problems: readonly string[] }> {
  const problems = await readAnew();
  const log = logger("admin");
  if (problems.length === 0) log.info("Configuration reloaded");
  for (const problem of problems) log.error("Configuration kept as it was: {problem}", { problem });
  return { problems };
}

/** What a client wrote is shown so far. */
const MAX_SHOWN = 100;

function unknown(what: string): Failure {
  const message = `There is no ${what}; GET /admin/status lists the credentials`;
  return failure({ scope: "request", kind: "not_found", status: 404, code: "not_found", message });
}

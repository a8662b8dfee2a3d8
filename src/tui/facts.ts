/** Collects what the launcher's head shows. Reads only. */
import { relative } from "node:path";
import { AdminError } from "../app/admin_client.ts";
import { viewCredentials } from "../app/credential_view.ts";
import { serverOf } from "../app/server_place.ts";
import type { Setup } from "../app/setup.ts";
import { systemClock } from "../kernel/clock.ts";
import { SETTINGS } from "../config/schema.ts";
import { type HeaderFacts, type ServerState, shownProxyKey } from "./header.ts";
import type { Room, Standing } from "./room.ts";

/** Everything but the server, which is asked while the menu shows already. */
export async function headerFacts({ env, cwd, columns }: Room, { setup, launcher }: Standing): Promise<HeaderFacts> {
  const launcherProblem = launcher.kind === "corrupt" ? launcher.why : null;
  if ("problems" in setup) {
    const key = setup.variables.get(SETTINGS.proxyKeys.env)?.value.split(",")[0]?.trim() ?? "";
    return {
      columns: columns(),
      host: SETTINGS.host.default,
      port: Number(SETTINGS.port.default),
      proxyKey: key === "" ? null : shownProxyKey(key),
      isRequestLogOn: false,
      providerCount: 0,
      credentialCount: 0,
      server: { kind: "other", why: "not asked: the configuration has problems" },
      problems: setup.problems.map(({ file, ...it }) => file === undefined ? it : { ...it, file: relative(cwd, file) || file }),
      launcherProblem,
    };
  }
  const { config, variables, sources } = setup;
  const { views } = await viewCredentials({ config, variables, cwd: sources.cwd, env, now: systemClock.now() });
  const [key] = config.proxyKeys;
  return {
    columns: columns(),
    host: config.host,
    port: config.port,
    proxyKey: key === undefined ? null : shownProxyKey(key.reveal()),
    isRequestLogOn: config.isRequestLogOn,
    providerCount: new Set(views.map(({ provider }) => provider)).size,
    credentialCount: views.length,
    server: { kind: "asking" },
    problems: [],
    launcherProblem,
  };
}

/** Whether a server runs there. Never rejects. */
export async function serverState(setup: Setup, signal?: AbortSignal): Promise<ServerState> {
  const server = serverOf(setup);
  try {
    const { started_at, requests } = await server.status(signal);
    const sinceMs = Math.max(systemClock.now() - started_at, 0);
    return { kind: "running", url: server.url, sinceMs, inFlight: requests.in_flight };
  } catch (error) {
    if (error instanceof AdminError && error.kind === "absent") return { kind: "absent" };
    if (error instanceof AdminError && error.kind === "refused") {
      return { kind: "other", why: "something runs there and refuses this proxy key" };
    }
    return { kind: "other", why: "something answers there that does not tell its status" };
  }
}

/** The same for a screen that waits for it. */
export async function serverNow({ stage }: Room, setup: Standing["setup"]): Promise<ServerState> {
  if ("problems" in setup) return { kind: "other", why: "not asked: the configuration has problems" };
  return await stage.during("Asking the server …", serverState(setup));
}

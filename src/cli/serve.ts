/** `keyproxy serve`: configuration in, a listening server until a signal ends it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type App, type Listening, startApp } from "../app.ts";
import { leaveNote, otherServerUrl } from "../app/server_place.ts";
import { type FlagValues, parseConfig, readSources, type Sources, watchedPaths } from "../config/load.ts";
import { describeProblem, type Problem } from "../config/problem.ts";
import { watchSources } from "../config/watch.ts";
import { grantFolder } from "../credentials/oauth/grant_files.ts";
import { clientUrl, isLoopback } from "../kernel/address.ts";
import { systemClock } from "../kernel/clock.ts";
import { configureLog, logger } from "../kernel/log.ts";
import { CATALOG } from "../providers/catalog.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { dataDirFault } from "./data_dir.ts";
import { newProxyKey } from "./proxy_key.ts";
import { useProxyVariables } from "./proxy_variables.ts";

/** Serves until SIGINT or SIGTERM. */
export async function serve(flags: FlagValues & { readonly envFile?: string | undefined }): Promise<ExitCode> {
  const read = () =>
    readSources({ cwd: process.cwd(), env: process.env, flags, ...(flags.envFile === undefined ? {} : { envFile: flags.envFile }) });
  const sources = await read();
  const reading = parseConfig(sources, { rows: CATALOG });
  if ("problems" in reading) return complain(reading.problems);
  const { config } = reading;
  configureLog({
    level: config.logLevel,
    format: config.logFormat,
    colour: process.stderr.isTTY && !process.env.NO_COLOR ? "ansi" : "plain",
  });
  if (config.proxyKeys.length === 0 && !isLoopback(config.host)) return refuseOpen(config.host);
  const fault = await dataDirFault(config.dataDir);
  if (fault !== undefined) {
    process.stderr.write(`${fault}\n`);
    return 2;
  }
  useProxyVariables(sources);
  const app = await startApp({ sources, readSources: read });
  if ("problems" in app) return complain(app.problems);
  let listening: Listening;
  try {
    listening = await app.listen(config);
  } catch (error) {
    await app.close();
    process.stderr.write(`Cannot listen on ${config.host}:${config.port}: ${reasonOf(error)}\n`);
    return 2;
  }
  const stopReloading = await keepReloading(app, sources, read);
  warnOfOther(config.dataDir);
  const takeNoteAway = await leaveNote({ dataDir: config.dataDir, url: clientUrl(listening), at: systemClock.now() });
  announce(app, listening);
  const code = await untilStopped(app, listening);
  stopReloading();
  await takeNoteAway();
  return code;
}

/** Each of two servers writes whole values of the day, so the counters of one would undo those of the other. */
function warnOfOther(dataDir: string): void {
  const url = otherServerUrl(dataDir);
  if (url === undefined) return;
  logger("app").warn(
    "A server at {url} uses {dataDir} too: give one of them another --data-dir, or today's counters and rests get mixed up",
    {
      url,
      dataDir,
    },
  );
}

function complain(problems: readonly Problem[]): ExitCode {
  process.stderr.write(`Cannot start: the configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}\n`);
  for (const problem of problems) process.stderr.write(`  ${describeProblem(problem)}\n`);
  return 2;
}

function refuseOpen(host: string): ExitCode {
  process.stderr.write(
    `Cannot serve on ${host} without a proxy key: everybody who reaches this address could spend your keys.\n` +
      `Add this line to .env, or serve on this machine only with --host 127.0.0.1:\n\n  PROXY_API_KEY=${newProxyKey()}\n`,
  );
  return 2;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return "the port is in use; choose another with --port, or --port 0 for any free one";
    case "EACCES":
      return "not allowed; ports below 1024 need privileges";
    case "ENOTFOUND":
    case "EAI_AGAIN":
    // What Bun says of a name that has no address.
    case "ENOENT":
      return "the name cannot be resolved; give an address of this machine with --host, such as 127.0.0.1";
    case "EADDRNOTAVAIL":
    case "EINVAL":
      return "this machine has no such address; choose another with --host, such as 127.0.0.1";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function announce(app: App, listening: Listening): void {
  const { config, providers } = app.snapshot();
  const url = clientUrl(listening);
  const shown = [...providers.values()].map(({ row, pool }) => `${row.id} (${pool.credentials().length})`);
  process.stdout.write(`keyproxy listens on ${url}/v1\n`);
  process.stdout.write(
    shown.length > 0 ? `  credentials: ${shown.join(", ")}\n` : "  no credentials yet: set OPENAI_API_KEY or another provider's key\n",
  );
  if (config.proxyKeys.length === 0) process.stdout.write("  open: no PROXY_API_KEY is set, so every program on this machine may use it\n");
}

/** Reloads on SIGHUP and when a file changes; a broken configuration leaves the old one in force. */
async function keepReloading(app: App, sources: Sources, read: () => Promise<Sources>): Promise<() => void> {
  const log = logger("config");
  const reload = async (what: "configuration" | "logins") => {
    const problems = await app.reload(await read());
    if (problems.length === 0) {
      log[what === "logins" ? "debug" : "info"](what === "logins" ? "Logins read again" : "Configuration reloaded");
    } else for (const problem of problems) log.error("Configuration kept as it was: {problem}", { problem: describeProblem(problem) });
  };
  const onHangUp = () => void reload("configuration");
  if (process.platform !== "win32") process.on("SIGHUP", onHangUp);
  const logins = grantFolder(app.snapshot().config.dataDir);
  // A login that is made later must be seen too; where the folder cannot be made there will be none.
  await mkdir(logins, { recursive: true, mode: 0o700 }).catch(() => undefined);
  const watches = [
    watchSources({ paths: watchedPaths(sources), clock: systemClock, onChange: onHangUp }),
    watchSources({ paths: [join(logins, "*.json")], clock: systemClock, onChange: () => void reload("logins") }),
  ];
  return () => {
    for (const watch of watches) watch.close();
    if (process.platform !== "win32") process.off("SIGHUP", onHangUp);
  };
}

/** First signal: finish what runs, up to the grace period. Second signal: leave at once. */
async function untilStopped(app: App, listening: Listening): Promise<ExitCode> {
  const signal = await nextSignal().came;
  const again = nextSignal();
  const graceMs = app.snapshot().config.shutdownGraceMs;
  process.stderr.write(
    `${signal}: finishing ${app.running.count} running request(s), at most ${graceMs / 1000} s; again to leave at once\n`,
  );
  app.stop();
  const closed = listening.close();
  const grace = new Promise<"late">((resolve) => systemClock.after(graceMs, () => resolve("late")));
  const how = await Promise.race([again.came, grace, app.running.whenIdle().then(() => "idle" as const)]);
  // Whoever called may go on living: its Ctrl-C is its own again.
  again.stop();
  if (how !== "idle" && how !== "late") return 130;
  listening.destroy();
  await closed;
  await app.close();
  return 0;
}

interface NextSignal {
  readonly came: Promise<"SIGINT" | "SIGTERM">;
  readonly stop: () => void;
}

function nextSignal(): NextSignal {
  const { promise, resolve } = Promise.withResolvers<"SIGINT" | "SIGTERM">();
  const onInterrupt = () => came("SIGINT");
  const onEnd = () => came("SIGTERM");
  const stop = () => {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onEnd);
  };
  const came = (signal: "SIGINT" | "SIGTERM") => {
    stop();
    resolve(signal);
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onEnd);
  return { came: promise, stop };
}

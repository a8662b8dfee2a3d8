/**
 * A running keyproxy for tests: the real application on a free port of 127.0.0.1, with a simulator as its
 * provider "local" and a directory of its own. Closing it ends both and removes the directory.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type App, startApp } from "../../src/app.ts";
import { readSources } from "../../src/config/load.ts";
import { describeProblem } from "../../src/config/problem.ts";
import { listen, type Listening } from "../../src/http/listen.ts";
import type { Clock, Random, Stopwatch } from "../../src/kernel/clock.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../simulators/server.ts";

/** The key of the simulator when the test gives none. */
export const LOCAL_KEY = "sk-local-1";

export interface GatewayOptions {
  /**
   * The whole environment. Laid over: `LOCAL_API_BASE` (the simulator), `LOCAL_API_KEY_1` unless the test gives keys of
   * its own (`LOCAL_API_KEY…`), `MODEL_INFO_REFRESH=off`. `undefined` takes one of these away.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly simulatorOptions?: SimulatorOptions;
  /** Further simulated providers by the name of their environment prefix: `OTHER` is served as `other/…`. */
  readonly others?: Readonly<Record<string, SimulatorOptions>>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly stopwatch?: Stopwatch;
}

/** A running keyproxy and its providers. */
export interface Gateway extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/v1`: what a client is given as its base URL. */
  readonly baseUrl: string;
  readonly port: number;
  /** The provider "local". */
  readonly simulator: Simulator;
  /** All providers by the name of their environment prefix. */
  readonly simulators: Readonly<Record<string, Simulator>>;
  readonly app: App;
  /** Database, logs and `.env` files are here. */
  readonly dataDir: string;
  /** Resolves when exactly so many requests are being answered. */
  running(count: number): Promise<void>;
  /** Reads the configuration anew, with these variables over the first ones. Throws when it has problems. */
  reload(env: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Cuts what is open and lets go of everything. Safe to call twice. */
  close(): Promise<void>;
}

/** Starts keyproxy over simulators. Throws when the configuration has problems. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const dataDir = await mkdtemp(join(tmpdir(), "keyproxy-test-"));
  const simulators = { LOCAL: await startSimulator(options.simulatorOptions), ...await startOthers(options.others ?? {}) };
  const env = { ...providerEnv(simulators, options.env ?? {}), MODEL_INFO_REFRESH: "off", ...options.env };
  const { clock, random, stopwatch } = options;
  const app = await startApp({
    sources: await readSources({ cwd: dataDir, env }),
    ...(clock === undefined ? {} : { clock }),
    ...(random === undefined ? {} : { random }),
    ...(stopwatch === undefined ? {} : { stopwatch }),
  });
  if ("problems" in app) {
    await Promise.all(Object.values(simulators).map((simulator) => simulator.close()));
    await rm(dataDir, { recursive: true, force: true });
    throw new Error(`Cannot start the gateway: ${app.problems.map(describeProblem).join("; ")}`);
  }
  const listening = await listen(app.http, { host: "127.0.0.1", port: 0 });
  let closed: Promise<void> | undefined;
  const close = () => closed ??= shutDown({ app, listening, simulators: Object.values(simulators), dataDir });
  return {
    baseUrl: `http://127.0.0.1:${listening.port}/v1`,
    port: listening.port,
    simulator: simulators.LOCAL,
    simulators,
    app,
    dataDir,
    async running(count) {
      while (app.running.count !== count) await nextTurn();
    },
    async reload(changed) {
      const problems = await app.reload(await readSources({ cwd: dataDir, env: { ...env, ...changed } }));
      if (problems.length > 0) throw new Error(`Cannot reload the gateway: ${problems.map(describeProblem).join("; ")}`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function startOthers(others: Readonly<Record<string, SimulatorOptions>>): Promise<Record<string, Simulator>> {
  const started = Object.entries(others).map(async ([name, options]) => [name, await startSimulator(options)] as const);
  return Object.fromEntries(await Promise.all(started));
}

/** Address and key of each simulated provider; a test that names keys of its own gets no other one. */
function providerEnv(simulators: Readonly<Record<string, Simulator>>, given: Readonly<Record<string, unknown>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, simulator] of Object.entries(simulators)) {
    env[`${name}_API_BASE`] = simulator.baseUrl;
    const hasKeys = Object.keys(given).some((variable) => variable.startsWith(`${name}_API_KEY`));
    if (!hasKeys) env[`${name}_API_KEY_1`] = name === "LOCAL" ? LOCAL_KEY : `sk-${name.toLowerCase()}-1`;
  }
  return env;
}

async function shutDown(
  parts: { readonly app: App; readonly listening: Listening; readonly simulators: readonly Simulator[]; readonly dataDir: string },
): Promise<void> {
  const { app, listening, simulators, dataDir } = parts;
  app.stop();
  const closed = listening.close();
  listening.destroy();
  await closed;
  await app.running.whenIdle();
  await app.close();
  await Promise.all(simulators.map((simulator) => simulator.close()));
  await rm(dataDir, { recursive: true, force: true });
}

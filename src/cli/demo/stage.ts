/**
 * Everything the demo runs on: the simulated provider, the real application in front of it, a temporary
 * directory. Knows nothing of the user's environment or files, and leaves nothing behind.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type App, startApp } from "../../app.ts";
import { readSources } from "../../config/load.ts";
import { describeProblem } from "../../config/problem.ts";
import { credentialId } from "../../credentials/credential.ts";
import { clientUrl } from "../../kernel/address.ts";
import { type Clock, type Stopwatch, systemRandom } from "../../kernel/clock.ts";
import { DEMO_KEYS, DEMO_MODEL, type DemoKey, type DemoProvider, type ProviderCall, startProvider } from "./provider.ts";

const PROVIDER = "demo";
/** Seconds. The first is what a key that stalls costs a chat request. */
const LIMITS = { TIMEOUT_READ_NON_STREAMING: "2", GLOBAL_TIMEOUT: "10" };

/** The state of a key, as the proxy sees it. */
export interface KeyState {
  /** `ready`, `busy`, `cooling` or `quarantined`. */
  readonly state: string;
  /** Time until it may be used again, ms; 0 = now. */
  readonly restMs: number;
}

export interface Stage {
  /** Base URL of the proxy for clients, with `/v1`. */
  readonly url: string;
  readonly provider: DemoProvider;
  stateOf(key: DemoKey): KeyState;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  readonly onArrived: (key: DemoKey) => void;
  readonly onEnded: (call: ProviderCall) => void;
}

/** Sets the stage. Rejects when the machine gives no directory or no port. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const undo: (() => Promise<unknown> | void)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), "keyproxy-demo-"));
    undo.push(() => rm(directory, { recursive: true, force: true }));
    undo.push(callDirectly());
    const provider = await startProvider(options);
    undo.push(() => provider.close());
    const app = await startProxy({ ...options, directory, provider });
    undo.push(() => app.close());
    const listening = await app.listen({ host: "127.0.0.1", port: 0 });
    undo.push(async () => {
      app.stop();
      const closed = listening.close();
      listening.destroy();
      await closed;
    });
    return { url: `${clientUrl(listening)}/v1`, provider, stateOf: (key) => stateOf(key, { app, clock: options.clock }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The way to the provider stays on this machine, whatever proxy the user's environment names. */
function callDirectly(): () => void {
  const before = process.env["no_proxy"];
  process.env["no_proxy"] = "*";
  return () => {
    if (before === undefined) delete process.env["no_proxy"];
    else process.env["no_proxy"] = before;
  };
}

async function startProxy(
  { clock, stopwatch, directory, provider }: StageOptions & { readonly directory: string; readonly provider: DemoProvider },
): Promise<App> {
  const keys = DEMO_KEYS.map(({ key }, index) => [index === 0 ? "DEMO_API_KEY" : `DEMO_API_KEY_${index + 1}`, key] as const);
  const env = {
    DEMO_API_BASE: provider.url,
    ...Object.fromEntries(keys),
    MAX_CONCURRENT_REQUESTS_PER_KEY_DEMO: "1",
    KEYPROXY_DATA_DIR: directory,
    MODEL_INFO_REFRESH: "off",
    ...LIMITS,
  };
  const app = await startApp({ sources: await readSources({ cwd: directory, env }), clock, stopwatch, random: systemRandom });
  if ("problems" in app) throw new Error(app.problems.map(describeProblem).join("; "));
  return app;
}

function stateOf({ key }: DemoKey, { app, clock }: { readonly app: App; readonly clock: Clock }): KeyState {
  const id = credentialId(PROVIDER, key);
  const report = app.snapshot().providers.get(PROVIDER)?.pool.report(DEMO_MODEL).find((member) => member.id === id);
  if (report === undefined) return { state: "unknown", restMs: 0 };
  return { state: report.state, restMs: report.usableAt === 0 ? 0 : Math.max(report.usableAt - clock.now(), 0) };
}

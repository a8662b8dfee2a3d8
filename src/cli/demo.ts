/**
 * `keyproxy demo`: the real proxy in front of a simulated provider whose keys fail, and an account of what
 * happened. Needs no key and no network, and touches nothing but a temporary directory.
 */
import process from "node:process";
import { systemClock, systemStopwatch } from "../kernel/clock.ts";
import { type Interrupts, listenForInterrupts } from "../terminal/interrupts.ts";
import { renderPaste, renderServe } from "./demo/paste.ts";
import { type BurstProgress, lineProgress, liveProgress } from "./demo/progress.ts";
import { DEMO_KEYS, DEMO_MODEL, type ProviderCall } from "./demo/provider.ts";
import { planRequests, type RequestOutcome, sendRequest } from "./demo/requests.ts";
import { openStage, type Stage } from "./demo/stage.ts";
import { failureLines, outcomeWords, type Page, renderStory } from "./demo/summary.ts";
import { paintFor } from "../terminal/text.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { newProxyKey } from "./proxy_key.ts";

const REQUEST_COUNT = 8;
/** Wider lines are harder to read, not easier. */
const MAX_COLUMNS = 100;

/** Runs the demo; with `stay` it serves on until Ctrl-C. */
export async function demo(flags: { readonly stay?: true | undefined }): Promise<ExitCode> {
  const interrupts = listenForInterrupts();
  try {
    return await Promise.race([perform(flags, interrupts), interrupts.second.then((): ExitCode => 130)]);
  } catch (error) {
    process.stderr.write(`Cannot run the demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    interrupts.stop();
  }
}

async function perform(flags: { readonly stay?: true | undefined }, { first }: Interrupts): Promise<ExitCode> {
  const show = terminal();
  const listeners: { arrived: () => void; ended: (call: ProviderCall) => void } = { arrived: () => {}, ended: () => {} };
  const stage = await openStage({
    clock: systemClock,
    stopwatch: systemStopwatch,
    onArrived: () => listeners.arrived(),
    onEnded: (call) => listeners.ended(call),
  });
  try {
    write(`${show.page.paint("bold", "keyproxy demo")}: ${REQUEST_COUNT} requests, ${DEMO_KEYS.length} keys of a simulated provider\n\n`);
    const progress = show.progress();
    listeners.ended = (call) => progress.called(call);
    const arrival = new Promise<void>((resolve) => listeners.arrived = resolve);
    const beganMs = systemStopwatch();
    const outcomes = await burst({ stage, signal: first, progress, arrival });
    progress.stop(first.aborted ? { kind: "interrupted" } : { kind: "finished", durationMs: systemStopwatch() - beganMs });
    if (first.aborted) return 130;
    const keys = DEMO_KEYS.map((key) => ({ key, state: stage.stateOf(key) }));
    write(renderStory({ keys, requests: outcomes, calls: stage.provider.calls() }, show.page));
    const failures = failureLines(outcomes);
    if (failures.length > 0) {
      process.stderr.write(`${failures.join("\n")}\n`);
      return 1;
    }
    if (flags.stay !== true) {
      explainServe(show.page);
      return 0;
    }
    listeners.ended = (call) => write(`  ${call.kind} with ${call.key.display}: ${outcomeWords(call)}\n`);
    await stay({ stage, page: show.page, signal: first });
    return 0;
  } finally {
    await stage.close();
  }
}

interface BurstInput {
  readonly stage: Stage;
  readonly signal: AbortSignal;
  readonly progress: BurstProgress;
  /** Resolves when the provider gets its first call. */
  readonly arrival: Promise<void>;
}

/** One request to meet the key that stalls, then all others at once. */
async function burst({ stage, signal, progress, arrival }: BurstInput): Promise<RequestOutcome[]> {
  const send = async (request: ReturnType<typeof planRequests>[number]) => {
    const outcome = await sendRequest(request, { url: stage.url, stopwatch: systemStopwatch, signal });
    if (!signal.aborted) progress.ended(outcome);
    return outcome;
  };
  const [opener, ...others] = planRequests(REQUEST_COUNT);
  if (opener === undefined) return [];
  const opening = send(opener);
  await Promise.race([arrival, opening]);
  return await Promise.all([opening, ...others.map(send)]);
}

function explainServe(page: Page): void {
  const proxyKey = newProxyKey();
  write(`\n${renderServe({ proxyKey }, page.paint)}`);
  write(renderPaste({ url: "http://127.0.0.1:8000/v1", model: "openai/gpt-5-mini", proxyKey }, page.paint));
}

async function stay({ stage, page, signal }: { readonly stage: Stage; readonly page: Page; readonly signal: AbortSignal }): Promise<void> {
  write(`\n${page.paint("bold", "Your turn")}: any text will do as the key here\n`);
  write(renderPaste({ url: stage.url, model: `demo/${DEMO_MODEL}`, proxyKey: "demo" }, page.paint));
  write(`\nServing on ${stage.url} until Ctrl-C\n`);
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** What this process's output can show. */
function terminal(): { readonly page: Page; readonly progress: () => BurstProgress } {
  const { isTTY, columns } = process.stdout;
  const isRich = isTTY && process.env["TERM"] !== "dumb";
  const colour = isRich && !process.env["NO_COLOR"] ? "ansi" : "plain";
  return {
    page: { paint: paintFor(colour), width: Math.min(columns ?? 80, MAX_COLUMNS) },
    progress: () => isRich ? liveProgress(REQUEST_COUNT, colour) : lineProgress(REQUEST_COUNT, (line) => write(`${line}\n`)),
  };
}

function write(text: string): void {
  process.stdout.write(text);
}

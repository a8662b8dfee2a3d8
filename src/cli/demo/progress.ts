/** How far the burst is: a bar on a terminal, a line a request elsewhere. */
import { progress, type ProgressResult, spinner } from "@clack/prompts";
import process from "node:process";
import type { ProviderCall } from "./provider.ts";
import type { RequestOutcome } from "./requests.ts";
import { outcomeWords } from "./summary.ts";

export interface BurstProgress {
  /** A call of the proxy at the provider ended. */
  called(call: ProviderCall): void;
  /** A request of the client ended. */
  ended(outcome: RequestOutcome): void;
  /** The burst is over, one way or the other. */
  stop(end: BurstEnd): void;
}

export type BurstEnd = { readonly kind: "finished"; readonly durationMs: number } | { readonly kind: "interrupted" };

const BAR_COLUMNS = 24;
const LOOK = { withGuide: false, cancelMessage: "Interrupted" };

/** A bar that moves with every request, and the provider's last word beside it; without colour only the words. */
export function liveProgress(count: number, colour: "ansi" | "plain"): BurstProgress {
  const bar = colour === "ansi" ? colourBar(count) : plainBar();
  let answeredCount = 0;
  let note = "starting";
  const shown = () => `${answeredCount} of ${count} answered · ${note}`;
  bar.start(shown());
  // The bar takes the keyboard to itself; handed back, Ctrl-C is a signal again and the demo can tidy up.
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  return {
    called(call) {
      note = `${call.key.display}: ${outcomeWords(call)}`;
      bar.advance(0, shown());
    },
    ended({ problem }) {
      if (problem === undefined) answeredCount += 1;
      bar.advance(1, shown());
    },
    stop(end) {
      if (end.kind === "interrupted") bar.cancel(LOOK.cancelMessage);
      else bar.stop(`${count} requests in ${(end.durationMs / 1000).toFixed(1)} s`);
    },
  };
}

function colourBar(max: number): Pick<ProgressResult, "start" | "advance" | "stop" | "cancel"> {
  return progress({ max, size: BAR_COLUMNS, ...LOOK });
}

/** The bar shows how far it is by colour alone, so without colour a spinner stands in. */
function plainBar(): ReturnType<typeof colourBar> {
  const { start, stop, cancel, message } = spinner(LOOK);
  return { start, stop, cancel, advance: (_, text) => message(text) };
}

/** One line for each request that ended. */
export function lineProgress(count: number, write: (line: string) => void): BurstProgress {
  let endedCount = 0;
  return {
    called: () => {},
    ended({ number, kind, status, durationMs, problem }) {
      endedCount += 1;
      const how = problem === undefined ? `answered in ${durationMs.toFixed(0)} ms` : `failed with ${status ?? "no answer"}`;
      write(`[${endedCount}/${count}] request ${number} (${kind}) ${how}`);
    },
    stop: () => {},
  };
}

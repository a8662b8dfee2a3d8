/**
 * Follows a server's events for as long as somebody looks: when the stream ends, breaks or falls silent it says why
 * and tries again after a wait that grows to a bound. Ends with its signal only; never rejects.
 */
import { type AdminClient, AdminError, type AdminEvent, type Unreachable } from "../../app/admin_client.ts";
import type { Clock } from "../../kernel/clock.ts";
import { pause } from "../../kernel/pause.ts";
import type { Link } from "./scene.ts";

/** A server tells its status every second; one that is silent for so long is not well. */
const SILENCE_MS = 5_000;
const WAITS_MS = [500, 1_000, 2_000, 3_000, 5_000];

export interface Following {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: (event: AdminEvent) => void;
  readonly onLink: (link: Link) => void;
}

export async function follow(server: AdminClient, following: Following): Promise<void> {
  const { clock, signal, onLink } = following;
  let failureCount = 0;
  while (!signal.aborted) {
    const trouble = await listen(server, {
      ...following,
      onEvent(event) {
        failureCount = 0;
        following.onEvent(event);
      },
    });
    if (signal.aborted) return;
    const waitMs = WAITS_MS[Math.min(failureCount, WAITS_MS.length - 1)] ?? 0;
    failureCount += 1;
    onLink({ kind: "lost", trouble, retryAt: clock.now() + waitMs });
    await pause(waitMs, { clock, signal });
  }
}

/** One stream, to its end. Resolves with why it ended. */
async function listen(server: AdminClient, { clock, signal, onEvent, onLink }: Following): Promise<Unreachable> {
  const silence = new AbortController();
  let cancel = () => {};
  const expect = () => {
    cancel();
    cancel = clock.after(SILENCE_MS, () => silence.abort());
  };
  const silent: Unreachable = { kind: "failed", message: `The server at ${server.url} has said nothing for ${SILENCE_MS / 1000} s` };
  expect();
  try {
    for await (const event of server.events(AbortSignal.any([signal, silence.signal]))) {
      expect();
      onLink({ kind: "live" });
      onEvent(event);
    }
    return silence.signal.aborted ? silent : { kind: "failed", message: `The server at ${server.url} ended the connection` };
  } catch (error) {
    if (silence.signal.aborted) return silent;
    if (error instanceof AdminError) return { kind: error.kind, message: error.message };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  } finally {
    cancel();
  }
}

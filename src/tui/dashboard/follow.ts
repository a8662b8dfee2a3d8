/**
 * Follows a server's events for as long as somebody looks: when the stream ends or breaks it says why
 * and tries again after a wait that grows to a bound. Ends with its signal only; never rejects.
 */
import { type AdminClient, AdminError, type AdminEvent, type Unreachable } from "../../app/admin_client.ts";
import type { Clock } from "../../kernel/clock.ts";
import { pause } from "../../kernel/pause.ts";
import type { Link } from "./scene.ts";

const WAITS_MS = [500, 1_000, 2_000, 3_000, 5_000];

export interface Following {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: (event: AdminEvent) => void;
  readonly onLink: (link: Link) => void;
}

/** `locate` is asked before each try: a server that starts again may do so on another port. */
export async function follow(locate: () => AdminClient, following: Following): Promise<void> {
  const { clock, signal, onLink } = following;
  let failureCount = 0;
  while (!signal.aborted) {
    const trouble = await listen(locate(), {
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
async function listen(server: AdminClient, { signal, onEvent, onLink }: Following): Promise<Unreachable> {
  try {
    for await (const event of server.events(signal)) {
      onLink({ kind: "live" });
      onEvent(event);
    }
    return { kind: "failed", message: `The server at ${server.url} ended the connection` };
  } catch (error) {
    if (error instanceof AdminError) return { kind: error.kind, message: error.message };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

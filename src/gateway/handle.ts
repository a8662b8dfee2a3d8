/**
 * The request line: find targets, lease a credential, try, relay; when a try fails, decide what is next.
 * Everything else in this folder is a step of this file.
 */
import { type Failure, isFailure } from "../kernel/failure.ts";
import type { Lease } from "../pool/lease.ts";
import { attempt, type Committed } from "./attempt.ts";
import type { Deps } from "./deps.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { refuse } from "./refuse.ts";
import { relay } from "./relay.ts";
import { route, type Target } from "./route.ts";
import { Tries } from "./tries.ts";

/** Answers one request. The client always gets an answer in its dialect, unless it left. */
export async function handle(exchange: Exchange, deps: Deps): Promise<Ending> {
  const held = await commit(exchange, deps);
  return isFailure(held) ? refuse(exchange, held) : relay({ exchange, ...held, ...deps });
}

/** An answer that has begun, and the lease it came with: whoever gets it settles the lease. */
export interface Held {
  readonly target: Target;
  readonly lease: Lease;
  readonly committed: Committed;
}

/** Tries targets and credentials until one begins to answer. */
export async function commit(exchange: Exchange, deps: Deps): Promise<Held | Failure> {
  const targets = route(exchange.snapshot, exchange.request, deps.offered);
  if (isFailure(targets)) return targets;
  let last: Failure | undefined;
  for (const target of targets) {
    const got = await commitAt({ exchange, target, deps, isLast: target === targets.at(-1) });
    if (!isFailure(got) || got.scope === "request" || got.scope === "client") return got;
    last = got;
  }
  return last ?? unreachable();
}

/** Tries the credentials of one target until one begins to answer. */
export function commitAt(at: Aim): Promise<Held | Failure> {
  return tryTarget(new Tries(at), at);
}

/** Where one request is tried; behind the last target nothing is left to try. */
interface Aim {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly deps: Deps;
  readonly isLast: boolean;
}

async function tryTarget(tries: Tries, at: Aim): Promise<Held | Failure> {
  for (;;) {
    const lease = await tries.acquire();
    if (isFailure(lease)) return tries.verdict(lease);
    const committed = await attempt({ ...at, ...at.deps, lease, timeoutMs: tries.timeoutMs(lease) });
    tries.record(lease, committed);
    if (!isFailure(committed)) return { target: at.target, lease, committed };
    const next = tries.settle(lease, committed);
    if (next.kind === "stop" || next.kind === "next_target") return tries.conclusion(committed);
    if (next.kind === "same") await tries.pause(next.afterMs);
  }
}

/** `route` gives at least one target. */
function unreachable(): never {
  throw new Error("Cannot answer the request: no target was tried");
}

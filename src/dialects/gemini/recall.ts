/**
 * Signatures of tool calls, kept for a day by the id of the call: most clients drop fields they do not know,
 * and the provider wants them back. Bounded; the one unused longest goes first.
 */
import type { Clock } from "../../kernel/clock.ts";
import type { Recall } from "../codec.ts";

const MAX_ENTRIES = 20_000;
const MAX_AGE_MS = 24 * 3_600_000;
/** Longer than any signature that was seen; what is longer is not kept. */
const MAX_SIGNATURE_LENGTH = 64 * 1024;

export function createRecall(
  { clock, maxEntries = MAX_ENTRIES, maxAgeMs = MAX_AGE_MS }: {
    readonly clock: Clock;
    readonly maxEntries?: number;
    readonly maxAgeMs?: number;
  },
): Recall {
  /** In order of last use. */
  const kept = new Map<string, { readonly signature: string; readonly at: number }>();
  return {
    remember(callId, signature) {
      if (signature.length > MAX_SIGNATURE_LENGTH) return;
      kept.delete(callId);
      kept.set(callId, { signature, at: clock.now() });
      for (const oldest of kept.keys()) {
        if (kept.size <= maxEntries) break;
        kept.delete(oldest);
      }
    },
    recall(callId) {
      const found = kept.get(callId);
      if (found === undefined) return undefined;
      kept.delete(callId);
      if (clock.now() - found.at > maxAgeMs) return undefined;
      kept.set(callId, found);
      return found.signature;
    },
  };
}

/** Runs checks side by side, each by itself: one that throws or takes too long becomes a finding and disturbs no other. */
import type { Clock } from "../../kernel/clock.ts";
import { type Area, type Finding, findingsOf } from "./finding.ts";

export interface Check {
  /** Completes "The check of …". */
  readonly name: string;
  readonly area: Area;
  readonly limitMs: number;
  run(signal: AbortSignal): Promise<readonly Finding[]> | readonly Finding[];
}

export interface RunOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told before the first and after each. */
  readonly onProgress: (done: { readonly doneCount: number; readonly allCount: number }) => void;
}

/** The findings in the order of the checks. Never rejects. */
export async function runChecks(checks: readonly Check[], { clock, signal, onProgress }: RunOptions): Promise<Finding[]> {
  let doneCount = 0;
  const tell = () => onProgress({ doneCount, allCount: checks.length });
  tell();
  const findings = await Promise.all(checks.map(async (check) => {
    const found = await runOne(check, { clock, signal });
    doneCount += 1;
    tell();
    return found;
  }));
  return findings.flat();
}

async function runOne(check: Check, { clock, signal }: Pick<RunOptions, "clock" | "signal">): Promise<readonly Finding[]> {
  const { warning } = findingsOf(check.area);
  const stop = new AbortController();
  const late = Promise.withResolvers<readonly Finding[]>();
  const cancel = clock.after(check.limitMs, () => {
    late.resolve([
      warning(`The check of ${check.name} did not end within ${check.limitMs / 1000} s`, "Run keyproxy doctor again, or with --offline"),
    ]);
    stop.abort();
  });
  try {
    const work = (async () => await check.run(AbortSignal.any([signal, stop.signal])))();
    return await Promise.race([work, late.promise]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [warning(`The check of ${check.name} failed: ${reason}`, "The other checks hold; report this with the line above")];
  } finally {
    cancel();
  }
}

/** Everything that is written about requests: request log, failure log, their pruning, and the ledger. */
import type { Config } from "../config/config.ts";
import { type Capture, openCapture } from "../gateway/capture.ts";
import { openFailuresLog } from "../gateway/failures_log.ts";
import { Ledger } from "../gateway/ledger.ts";
import type { Redactor } from "../gateway/redact.ts";
import { startRetention } from "../gateway/retention.ts";
import { logger } from "../kernel/log.ts";
import type { Told } from "./told.ts";

export interface Records {
  readonly capture: Capture;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

/** `current` is asked for the limits that are in force when old logs are removed. */
export function openRecords(
  options: { readonly config: Config; readonly current: () => Config; readonly redactor: Redactor; readonly told: Told },
): Records {
  const { config, current, redactor, told } = options;
  const { dataDir, isRequestLogOn } = config;
  const capture = openCapture({ isRequestLogOn, dataDir, redactor, ...told });
  const failures = openFailuresLog({ dataDir, redactor, ...told });
  const limits = () => ({ retentionDays: current().logRetentionDays, maxBytes: current().logMaxBytes });
  const retention = startRetention({ ...told, dataDir, limits });
  return {
    capture,
    ledger: new Ledger({ failures, clock: told.clock, log: logger("request") }),
    async close() {
      await retention.stop();
      await Promise.all([capture.close(), failures.close()]);
    },
  };
}

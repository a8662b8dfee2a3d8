/** What the request line needs from outside: time, chance, the way to providers, and who is told. */
import type { IncomingHttpHeaders } from "node:http";
import type { Recall } from "../dialects/codec.ts";
import type { Clock, Random, Stopwatch } from "../kernel/clock.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";
import type { Owners } from "./owners.ts";
import type { RequestCapture } from "./capture.ts";
import type { AttemptRecord, Exchange } from "./exchange.ts";
import type { RetryBudget } from "./retry.ts";
import type { OfferedNames, Target } from "./route.ts";
import type { Sender } from "./send.ts";

/** Begins the log of one request, or undefined when request logging is off. */
export type OpenCapture = (
  opened: {
    readonly requestId: string;
    readonly request: {
      readonly method: string;
      readonly path: string;
      readonly headers: IncomingHttpHeaders;
      readonly body: JsonObject;
    };
  },
) => RequestCapture | undefined;

export interface Deps {
  readonly clock: Clock;
  readonly random: Random;
  readonly stopwatch: Stopwatch;
  readonly sender: Sender;
  /** Who gave what only one account can read. */
  readonly owners: Owners;
  readonly recall: Recall;
  /** A fresh id for what a provider left without one. */
  readonly newId: () => string;
  readonly offered: OfferedNames;
  /** The retry budget of a provider. */
  readonly budget: (provider: string) => RetryBudget;
  /** Adds what the tokens cost, when it is known. */
  readonly priced: (target: Target, usage: Usage | undefined) => Usage | undefined;
  /** Told of every attempt, after it ended or committed. */
  readonly onAttempt: (exchange: Exchange, record: AttemptRecord) => void;
}

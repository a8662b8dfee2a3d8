/**
 * One request on its way through: what came in, where the answer goes, and what was tried for it so far.
 */
import type { ServerResponse } from "node:http";
import type { CanonicalRequest } from "../canonical/request.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Failure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Usage } from "../kernel/usage.ts";
import type { RequestCapture } from "./capture.ts";
import type { Target } from "./route.ts";
import type { Snapshot } from "./snapshot.ts";

export type { CanonicalRequest, RawRequest } from "../canonical/request.ts";

/** One try at a provider. */
export interface AttemptRecord {
  readonly provider: string;
  readonly model: string;
  readonly credential: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Absent when the attempt was answered. */
  readonly failure?: Failure;
}

/** How the request ended. */
export interface Ending {
  readonly status: number;
  readonly failure?: Failure;
  readonly usage?: Usage;
  readonly finishReason?: string;
  readonly text?: string;
  readonly reasoning?: string;
  /** A whole answer, for the request log. */
  readonly body?: string;
}

export interface Exchange {
  readonly requestId: string;
  readonly dialect: Dialect;
  readonly request: CanonicalRequest;
  readonly snapshot: Snapshot;
  readonly out: ServerResponse;
  /** Aborted, with a failure as its reason, when the client leaves. */
  readonly signal: AbortSignal;
  /** Epoch ms. */
  readonly arrivedAt: number;
  /** Instant until which the first byte must have come, epoch ms. */
  readonly deadlineAt: number;
  /** Fractional ms since arrival. */
  elapsedMs(): number;
  /** The key the client sent; tells clients apart. */
  readonly client: Secret;
  /** What the client said in headers of its dialect. */
  readonly dialectHeaders: Readonly<Record<string, string>>;
  /** The end of the id of the one credential that can serve this; undefined: any. */
  readonly only: string | undefined;
  /** The ends of the ids of the credentials that know what the request names, by its ids. */
  readonly owned: ReadonlyMap<string, string>;
  /** Keeps a whole answer for later requests; undefined: nobody asks for it again. */
  readonly keep: ((answer: JsonObject) => void) | undefined;
  /** The id of the answer that the request goes on from, where the gateway itself keeps it. */
  readonly continues: string | undefined;
  readonly capture: RequestCapture | undefined;
  readonly attempts: AttemptRecord[];
  /** Time spent waiting for providers and for credentials, ms. */
  waitedMs: number;
  /** Fields of the request that the last attempt could not carry over. */
  lossy: readonly string[];
  /** The target of the last attempt. */
  target: Target | undefined;
}

/**
 * Which step a request gets. Scripts are asked in the order they were made and the first that matches and has
 * a step left decides; when none has, the provider simply answers correctly.
 */
import type { RecordedRequest } from "./recorder.ts";
import type { Step } from "./step.ts";

/** Which requests a script is about; what is left out matches everything. */
export interface Match {
  /** The bare key, as in `Authorization: Bearer <key>`. */
  readonly key?: string;
  readonly model?: string;
  /** The end of the path, e.g. `/chat/completions`. */
  readonly path?: string;
  readonly stream?: boolean;
}

/** The steps for the requests that match. */
export interface Script {
  /** Adds steps; each serves one request. */
  next(...steps: readonly Step[]): Script;
  /** Sets the step for every request after the queued ones; without it they fall through to later scripts. */
  always(step: Step): Script;
  /** Queued steps no request took yet. */
  readonly remainingCount: number;
}

/** A script that also hands its steps out. */
export class StepQueue implements Script {
  readonly #match: Match;
  readonly #queued: Step[];
  #repeated: Step | undefined;

  constructor(match: Match, steps: readonly Step[]) {
    this.#match = match;
    this.#queued = [...steps];
  }

  get remainingCount(): number {
    return this.#queued.length;
  }

  next(...steps: readonly Step[]): Script {
    this.#queued.push(...steps);
    return this;
  }

  always(step: Step): Script {
    this.#repeated = step;
    return this;
  }

  /** The step for `request`, taken off the queue, or undefined when this script has nothing to say. */
  take(request: RecordedRequest): Step | undefined {
    return matches(this.#match, request) ? this.#queued.shift() ?? this.#repeated : undefined;
  }
}

/** Whether `request` is one that `match` is about. */
export function matches(match: Match, request: RecordedRequest): boolean {
  return (match.key === undefined || match.key === request.key) &&
    (match.model === undefined || match.model === request.model) &&
    (match.path === undefined || request.path.endsWith(match.path)) &&
    (match.stream === undefined || match.stream === request.isStream);
}

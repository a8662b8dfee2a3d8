/**
 * The lanes of a pool by model, those used last at the end. Clients choose model names, so lanes and their slots
 * are bounded: the idle lane unused longest is forgotten.
 */
import type { Clock } from "../kernel/clock.ts";
import { Lane } from "./lane.ts";
import type { Slot } from "./member.ts";

const LANES = { most: 2_000, least: 100, mostSlots: 200_000 };

export interface LanesOptions {
  readonly clock: Clock;
  /** Called when a lane should be looked at again. */
  readonly wake: (lane: Lane) => void;
  /** The slots of a model, best tier first. */
  readonly slotsOf: (model: string) => Slot[];
  /** Told that a lane is forgotten. */
  readonly onForgotten: (model: string) => void;
}

export class Lanes {
  readonly #options: LanesOptions;
  readonly #byModel = new Map<string, Lane>();

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** The lane of a model, made when it is first asked for. */
  of(model: string, memberCount: number): Lane {
    let lane = this.#byModel.get(model);
    if (lane === undefined) {
      const mostLanes = Math.max(Math.min(LANES.most, LANES.mostSlots / memberCount), LANES.least);
      if (this.#byModel.size >= mostLanes) this.#forgetIdle();
      lane = new Lane({ model, ...this.#options });
      lane.slots = this.#options.slotsOf(model);
    }
    // Last in the map is last used.
    this.#byModel.delete(model);
    this.#byModel.set(model, lane);
    return lane;
  }

  all(): Iterable<Lane> {
    return this.#byModel.values();
  }

  #forgetIdle(): void {
    for (const [model, lane] of this.#byModel) {
      if (!lane.isIdle) continue;
      this.#byModel.delete(model);
      this.#options.onForgotten(model);
      return;
    }
  }
}

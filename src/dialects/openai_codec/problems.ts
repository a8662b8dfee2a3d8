/** Collects what is wrong with a body while it is read; only the first wrong field is told. */
import type { Failure } from "../../kernel/failure.ts";
import { invalidField } from "../openai_wire.ts";

export class Problems {
  #first: Failure | undefined;

  /** The first problem, as a 400 that names its field. */
  get first(): Failure | undefined {
    return this.#first;
  }

  /** Notes that `field` is wrong; `wanted` says what was expected. */
  note(field: string, wanted: string): undefined {
    this.#first ??= invalidField(field, wanted);
    return undefined;
  }
}

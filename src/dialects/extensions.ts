/** A request's extensions as they are used up: what nobody took is what the provider cannot be told. */
import { asObject, type Json, type JsonObject } from "../kernel/json.ts";

export class Extensions {
  readonly #fields: JsonObject;
  readonly #prefix: string;
  readonly #taken = new Set<string>();

  constructor(fields: JsonObject, prefix = "") {
    this.#fields = fields;
    this.#prefix = prefix;
  }

  /** The field, which counts as carried over from now on. */
  take(name: string): Json | undefined {
    this.#taken.add(name);
    return this.#fields[name] ?? undefined;
  }

  has(name: string): boolean {
    return (this.#fields[name] ?? undefined) !== undefined;
  }

  /** The fields of an object field, used up one by one in their turn. */
  inner(name: string): Extensions {
    return new Extensions(asObject(this.take(name)) ?? {}, `${this.#prefix}${name}.`);
  }

  /** Names of the fields that nobody took. */
  rest(): readonly string[] {
    return Object.keys(this.#fields).filter((name) => !this.#taken.has(name) && this.has(name)).map((name) => `${this.#prefix}${name}`);
  }
}

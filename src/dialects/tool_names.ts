/**
 * Names of tools as a provider takes them, and the way back. Within one request two names of the client never
 * become one of the provider's, and what is given back is always the client's own.
 */
import { createHash } from "node:crypto";

const HASH_LENGTH = 8;
/** A name that is taken is lengthened by the next part of its hash; a hash has this many parts. */
const MAX_TRIES = 56;

/** What names a provider takes. */
export interface NameRule {
  /** Puts other signs in the place of those that may not stand in a name. */
  readonly clean: (name: string) => string;
  readonly maxLength: number;
}

/** Letters, digits, `_` and `-`, as most providers want it. */
export const PLAIN_NAMES: NameRule = { clean: (name) => name.replace(/[^A-Za-z0-9_-]/g, "_"), maxLength: 64 };

export class ToolNames {
  readonly #rule: NameRule;
  readonly #wire = new Map<string, string>();
  readonly #original = new Map<string, string>();

  /** `declared`: the tools of the request. Those whose names are fine keep them, whatever the others become. */
  constructor(declared: readonly string[], rule: NameRule) {
    this.#rule = rule;
    for (const name of declared) {
      if (rule.clean(name) === name) this.toWire(name);
    }
  }

  /** The provider's name for a name of the client. */
  toWire(name: string): string {
    const known = this.#wire.get(name);
    if (known !== undefined) return known;
    const wire = this.#freeName(this.#rule.clean(name), name);
    this.#wire.set(name, wire);
    this.#original.set(wire, name);
    return wire;
  }

  #freeName(clean: string, name: string): string {
    const { maxLength } = this.#rule;
    if (clean.length <= maxLength && !this.#original.has(clean)) return clean;
    const hash = createHash("sha256").update(name).digest("hex");
    for (let at = 0; at < MAX_TRIES; at++) {
      const hashed = `${clean.slice(0, maxLength - HASH_LENGTH - 1)}_${hash.slice(at, at + HASH_LENGTH)}`;
      if (!this.#original.has(hashed)) return hashed;
    }
    return clean.slice(0, maxLength);
  }

  /** The client's name; one that the model made up stays as it is. */
  fromWire(wire: string): string {
    return this.#original.get(wire) ?? wire;
  }
}

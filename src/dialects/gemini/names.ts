/**
 * Function names as Gemini takes them, and the way back. Within one request two names of the client never
 * become one of Gemini's, and what is given back is always the client's own.
 */
import { createHash } from "node:crypto";

const MAX_LENGTH = 64;
const HASH_LENGTH = 8;
/** A name that is taken is lengthened by the next part of its hash; a hash has this many parts. */
const MAX_TRIES = 56;

export class FunctionNames {
  readonly #wire = new Map<string, string>();
  readonly #original = new Map<string, string>();

  /** `declared`: the tools of the request. Those whose names are fine keep them, whatever the others become. */
  constructor(declared: readonly string[]) {
    for (const name of declared) {
      if (cleanName(name) === name) this.toWire(name);
    }
  }

  /** Gemini's name for a name of the client. */
  toWire(name: string): string {
    const known = this.#wire.get(name);
    if (known !== undefined) return known;
    const wire = this.#freeName(cleanName(name), name);
    this.#wire.set(name, wire);
    this.#original.set(wire, name);
    return wire;
  }

  #freeName(clean: string, name: string): string {
    if (clean.length <= MAX_LENGTH && !this.#original.has(clean)) return clean;
    const hash = createHash("sha256").update(name).digest("hex");
    for (let at = 0; at < MAX_TRIES; at++) {
      const hashed = `${clean.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}_${hash.slice(at, at + HASH_LENGTH)}`;
      if (!this.#original.has(hashed)) return hashed;
    }
    return clean.slice(0, MAX_LENGTH);
  }

  /** The client's name; one that Gemini made up stays as it is. */
  fromWire(wire: string): string {
    return this.#original.get(wire) ?? wire;
  }
}

function cleanName(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_.:-]/g, "_");
  return /^[A-Za-z_]/.test(clean) ? clean : `_${clean}`;
}

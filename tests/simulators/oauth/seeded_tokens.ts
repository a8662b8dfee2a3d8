/**
 * Ids and tokens that follow from a seed: the n-th of a label is the same in every run, whatever was made of
 * other labels meanwhile.
 */
import { createHash } from "node:crypto";

/** Makes ids; two with one seed make the same ones. */
export class SeededTokens {
  readonly #seed: string;
  readonly #counts = new Map<string, number>();

  constructor(seed: string | number) {
    this.#seed = String(seed);
  }

  /** The next value of `label`: `length` (at most 43) characters of base64url. */
  text(label: string, length = 32): string {
    return this.#digest(label).toString("base64url").slice(0, length);
  }

  /** The next value of `label`: `length` (at most 64) hex digits. */
  hex(label: string, length = 32): string {
    return this.#digest(label).toString("hex").slice(0, length);
  }

  /** The next value of `label`: a number of `length` (at most 15) digits without a leading zero. */
  digits(label: string, length: number): string {
    const digest = this.#digest(label);
    return Array.from({ length }, (_, index) => index === 0 ? 1 + (digest[index] ?? 0) % 9 : (digest[index] ?? 0) % 10).join("");
  }

  #digest(label: string) {
    const count = this.#counts.get(label) ?? 0;
    this.#counts.set(label, count + 1);
    return createHash("sha256").update(`${this.#seed}:${label}:${count}`).digest();
  }
}

/** How a token stands in a journal: 12 hex digits of its SHA-256. */
export function hashed(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 12);
}

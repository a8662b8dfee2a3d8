/**
 * A gate the test opens by hand, so that the order of two things is decided by the test and not by time.
 */

/** Closed when made; once released it stays open. */
export interface Latch {
  /** Resolves when the latch is released. */
  readonly released: Promise<void>;
  /** Opens the latch; safe to call twice. */
  release(): void;
}

/** Makes a closed {@link Latch}. */
export function latch(): Latch {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { released: promise, release: resolve };
}

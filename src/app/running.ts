/** Counts what is under way, so that stopping can wait for it. */
export class Running {
  #count = 0;
  #idle: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  async track(work: Promise<void>): Promise<void> {
    this.#count += 1;
    try {
      await work;
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#idle.splice(0).forEach((resolve) => resolve());
    }
  }

  /** Resolves when nothing is under way. */
  whenIdle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}

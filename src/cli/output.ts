/** Standard output as a good neighbour in a pipe: whoever stops reading is no error, and nothing is lost at the end. */
import process from "node:process";

/** Nobody reads what is printed: there is nothing to wait for. */
let isReaderGone = false;

/** A reader that has left, such as `head`: `leave` ends the program quietly, `stay` goes on without one. */
export function heedBrokenPipes(then: "leave" | "stay"): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: Error) => {
      if (stream === process.stdout) isReaderGone = true;
      if (then === "stay") return;
      const isLeft = "code" in error && error.code === "EPIPE";
      if (!isLeft) process.stderr.write(`Cannot write: ${error.message}\n`);
      process.exit(isLeft ? 0 : 1);
    });
  }
}

/**
 * Resolves when everything printed has been handed over; nothing can be printed afterwards. An empty write tells it too
 * early on Bun, which answers that at once while a slow reader still has most to come.
 */
export function flushed(): Promise<void> {
  return new Promise((resolve) => {
    if (isReaderGone) return resolve();
    process.stdout.once("error", () => resolve());
    process.stdout.end(() => resolve());
  });
}

/** Standard output as a good neighbour in a pipe: whoever stops reading is no error, and nothing is lost at the end. */
import process from "node:process";

/** Nothing more can be written. */
let isBroken = false;

/** A reader that has left, such as `head`: `leave` ends the program quietly, `stay` goes on without one. */
export function heedBrokenPipes(then: "leave" | "stay"): void {
  const heed = (stream: NodeJS.WriteStream, error: Error) => {
    if (stream === process.stdout) isBroken = true;
    if (then === "stay") return;
    const isLeft = "code" in error && error.code === "EPIPE";
    if (!isLeft) process.stderr.write(`Cannot write: ${error.message}\n`);
    process.exit(isLeft ? 0 : 1);
  };
  for (const stream of [process.stdout, process.stderr]) stream.on("error", (error: Error) => heed(stream, error));
  const { stdout } = process;
  // Deno throws where a disk is full; others tell the stream.
  stdout.write = new Proxy(stdout.write, {
    apply(write, _, args) {
      try {
        return Reflect.apply(write, stdout, args);
      } catch (error) {
        heed(stdout, error instanceof Error ? error : new Error(String(error)));
        return false;
      }
    },
  });
}

/**
 * Ends standard output and resolves when everything printed has been taken by whoever reads it. A runtime may hand
 * over the rest of a long output later, and a process that exits first would cut it off. Where writing failed there is
 * nothing to wait for.
 */
export function endOutput(): Promise<void> {
  const { stdout } = process;
  // Both runtimes write at once: what still stands in the stream's own buffer could not be written.
  if (isBroken || stdout.destroyed || stdout.writableLength > 0) return Promise.resolve();
  return new Promise((resolve) => {
    stdout.once("error", () => resolve());
    stdout.once("close", () => resolve());
    stdout.end(() => resolve());
  });
}

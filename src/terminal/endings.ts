/** Signals that shall end the whole program, noted while a command of it runs that only ends itself by them. */
import process from "node:process";

export interface Endings {
  /** The program was told to end. */
  readonly wereTold: boolean;
  stop(): void;
}

/** Notes SIGTERM, and takes SIGHUP for one: with the terminal whoever could end a command is gone. */
export function noteEndings(): Endings {
  let wereTold = false;
  const onEnd = () => void (wereTold = true);
  const onHangUp = () => void process.kill(process.pid, "SIGTERM");
  process.on("SIGTERM", onEnd);
  process.on("SIGHUP", onHangUp);
  return {
    get wereTold() {
      return wereTold;
    },
    stop() {
      process.off("SIGTERM", onEnd);
      process.off("SIGHUP", onHangUp);
    },
  };
}

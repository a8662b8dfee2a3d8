/** How far this machine's clock is from those of others. Pure. */
import { type Finding, findingsOf } from "./finding.ts";

const { ok, note, warning } = findingsOf("network");

/** Logins and signatures of AWS stand about as much. */
const MAX_SKEW_MS = 60_000;

/** An answer with a `Date` header. Both epoch ms. */
export interface DatedAnswer {
  readonly from: string;
  readonly dateAt: number;
  readonly receivedAt: number;
}

/** Compares with the answer that agrees most: one server may have a wrong clock of its own. */
export function judgeClock(answers: readonly DatedAnswer[], platform: string): Finding[] {
  const skewOf = ({ dateAt, receivedAt }: DatedAnswer) => receivedAt - dateAt;
  const [best] = answers.toSorted((left, right) => Math.abs(skewOf(left)) - Math.abs(skewOf(right)));
  if (best === undefined) return [note("The clock was not compared: nobody answered with a date")];
  const skewMs = skewOf(best);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return [ok(`The clock agrees with ${best.from}`)];
  return [
    warning(
      `The clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} ${best.from}: logins and signed calls (AWS) fail`,
      platform === "win32" ? "w32tm /resync" : platform === "darwin" ? "sudo sntp -sS time.apple.com" : "sudo timedatectl set-ntp true",
    ),
  ];
}

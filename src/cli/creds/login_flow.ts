/**
 * A login with a person at the other end: the address or code is shown, a browser opened, a paste taken, and
 * everything given back, the keyboard included, however it ends.
 */
import process from "node:process";
import { styleText } from "node:util";
import { renderUnicodeCompact } from "uqr";
import type { Grant } from "../../credentials/grant.ts";
import { runCodeFlow } from "../../credentials/oauth/code_flow.ts";
import { type DeviceCode, runDeviceFlow } from "../../credentials/oauth/device_flow.ts";
import { type OAuthCall, type Refusal, refusal } from "../../credentials/oauth/flow.ts";
import { isRefusal } from "../../credentials/oauth/flow.ts";
import { systemClock } from "../../kernel/clock.ts";
import { bigText } from "./big_text.ts";
import { openBrowser } from "./browser.ts";
import { type Busy, busy } from "../../terminal/busy.ts";
import { stdinLines, type Terminal } from "../../terminal/terminal.ts";
import { inWords } from "../../terminal/words.ts";

export interface FlowFlags {
  /** False after `--no-browser`. */
  readonly browser?: boolean | undefined;
  readonly pasteStdin?: true | undefined;
  readonly bindHost?: string | undefined;
}

export interface FlowOptions {
  readonly terminal: Terminal;
  readonly flags: FlowFlags;
  readonly timeoutMs: number | undefined;
}

/** Logs in by the flow of the row. */
export async function runFlow(call: OAuthCall, options: FlowOptions): Promise<Grant | Refusal> {
  return call.endpoints.row.flow.kind === "code" ? await byBrowser(call, options) : await byCode(call, options);
}

async function byBrowser(call: OAuthCall, { terminal, flags, timeoutMs }: FlowOptions): Promise<Grant | Refusal> {
  const takesPaste = terminal.isInteractive || flags.pasteStdin === true;
  const input = takesPaste ? stdinLines() : undefined;
  try {
    return await runCodeFlow(call, {
      ...(flags.bindHost === undefined ? {} : { bindHost: flags.bindHost }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(input === undefined ? {} : { pasted: input.lines }),
      onUrl(url, redirectUri) {
        // On a line of its own and unadorned, so that it can be copied whole.
        terminal.say(`Log in at this address:\n\n${url}\n`);
        terminal.say(`Waiting for the browser to come back to ${redirectUri}`);
        if (takesPaste) terminal.say("If it cannot: paste the address at which it ended, or the code, here and press Enter.");
        if (terminal.isInteractive) terminal.say("Ctrl-C ends the login.");
        if (terminal.isInteractive && flags.browser !== false) void openBrowser(url);
      },
      onComplaint: (why) => terminal.say(terminal.paintMessage("yellow", `That could not be used: ${why}`)),
    });
  } finally {
    input?.close();
  }
}

async function byCode(call: OAuthCall, { terminal, flags, timeoutMs }: FlowOptions): Promise<Grant | Refusal> {
  const limit = new AbortController();
  const cancelLimit = timeoutMs === undefined ? () => {} : systemClock.after(timeoutMs, () => limit.abort());
  const waiting: { sign: Busy | undefined; stop: () => void } = { sign: undefined, stop: () => {} };
  try {
    const got = await runDeviceFlow({ ...call, signal: AbortSignal.any([call.signal, limit.signal]) }, {
      onCode(code) {
        showCode(code, { terminal });
        waiting.sign = busy(terminal, "");
        waiting.stop = countDown(code, waiting.sign);
        if (terminal.isInteractive && flags.browser !== false) void openBrowser(code.verificationUrlComplete ?? code.verificationUrl);
      },
    });
    const isLate = isRefusal(got) && limit.signal.aborted && !call.signal.aborted;
    return isLate ? refusal({ kind: "timed_out", reason: `Nobody confirmed the code within ${(timeoutMs ?? 0) / 1000} s` }) : got;
  } finally {
    cancelLimit();
    waiting.stop();
    waiting.sign?.stop();
  }
}

/** The picture first: what can be read and copied stays on a small screen. */
function showCode({ userCode, verificationUrl, verificationUrlComplete }: DeviceCode, { terminal }: { readonly terminal: Terminal }): void {
  const url = verificationUrlComplete ?? verificationUrl;
  const columns = process.stderr.columns ?? 80;
  if (terminal.isInteractive) {
    for (const line of renderUnicodeCompact(url, { border: 1 }).split("\n")) {
      if (line.length <= columns) terminal.say(terminal.hasMessageColour ? onDark(line) : line);
    }
    terminal.say("");
    for (const line of bigText(userCode, columns)) terminal.say(terminal.paintMessage("bold", line));
    terminal.say("");
  }
  terminal.say(`Open this address, check that it shows the code ${userCode}, and confirm:\n\n${url}\n`);
}

/** Cameras want dark squares on light ground, whatever the colours of the terminal. */
function onDark(line: string): string {
  return styleText(["whiteBright", "bgBlack"], line, { validateStream: false });
}

function countDown({ expiresAt }: DeviceCode, sign: Busy): () => void {
  let cancel = () => {};
  const tick = () => {
    sign.show(`Waiting for you to confirm; the code ends ${inWords(expiresAt - systemClock.now())}, Ctrl-C ends the login`);
    cancel = systemClock.after(1_000, tick);
  };
  tick();
  return () => cancel();
}

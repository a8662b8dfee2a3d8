/** `creds check`: tries every credential, or some, with a cheap call and says what came of it. */
import process from "node:process";
import type { Verdict } from "../../app/check.ts";
import { type Checks, openChecks } from "../../app/check_all.ts";
import type { CredentialView } from "../../app/credential_view.ts";
import { systemClock } from "../../kernel/clock.ts";
import { listenForInterrupts } from "../../terminal/interrupts.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { busy } from "../../terminal/busy.ts";
import { type Desk, type DeskFlags, perform } from "../desk.ts";
import { findView, shortName } from "./select.ts";
import { harmless } from "../../terminal/harmless.ts";
import { interrupted } from "../../terminal/stop.ts";
import { type Column, fitted } from "../../terminal/table.ts";

/** Providers see no burst, and a long list does not take for ever. */
const PARALLEL_COUNT = 4;

interface Checked {
  readonly view: CredentialView;
  readonly verdict: Verdict;
}

/** Exit code 1 when any is rejected. */
export function check(which: string | undefined, flags: DeskFlags): Promise<ExitCode> {
  return perform(flags, async (desk) => {
    const { terminal, config, variables, sources } = desk;
    const warn = (message: string) => terminal.say(terminal.paintMessage("yellow", message));
    const places = { config, variables, cwd: sources.cwd, env: process.env, now: systemClock.now() };
    const checks = await openChecks(places, { clock: systemClock, warn, note: () => {} });
    try {
      checks.warnings.forEach(warn);
      const checked = await checkAll(chosen(which, checks.views), { checks, desk });
      report(checked, { desk, flags });
      return checked.some(({ verdict }) => verdict.kind === "rejected") ? 1 : 0;
    } finally {
      await checks.close();
    }
  });
}

function chosen(which: string | undefined, views: readonly CredentialView[]): readonly CredentialView[] {
  if (which === undefined) return views;
  const own = views.filter(({ provider }) => provider === which);
  return own.length > 0 ? own : [findView(which, views)];
}

async function checkAll(
  views: readonly CredentialView[],
  { checks, desk }: { readonly checks: Checks; readonly desk: Desk },
): Promise<Checked[]> {
  const interrupts = listenForInterrupts();
  const sign = busy(desk.terminal, "");
  const checked: Checked[] = [];
  const waiting = views.values();
  const tell = () => sign.show(`Tried ${checked.length} of ${views.length} …`);
  const work = async () => {
    for (const view of waiting) {
      if (interrupts.first.aborted) return;
      checked.push({ view, verdict: await checks.check(view, interrupts.first) });
      tell();
    }
  };
  try {
    tell();
    await Promise.race([Promise.all(Array.from({ length: PARALLEL_COUNT }, work)), interrupts.second]);
    if (interrupts.first.aborted) throw interrupted();
  } finally {
    sign.stop();
    interrupts.stop();
  }
  return checked.toSorted((left, right) => views.indexOf(left.view) - views.indexOf(right.view));
}

const COLUMNS: readonly Column[] = [{ shrinks: "no" }, { shrinks: "yes" }, { shrinks: "no" }, { shrinks: "yes" }];
const STYLES = { valid: "green", rejected: "red", limited: "yellow", unreachable: "yellow", not_checkable: "dim" } as const;

function report(checked: readonly Checked[], { desk: { terminal }, flags }: { readonly desk: Desk; readonly flags: DeskFlags }): void {
  if (flags.json) {
    const rows = checked.map(({ view: { id, provider, number, display }, verdict }) => ({
      id,
      provider,
      number,
      display,
      result: verdict.kind,
      reason: verdict.reason,
    }));
    terminal.print(JSON.stringify(rows, null, 2));
    return;
  }
  if (checked.length === 0) {
    terminal.print("No credentials yet. Add the first one with keyproxy creds add");
    return;
  }
  const { width, paint } = terminal;
  const rows = checked.map(({ view, verdict }) => [
    { text: shortName(view) },
    { text: harmless(view.display) },
    { text: verdict.kind.replace("_", " "), style: STYLES[verdict.kind] },
    { text: isShort(verdict) ? harmless(verdict.reason) : "" },
  ]);
  const lines = fitted(rows, { columns: COLUMNS, width, paint });
  checked.forEach(({ verdict }, at) => {
    terminal.print(lines[at] ?? "");
    // A reason is read in full or not at all.
    if (!isShort(verdict)) terminal.print(`    ${harmless(verdict.reason)}`);
  });
}

const SHORT_CHARS = 30;

function isShort({ reason }: Verdict): boolean {
  return reason.length <= SHORT_CHARS;
}

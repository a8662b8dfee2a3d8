/** Whatever happens in whatever order: one renewal at a time, and never with a refresh token that was replaced. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { drive, forever, grantNumber, HOUR_MS, MemoryKeeper, RotatingEndpoint, stage } from "../../../tests/support/live_login_fixtures.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { Grant } from "../grant.ts";
import { refusal } from "./flow.ts";
import { callSecret } from "./holding.ts";

type Step =
  | { readonly kind: "ask" | "refuse" | "leave" | "scan" | "log_in" | "break" | "mend" | "fail" }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "turns"; readonly count: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step[]>(
    { kind: "ask" },
    { kind: "refuse" },
    { kind: "leave" },
    { kind: "scan" },
    { kind: "log_in" },
    { kind: "break" },
    { kind: "mend" },
    { kind: "fail" },
  ),
  fc.constantFrom(1_000, 60_000, HOUR_MS, 6 * HOUR_MS).map((ms): Step => ({ kind: "pass", ms })),
  fc.integer({ min: 1, max: 8 }).map((count): Step => ({ kind: "turns", count })),
);

/** Numbers the refresh tokens: `refresh-12` → 12. */
function numberOf(token: string | undefined): number {
  return Number(token?.split("-")[1]);
}

async function play(steps: readonly Step[]): Promise<void> {
  const clock = new FakeClock();
  const first = grantNumber(1, clock.now() - HOUR_MS);
  const endpoint = new RotatingEndpoint(clock);
  const keeper = new MemoryKeeper(first);
  let newestSaved = 1;
  const refresh = (call: unknown, grant: Grant) => {
    const asked = numberOf(grant.refreshToken?.reveal());
    assert.ok(asked >= newestSaved, `renewed with refresh-${asked} though refresh-${newestSaved} was saved`);
    return endpoint.refresh(call, grant);
  };
  const { login } = stage({ clock, endpoint, keeper, grant: first, refresh });
  keeper.onSave = (grant) => {
    if (keeper.broken === undefined) newestSaved = Math.max(newestSaved, numberOf(grant.refreshToken?.reveal()));
  };
  const waits: Promise<void>[] = [];
  const errors: unknown[] = [];
  const watch = (wait: Promise<void>) => waits.push(wait.catch((error) => void errors.push(error)));
  const ask = async (options: { readonly signal: AbortSignal; readonly isRefused: boolean }) => {
    const rejected = options.isRefused ? { rejected: callSecret(login.current()) } : {};
    const answer = await login.access({ signal: options.signal, ...rejected });
    if (isFailure(answer) || keeper.broken !== undefined || !login.isKept) return;
    assert.ok(numberOf(answer.refreshToken?.reveal()) <= newestSaved, "handed out before it was kept");
  };
  for (const it of steps) {
    switch (it.kind) {
      case "ask":
      case "refuse":
        watch(ask({ signal: forever(), isRefused: it.kind === "refuse" }));
        break;
      case "leave": {
        const leaver = new AbortController();
        watch(ask({ signal: leaver.signal, isRefused: false }));
        leaver.abort();
        break;
      }
      case "scan":
        watch(login.refreshAhead(forever()));
        break;
      case "log_in": {
        endpoint.generation += 100;
        newestSaved = endpoint.generation;
        keeper.kept = grantNumber(endpoint.generation, clock.now() + HOUR_MS);
        login.replace(keeper.kept);
        break;
      }
      case "break":
        keeper.broken = new Error("full");
        break;
      case "mend":
        keeper.broken = undefined;
        break;
      case "fail":
        endpoint.scripted.push(refusal({ kind: "transient", reason: "bad gateway", status: 502 }));
        break;
      case "pass":
        clock.advance(it.ms);
        break;
      case "turns":
        for (let turn = 0; turn < it.count; turn++) await nextTurn();
        break;
    }
  }
  await drive(clock, Promise.all(waits));
  assert.deepEqual(errors, []);
  assert.ok(endpoint.mostActiveCount <= 1, "two renewals at once");
  // In the end, when all is well, the login is good and what is kept is what is held.
  keeper.broken = undefined;
  endpoint.scripted.length = 0;
  clock.advance(HOUR_MS);
  await drive(clock, login.refreshAhead(forever()));
  const answer = await drive(clock, login.access({ signal: forever() }));
  assert.ok(!isFailure(answer), "the login was lost");
  await drive(clock, login.close());
  assert.equal(keeper.kept?.refreshToken?.reveal(), login.current().refreshToken?.reveal());
}

Deno.test("no order of requests, refusals, new logins, full disks and time loses a login or renews it twice at once", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), play), { numRuns: 500 });
});

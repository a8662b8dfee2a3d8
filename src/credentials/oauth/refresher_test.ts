/** When the background renews, and how it ends. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { grantNumber, HOUR_MS, stage, until } from "../../../tests/support/live_login_fixtures.ts";
import { type RefreshedLogin, type RefresherOptions, startRefresher } from "./refresher.ts";

/** A login that is always due and counts; its refresh ends when it is told to. */
class CountedLogin implements RefreshedLogin {
  readonly provider: string;
  refreshCount = 0;
  finish: () => void = () => {};

  constructor(provider: string) {
    this.provider = provider;
  }

  isDue(): boolean {
    return true;
  }

  refreshAhead(): Promise<void> {
    this.refreshCount += 1;
    return new Promise((resolve) => this.finish = resolve);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function start(clock: FakeClock, logins: readonly RefreshedLogin[], more: Partial<RefresherOptions> = {}) {
  return startRefresher({ logins: () => logins, intervalMs: () => 600_000, clock, random: () => 0.5, ...more });
}

Deno.test("a login that is due is renewed soon after the start and left alone until it is due again", async () => {
  const clock = new FakeClock();
  const { login, endpoint } = stage({ clock, grant: grantNumber(1, clock.now() - 1) });
  const refresher = start(clock, [login]);
  clock.advance(2_000);
  await until(() => login.generation === 1);
  for (let scan = 0; scan < 10; scan++) clock.advance(600_000);
  await refresher.close();
  assert.deepEqual([endpoint.asked, clock.timerCount], [["refresh-1"], 0]);
});

Deno.test("one provider's logins are renewed one after the other, two providers at the same time", async () => {
  const clock = new FakeClock();
  const [first, second, other] = [new CountedLogin("a"), new CountedLogin("a"), new CountedLogin("b")];
  const refresher = start(clock, [first, second, other]);
  clock.advance(2_000);
  await until(() => other.refreshCount === 1);
  assert.deepEqual([first.refreshCount, second.refreshCount], [1, 0]);
  first.finish();
  await until(() => clock.nextTimerInMs === 500);
  assert.equal(second.refreshCount, 0);
  clock.advance(500);
  await until(() => second.refreshCount === 1);
  await refresher.close();
});

Deno.test("a renewal that hangs gives way to the next after its limit, and is not begun twice", async () => {
  const clock = new FakeClock();
  const [hanging, next] = [new CountedLogin("a"), new CountedLogin("a")];
  const refresher = start(clock, [hanging, next], { intervalMs: () => 30_000 });
  clock.advance(2_000);
  clock.advance(100_000);
  assert.equal(hanging.refreshCount, 1);
  clock.advance(20_000);
  await until(() => (clock.nextTimerInMs ?? Infinity) <= 500);
  clock.advance(500);
  await until(() => next.refreshCount === 1);
  await refresher.close();
});

Deno.test("closing begins nothing further and leaves no timer", async () => {
  const clock = new FakeClock();
  const [first, second] = [new CountedLogin("a"), new CountedLogin("a")];
  const refresher = start(clock, [first, second]);
  clock.advance(2_000);
  await refresher.close();
  first.finish();
  await until(() => clock.timerCount === 0);
  clock.advance(HOUR_MS);
  assert.deepEqual([first.refreshCount, second.refreshCount], [1, 0]);
});

Deno.test("closing waits until a renewal under way is kept", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = stage({ clock, grant: grantNumber(1, clock.now() - 1) });
  endpoint.hold();
  const refresher = start(clock, [login]);
  clock.advance(2_000);
  await until(() => endpoint.activeCount === 1);
  const closed = refresher.close();
  endpoint.open();
  await closed;
  assert.equal(keeper.kept?.refreshToken?.reveal(), "refresh-2");
});

Deno.test("closing does not wait for ever", async () => {
  const clock = new FakeClock();
  const { login, endpoint } = stage({ clock, grant: grantNumber(1, clock.now() - 1) });
  endpoint.hold();
  const refresher = start(clock, [login]);
  clock.advance(2_000);
  await until(() => endpoint.activeCount === 1);
  const closed = refresher.close();
  clock.advance(15_000);
  await closed;
  endpoint.open();
});

/** What asking a login gives, in every state it can be in. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { forever, grantNumber, HOUR_MS, idle, MemoryKeeper, type Stage, stage, until } from "../../../tests/support/live_login_fixtures.ts";
import { type Failure, failure, isFailure } from "../../kernel/failure.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";
import { refusal, type RefusalKind } from "./flow.ts";
import type { LiveLogin } from "./live_login.ts";

const MINUTE_MS = 60_000;

/** The token a request gets, or the failure. */
async function ask(login: LiveLogin, rejected?: string): Promise<string | Failure> {
  const answer = await login.access({ signal: forever(), ...(rejected === undefined ? {} : { rejected: new Secret(rejected) }) });
  return isFailure(answer) ? answer : tokenOf(answer);
}

function tokenOf({ apiKey, accessToken }: Grant): string {
  return (apiKey ?? accessToken).reveal();
}

async function failureOf(login: LiveLogin, rejected?: string): Promise<Failure> {
  const answer = await ask(login, rejected);
  return typeof answer === "string" ? assert.fail(`served ${answer}`) : answer;
}

/** A login that ended an hour ago. */
function ended(clock: FakeClock, more: Partial<Parameters<typeof stage>[0]> = {}): Stage {
  return stage({ clock, grant: grantNumber(1, clock.now() - HOUR_MS), ...more });
}

/** A login with six hours to go. */
function good(clock: FakeClock, more: Partial<Parameters<typeof stage>[0]> = {}): Stage {
  return stage({ clock, grant: grantNumber(1, clock.now() + 6 * HOUR_MS), ...more });
}

Deno.test("a good token is served without asking anybody", async () => {
  const { login, endpoint } = good(new FakeClock());
  assert.equal(await ask(login), "access-1");
  assert.deepEqual([endpoint.asked, login.state()], [[], { kind: "ok" }]);
});

Deno.test("fifty requests on an ended token share one renewal", async () => {
  const { login, endpoint } = ended(new FakeClock());
  assert.deepEqual(login.state(), { kind: "due" });
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(login)));
  assert.deepEqual([...new Set(answers)], ["access-2"]);
  assert.deepEqual([endpoint.asked, login.generation, login.state()], [["refresh-1"], 1, { kind: "ok" }]);
});

Deno.test("a waiter that leaves does not end the renewal the others wait for", async () => {
  const { login, endpoint } = ended(new FakeClock());
  endpoint.hold();
  const leaver = new AbortController();
  const left = login.access({ signal: leaver.signal });
  const stayed = ask(login);
  await until(() => endpoint.activeCount === 1);
  const reason = failure({ scope: "gateway", kind: "deadline", status: 504, message: "no time left" });
  leaver.abort(reason);
  assert.equal(await left, reason);
  endpoint.open();
  assert.equal(await stayed, "access-2");
});

Deno.test("a renewal whose only waiter left is finished and kept", async () => {
  const { login, endpoint, keeper } = ended(new FakeClock());
  endpoint.hold();
  const leaver = new AbortController();
  const left = login.access({ signal: leaver.signal });
  await until(() => endpoint.activeCount === 1);
  leaver.abort();
  const answer = await left;
  assert.ok(isFailure(answer) && answer.kind === "client_gone");
  endpoint.open();
  await until(() => keeper.saved.length === 1);
  assert.equal(keeper.kept?.refreshToken?.reveal(), "refresh-2");
});

Deno.test("nobody gets a token before it is kept", async () => {
  const { login, endpoint, keeper } = ended(new FakeClock());
  let isReleased = false;
  let finishSaving = () => {};
  keeper.onSave = () => new Promise<void>((resolve) => finishSaving = resolve);
  const asked = ask(login).finally(() => void (isReleased = true));
  await until(() => endpoint.generation === 2 && endpoint.activeCount === 0);
  await idle();
  assert.equal(isReleased, false);
  assert.equal(tokenOf(login.current()), "access-1");
  finishSaving();
  assert.equal(await asked, "access-2");
});

Deno.test("a renewed grant that cannot be kept is used, told once, and saved as soon as that works", async () => {
  const clock = new FakeClock();
  const { login, keeper, warnings, notes } = ended(clock);
  keeper.broken = Object.assign(new Error("read-only: refresh-2"), { code: "EROFS" });
  assert.equal(await ask(login), "access-2");
  assert.equal(keeper.kept?.refreshToken?.reveal(), "refresh-1");
  for (let tries = 0; tries < 3; tries++) {
    assert.equal(clock.timerCount, 1);
    const { saved } = keeper;
    clock.advance(clock.nextTimerInMs ?? 0);
    await until(() => clock.timerCount === 1);
    assert.deepEqual([saved.length, login.isKept], [0, false]);
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /EROFS/);
  assert.doesNotMatch(warnings.join(), /refresh-2/);
  keeper.broken = undefined;
  clock.advance(clock.nextTimerInMs ?? 0);
  await until(() => login.isKept);
  assert.deepEqual([keeper.kept?.refreshToken?.reveal(), notes.length], ["refresh-2", 1]);
});

Deno.test("timed tries to save end, and the background goes on with them", async () => {
  const clock = new FakeClock();
  const { login, keeper } = ended(clock);
  keeper.broken = new Error("full");
  assert.equal(await ask(login), "access-2");
  while (clock.timerCount > 0) {
    clock.advance(clock.nextTimerInMs ?? 0);
    await idle();
  }
  assert.equal(login.isDue(), true);
  keeper.broken = undefined;
  await login.refreshAhead(forever());
  assert.deepEqual([login.isKept, login.isDue()], [true, false]);
});

Deno.test("a crash between renewal and save leaves the old file, and a restart asks for a login", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  const before = keeper.kept;
  keeper.onSave = () => new Promise(() => {});
  void ask(login);
  await until(() => endpoint.generation === 2 && endpoint.activeCount === 0);
  assert.equal(keeper.kept, before);

  const restarted = stage({ clock, grant: grantNumber(1, clock.now() - HOUR_MS), endpoint, keeper });
  const failed = await failureOf(restarted.login);
  assert.deepEqual([failed.scope, failed.kind, failed.status, failed.isLasting], ["credential", "rejected", 503, true]);
  assert.match(failed.message, /keyproxy creds add qwen_code/);
  assert.equal(restarted.login.state().kind, "needs_login");
  assert.equal(keeper.kept, before);
  assert.deepEqual(keeper.saved, []);
});

Deno.test("what another process renewed is taken over without a renewal", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  keeper.kept = grantNumber(7, clock.now() + HOUR_MS);
  assert.equal(await ask(login), "access-7");
  assert.deepEqual(endpoint.asked, []);
});

Deno.test("a kept grant that is newer but has ended is renewed with its own refresh token", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  endpoint.generation = 7;
  keeper.kept = grantNumber(7, clock.now() - MINUTE_MS);
  assert.equal(await ask(login), "access-8");
  assert.deepEqual(endpoint.asked, ["refresh-7"]);
});

Deno.test("before a login is given up, what a tool without a lock has left is tried", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  endpoint.generation = 2;
  endpoint.hold();
  const asked = ask(login);
  await until(() => endpoint.activeCount === 1);
  keeper.kept = grantNumber(2, clock.now() - MINUTE_MS);
  endpoint.open();
  assert.equal(await asked, "access-3");
  assert.deepEqual(endpoint.asked, ["refresh-1", "refresh-2"]);
});

Deno.test("a login written while an older one was renewed is not overwritten", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  endpoint.hold();
  const asked = ask(login);
  await until(() => endpoint.activeCount === 1);
  keeper.kept = grantNumber(50, clock.now() + HOUR_MS);
  endpoint.open();
  assert.equal(await asked, "access-50");
  assert.deepEqual(keeper.saved, []);
});

Deno.test("a refused token is renewed once, and those who were refused earlier get the new one", async () => {
  const { login, endpoint } = good(new FakeClock());
  const answers = await Promise.all([ask(login, "access-1"), ask(login, "access-1"), ask(login)]);
  assert.deepEqual(answers, ["access-2", "access-2", "access-2"]);
  assert.equal(await ask(login, "access-1"), "access-2");
  assert.deepEqual(endpoint.asked, ["refresh-1"]);
});

Deno.test("a token that is refused right after its renewal is not renewed again", async () => {
  const { login, endpoint } = good(new FakeClock());
  await ask(login, "access-1");
  const failed = await failureOf(login, "access-2");
  assert.deepEqual([failed.scope, failed.kind, failed.isLasting], ["credential", "rejected", true]);
  assert.deepEqual(endpoint.asked, ["refresh-1"]);
});

Deno.test("a refused token is not served to others while it cannot be renewed", async () => {
  const { login, endpoint } = good(new FakeClock());
  endpoint.scripted.push(refusal({ kind: "transient", reason: "bad gateway", status: 502 }));
  assert.equal((await failureOf(login, "access-1")).kind, "server_error");
  assert.equal((await failureOf(login)).kind, "server_error");
  assert.equal(endpoint.asked.length, 1);
});

Deno.test("a token with little left is served when its renewal fails, until its end", async () => {
  const clock = new FakeClock();
  const { login, endpoint } = stage({ clock, grant: grantNumber(1, clock.now() + 30_000) });
  endpoint.scripted.push(refusal({ kind: "rate_limited", reason: "slow down", status: 429, retryAfterMs: 40_000 }));
  assert.equal(await ask(login), "access-1");
  clock.advance(25_000);
  const failed = await failureOf(login);
  assert.deepEqual([failed.scope, failed.kind, failed.retryAfterMs], ["provider", "server_error", 17_000]);
  assert.equal(endpoint.asked.length, 1);
});

Deno.test("during the wait after a failure requests fail at once, and the next one after it is tried", async () => {
  const clock = new FakeClock();
  const { login, endpoint, notes } = ended(clock);
  endpoint.scripted.push(new Error("connection refused"), new Error("connection refused"));
  const failed = await failureOf(login);
  assert.deepEqual([failed.scope, failed.kind, failed.retryAfterMs], ["transport", "connect_failed", 1_000]);
  assert.equal((await failureOf(login)).retryAfterMs, 1_000);
  assert.equal(login.state().kind, "failing");
  clock.advance(1_000);
  assert.equal((await failureOf(login)).retryAfterMs, 2_000);
  clock.advance(2_000);
  assert.equal(await ask(login), "access-2");
  assert.deepEqual([endpoint.asked.length, login.state().kind, notes.length], [3, "ok", 2]);
});

Deno.test("an endpoint that does not answer is given up after fifteen seconds", async () => {
  const clock = new FakeClock();
  const { login } = ended(clock, {
    refresh: (call) => new Promise((_, reject) => call.signal.addEventListener("abort", () => reject(call.signal.reason))),
  });
  const asked = failureOf(login);
  await until(() => clock.timerCount === 1);
  clock.advance(15_000);
  const failed = await asked;
  assert.equal(failed.scope, "transport");
  assert.match(failed.message, /15 s/);
});

const ENDS: readonly RefusalKind[] = ["needs_login", "misconfigured", "withdrawn"];
for (const kind of ENDS) {
  Deno.test(`${kind} at renewal is the state, told once, and not asked again`, async () => {
    const clock = new FakeClock();
    const { login, endpoint, keeper, warnings } = ended(clock);
    const before = keeper.kept;
    endpoint.scripted.push(refusal({ kind, reason: "It is over.", status: 400 }));
    for (let request = 0; request < 3; request++) {
      const failed = await failureOf(login);
      assert.deepEqual([failed.scope, failed.kind, failed.status], ["credential", "rejected", 503]);
      assert.match(failed.message, /It is over/);
      clock.advance(MINUTE_MS);
    }
    assert.deepEqual(login.state(), { kind, reason: "It is over." });
    assert.equal(keeper.kept, before);
    assert.deepEqual([endpoint.asked.length, warnings.length], [1, 1]);
  });
}

Deno.test("a wrong client is looked at again after five minutes", async () => {
  const clock = new FakeClock();
  let isSet = false;
  const { login, endpoint } = ended(clock, {
    client: () => Promise.resolve(isSet ? { id: "set-now", secret: null } : { missing: "Set QWEN_CODE_CLIENT_ID" }),
  });
  assert.match((await failureOf(login)).message, /Set QWEN_CODE_CLIENT_ID/);
  isSet = true;
  assert.equal(login.state().kind, "misconfigured");
  clock.advance(5 * MINUTE_MS);
  assert.equal(await ask(login), "access-2");
  assert.equal(endpoint.asked.length, 1);
});

Deno.test("the third answer nobody knows means that a login is needed", async () => {
  const clock = new FakeClock();
  const { login, endpoint } = ended(clock);
  for (let tries = 0; tries < 3; tries++) endpoint.scripted.push(refusal({ kind: "suspicious", reason: "odd", status: 400 }));
  const states = [];
  for (let tries = 0; tries < 3; tries++) {
    await failureOf(login);
    states.push(login.state().kind);
    clock.advance(100_000);
  }
  assert.deepEqual(states, ["failing", "failing", "needs_login"]);
});

Deno.test("a login without a refresh token serves until its end and then needs a person", async () => {
  const clock = new FakeClock();
  const { login, endpoint } = stage({ clock, grant: grantNumber(1, clock.now() + HOUR_MS, { refreshToken: null }) });
  clock.advance(HOUR_MS - 30_000);
  assert.equal(await ask(login), "access-1");
  clock.advance(30_000);
  assert.equal((await failureOf(login)).kind, "rejected");
  assert.deepEqual([login.state().kind, endpoint.asked], ["needs_login", []]);
});

Deno.test("a replaced grant lifts what stood in the way, and listeners are told", async () => {
  const clock = new FakeClock();
  const { login, endpoint } = ended(clock);
  endpoint.scripted.push(refusal({ kind: "needs_login", reason: "dead", code: "invalid_grant", status: 400 }));
  const states: string[] = [];
  const stop = login.onChange(() => void states.push(login.state().kind));
  await failureOf(login);
  login.replace(grantNumber(9, clock.now() + 6 * HOUR_MS));
  assert.equal(await ask(login), "access-9");
  assert.deepEqual(states, ["needs_login", "ok"]);
  stop();
  login.replace(grantNumber(10, clock.now() + 6 * HOUR_MS));
  assert.equal(states.length, 2);
});

Deno.test("a grant that is held already replaces nothing", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  endpoint.scripted.push(refusal({ kind: "needs_login", reason: "dead", status: 400 }));
  await failureOf(login);
  login.replace(grantNumber(1, clock.now() - HOUR_MS));
  assert.equal(login.state().kind, "needs_login");
  // A watcher of files may report our own write before the write has returned to us.
  login.replace(grantNumber(2, clock.now() - HOUR_MS));
  endpoint.generation = 2;
  keeper.kept = login.current();
  keeper.onSave = (grant) => login.replace({ ...grant });
  assert.equal(await ask(login), "access-3");
  assert.deepEqual([login.generation, keeper.saved.length], [2, 1]);
});

Deno.test("a renewal of a grant that was replaced meanwhile changes and overwrites nothing", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  endpoint.hold();
  const asked = ask(login);
  await until(() => endpoint.activeCount === 1);
  const newer = grantNumber(20, clock.now() + HOUR_MS);
  keeper.kept = newer;
  login.replace(newer);
  endpoint.open();
  assert.equal(await asked, "access-20");
  assert.equal(keeper.kept, newer);
  assert.deepEqual([keeper.saved, login.state().kind], [[], "due"]);
});

Deno.test("a renewed grant is not written when the newer one comes between its answer and the writing", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  const newer = grantNumber(20, clock.now() + HOUR_MS);
  keeper.onLoad = () => {
    if (endpoint.generation === 1) return;
    keeper.onLoad = () => {};
    login.replace(newer);
  };
  assert.equal(await ask(login), "access-20");
  assert.deepEqual(keeper.saved, []);
});

Deno.test("a newer grant that comes while an older one is written is written over it", async () => {
  const clock = new FakeClock();
  const { login, keeper } = ended(clock);
  const newer = grantNumber(20, clock.now() + HOUR_MS);
  keeper.onSave = () => login.replace(newer);
  assert.equal(await ask(login), "access-20");
  assert.equal(keeper.kept, newer);
});

Deno.test("a newer grant that was written over and cannot be written again is not lost", async () => {
  const clock = new FakeClock();
  const { login, keeper, warnings } = ended(clock);
  const newer = grantNumber(20, clock.now() + HOUR_MS);
  keeper.onSave = () => {
    login.replace(newer);
    keeper.broken = new Error("full");
  };
  assert.equal(await ask(login), "access-20");
  assert.deepEqual([login.isKept, warnings.length], [false, 1]);
  keeper.onSave = () => {};
  keeper.broken = undefined;
  await login.refreshAhead(forever());
  assert.equal(keeper.kept?.refreshToken?.reveal(), login.current().refreshToken?.reveal());
});

Deno.test("a login whose service was withdrawn serves nothing, whatever its token", async () => {
  const clock = new FakeClock();
  const { login, warnings } = good(clock);
  login.markWithdrawn("Qwen has ended this kind of login");
  login.markWithdrawn("Qwen has ended this kind of login");
  assert.match((await failureOf(login)).message, /has ended this kind of login/);
  assert.deepEqual([login.state().kind, warnings.length], ["withdrawn", 1]);
});

Deno.test("the background renews what is due and leaves what is not", async () => {
  const clock = new FakeClock();
  const { login, endpoint } = good(clock);
  await login.refreshAhead(forever());
  assert.deepEqual([login.isDue(), endpoint.asked], [false, []]);
  clock.advance(4 * HOUR_MS);
  assert.deepEqual([login.isDue(), login.state()], [true, { kind: "due" }]);
  await login.refreshAhead(forever());
  assert.deepEqual([login.isDue(), endpoint.asked], [false, ["refresh-1"]]);
});

Deno.test("the background finds a login that somebody has made anew", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  endpoint.scripted.push(refusal({ kind: "needs_login", reason: "dead", status: 400 }));
  await failureOf(login);
  await login.refreshAhead(forever());
  assert.equal(login.state().kind, "needs_login");
  keeper.kept = grantNumber(30, clock.now() + 6 * HOUR_MS);
  await login.refreshAhead(forever());
  assert.equal(await ask(login), "access-30");
});

Deno.test("closing waits for the renewal under way and saves what is not", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper } = ended(clock);
  keeper.broken = new Error("full");
  endpoint.hold();
  const asked = ask(login);
  await until(() => endpoint.activeCount === 1);
  const closing = login.close();
  keeper.broken = undefined;
  endpoint.open();
  await closing;
  assert.deepEqual([await asked, keeper.kept?.refreshToken?.reveal(), clock.timerCount], ["access-2", "refresh-2", 0]);
});

Deno.test("no message holds a token", async () => {
  const clock = new FakeClock();
  const { login, endpoint, keeper, warnings, notes } = ended(clock);
  keeper.broken = new Error("could not write access-2 refresh-2");
  endpoint.scripted.push(new Error("refresh-1 was refused"));
  const failures = [await failureOf(login)];
  clock.advance(MINUTE_MS);
  await ask(login);
  assert.equal(warnings.length, 1);
  assert.doesNotMatch([...warnings, ...notes, ...failures.map((it) => it.message)].join(), /(access|refresh)-\d/);
  await login.close();
});

Deno.test("a renewed grant is kept where nothing was kept before", async () => {
  const clock = new FakeClock();
  const { login, keeper } = ended(clock, { keeper: new MemoryKeeper(undefined) });
  assert.equal(await ask(login), "access-2");
  assert.equal(keeper.kept?.refreshToken?.reveal(), "refresh-2");
});

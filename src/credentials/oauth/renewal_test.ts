/** Renewals beyond one process and beyond tokens: the lock file, and what a provider needs after a refresh. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { forever, grantNumber, HOUR_MS, MemoryKeeper, RotatingEndpoint, stage, until } from "../../../tests/support/live_login_fixtures.ts";
import { isFailure } from "../../kernel/failure.ts";
import { systemClock } from "../../kernel/clock.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";
import { type Completion, type Refusal, refusal } from "./flow.ts";
import type { LiveLogin } from "./live_login.ts";
import { takeLock } from "../../kernel/lock_file.ts";

async function tokenFrom(login: LiveLogin, rejected?: string): Promise<string> {
  const answer = await login.access({ signal: forever(), ...(rejected === undefined ? {} : { rejected: new Secret(rejected) }) });
  return isFailure(answer) ? `${answer.scope} ${answer.kind}` : (answer.apiKey ?? answer.accessToken).reveal();
}

Deno.test("two processes that share a grant renew it once", async () => {
  const directory = await mkdtemp(join(tmpdir(), "keyproxy-renewal-"));
  try {
    const clock = systemClock;
    const grant = grantNumber(1, clock.now() - HOUR_MS);
    const keeper = new MemoryKeeper(grant, join(directory, "qwen_code_oauth_1.json.lock"));
    const endpoint = new RotatingEndpoint(clock);
    const logins = [1, 2, 3].map(() => stage({ clock, grant, keeper, endpoint, random: () => 0 }).login);
    const answers = await Promise.all(logins.flatMap((login) => Array.from({ length: 5 }, () => tokenFrom(login))));
    assert.deepEqual([...new Set(answers)], ["access-2"]);
    assert.deepEqual([endpoint.asked, keeper.saved.length], [["refresh-1"], 1]);
    assert.deepEqual(await readdir(directory), []);
  } finally {
    await rm(directory, { recursive: true });
  }
});

Deno.test("a lock that another process never gives back is trouble that passes", async () => {
  const directory = await mkdtemp(join(tmpdir(), "keyproxy-renewal-"));
  try {
    const clock = new FakeClock();
    const path = join(directory, "grant.lock");
    const other = await takeLock({ path, clock, random: () => 0, signal: forever() });
    assert.ok(other.kind === "held");
    const grant = grantNumber(1, clock.now() - HOUR_MS);
    const { login, endpoint } = stage({ clock, grant, keeper: new MemoryKeeper(grant, path) });
    let isAnswered = false;
    const asked = tokenFrom(login).finally(() => void (isAnswered = true));
    // The holder touches its lock every 5 s, which takes real turns: the clock goes on in small steps.
    while (!isAnswered) {
      await until(() => isAnswered || (clock.nextTimerInMs ?? Infinity) <= 1_000);
      for (let turn = 0; turn < 5; turn++) await readdir(directory);
      if (!isAnswered) clock.advance(clock.nextTimerInMs ?? 0);
    }
    assert.equal(await asked, "provider server_error");
    assert.deepEqual(endpoint.asked, []);
    await other.release();
  } finally {
    await rm(directory, { recursive: true });
  }
});

Deno.test("where no lock can be made, the login is renewed without and that is told once", async () => {
  const clock = new FakeClock();
  const grant = grantNumber(1, clock.now() - HOUR_MS);
  const keeper = new MemoryKeeper(grant, join(tmpdir(), "keyproxy-no-such-directory", "grant.lock"));
  const { login, warnings } = stage({ clock, grant, keeper });
  assert.equal(await tokenFrom(login), "access-2");
  clock.advance(6 * HOUR_MS);
  assert.equal(await tokenFrom(login), "access-3");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /grant\.lock \(ENOENT\)/);
});

/** A provider that gives a key with the login: `key-<n>` for `access-<n>`, unless `refusals` has something to say. */
class KeyDesk implements Completion {
  readonly refusals: Refusal[] = [];
  readonly asked: string[] = [];
  /** Called with each question. */
  onAsk: () => void = () => {};

  isComplete(grant: Grant): boolean {
    return grant.apiKey !== null;
  }

  complete(grant: Grant, _call: unknown, after: string): Promise<Grant | Refusal> {
    const token = grant.accessToken.reveal();
    this.asked.push(`${token} after ${after}`);
    this.onAsk();
    const refused = this.refusals.shift();
    return Promise.resolve(refused ?? { ...grant, apiKey: new Secret(token.replace("access", "key")) });
  }
}

function withKey(clock: FakeClock, more: { readonly expiresAt: number; readonly apiKey: string | null }) {
  const desk = new KeyDesk();
  const apiKey = more.apiKey === null ? null : new Secret(more.apiKey);
  return { desk, ...stage({ clock, completion: desk, grant: grantNumber(1, more.expiresAt, { apiKey }) }) };
}

Deno.test("a grant that is not complete is completed before its first use, and kept", async () => {
  const clock = new FakeClock();
  const { login, desk, keeper, endpoint } = withKey(clock, { expiresAt: clock.now() + 6 * HOUR_MS, apiKey: null });
  assert.deepEqual(await Promise.all([tokenFrom(login), tokenFrom(login)]), ["key-1", "key-1"]);
  assert.deepEqual([desk.asked, endpoint.asked], [["access-1 after load"], []]);
  assert.equal(keeper.kept?.apiKey?.reveal(), "key-1");
});

Deno.test("a grant is completed after every refresh, and its tokens are kept before", async () => {
  const clock = new FakeClock();
  const { login, desk, keeper } = withKey(clock, { expiresAt: clock.now() - 1, apiKey: "key-1" });
  assert.equal(await tokenFrom(login), "key-2");
  assert.deepEqual(desk.asked, ["access-2 after refresh"]);
  const kept = keeper.saved.map((it) => [it.refreshToken?.reveal(), it.apiKey?.reveal()]);
  assert.deepEqual(kept, [["refresh-2", "key-1"], ["refresh-2", "key-2"]]);
});

Deno.test("tokens survive a completion that fails; the old key is used and the completion made up for", async () => {
  const clock = new FakeClock();
  const { login, desk, keeper, endpoint } = withKey(clock, { expiresAt: clock.now() - 1, apiKey: "key-1" });
  desk.refusals.push(refusal({ kind: "transient", reason: "no user info", status: 502 }));
  assert.equal(await tokenFrom(login), "key-1");
  assert.deepEqual([login.state().kind, keeper.kept?.refreshToken?.reveal()], ["failing", "refresh-2"]);
  assert.equal(await tokenFrom(login), "key-1");
  clock.advance(1_000);
  assert.equal(await tokenFrom(login), "key-1");
  await until(() => login.state().kind === "ok");
  assert.equal(await tokenFrom(login), "key-2");
  await login.refreshAhead(forever());
  assert.deepEqual([endpoint.asked, desk.asked.length], [["refresh-1"], 2]);
});

Deno.test("a refused key is not used while the completion after its refresh is still missing", async () => {
  const clock = new FakeClock();
  const { login, desk, endpoint } = withKey(clock, { expiresAt: clock.now() + 6 * HOUR_MS, apiKey: "key-1" });
  desk.refusals.push(refusal({ kind: "transient", reason: "no user info", status: 502 }));
  assert.equal(await tokenFrom(login, "key-1"), "provider server_error");
  assert.equal(await tokenFrom(login), "provider server_error");
  clock.advance(1_000);
  assert.equal(await tokenFrom(login), "key-2");
  assert.deepEqual(endpoint.asked, ["refresh-1"]);
});

Deno.test("a file that reports our own tokens without all they came with does not stop their completion", async () => {
  const clock = new FakeClock();
  const { login, desk } = withKey(clock, { expiresAt: clock.now() - 1, apiKey: "key-1" });
  desk.onAsk = () => login.replace({ ...login.current(), scope: "as a file tells it" });
  assert.equal(await tokenFrom(login), "key-2");
  assert.equal(desk.asked.length, 1);
});

Deno.test("the background makes up for a completion that failed", async () => {
  const clock = new FakeClock();
  const { login, desk } = withKey(clock, { expiresAt: clock.now() - 1, apiKey: "key-1" });
  desk.refusals.push(refusal({ kind: "transient", reason: "no user info", status: 502 }));
  await tokenFrom(login);
  clock.advance(1_000);
  await login.refreshAhead(forever());
  assert.equal(login.current().apiKey?.reveal(), "key-2");
});

Deno.test("a key that a forced refresh brings again is reported as refused", async () => {
  const clock = new FakeClock();
  const grant = grantNumber(1, clock.now() + 6 * HOUR_MS, { apiKey: new Secret("fixed") });
  const { login, endpoint } = stage({ clock, grant });
  assert.equal(await tokenFrom(login, "fixed"), "credential rejected");
  assert.equal(await tokenFrom(login, "fixed"), "credential rejected");
  assert.deepEqual(endpoint.asked, ["refresh-1"]);
});

Deno.test("tokens that have ended on arrival are trouble, not a loop", async () => {
  const clock = new FakeClock();
  const endpoint = new RotatingEndpoint(clock);
  endpoint.lifeMs = 0;
  const { login } = stage({ clock, endpoint, grant: grantNumber(1, clock.now() - 1) });
  assert.equal(await tokenFrom(login), "provider server_error");
  assert.deepEqual([endpoint.asked.length, login.state().kind], [1, "failing"]);
});

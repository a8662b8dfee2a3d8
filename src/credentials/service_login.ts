/** A service account as a login: a token is asked for when one is needed, once for everybody who needs it. */
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asNumber, asObject, asString, type JsonObject, parseJson } from "../kernel/json.ts";
import { settledOr } from "../kernel/pause.ts";
import { Secret } from "../kernel/secret.ts";
import { type Grant, grantOf } from "./grant.ts";
import type { AccessOptions, Login, LoginState } from "./login.ts";
import { assertionOf, type ServiceAccount } from "./service_account.ts";

/** A token that ends sooner is renewed first. */
const MARGIN_MS = 60_000;
const LIMIT_MS = 15_000;
const MAX_ANSWER_CHARS = 64 * 1024;

export interface ServiceLoginOptions {
  readonly account: ServiceAccount;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Told of each new token. */
  readonly learn: (secrets: readonly Secret[]) => void;
}

export class ServiceLogin implements Login {
  readonly #options: ServiceLoginOptions;
  #grant: Grant;
  #state: LoginState = { kind: "due" };
  #asking: Promise<Grant | Failure> | undefined;

  constructor(options: ServiceLoginOptions) {
    this.#options = options;
    const { email, projectId } = options.account;
    this.#grant = grantOf({ accessToken: new Secret(""), refreshToken: null, expiresAt: 0, account: email, projectId });
  }

  current(): Grant {
    return this.#grant;
  }

  state(): LoginState {
    return this.#state;
  }

  async access({ signal, rejected }: AccessOptions): Promise<Grant | Failure> {
    const isRefused = rejected !== undefined && rejected.reveal() === this.#grant.accessToken.reveal();
    const isGood = (this.#grant.expiresAt ?? 0) - this.#options.clock.now() > MARGIN_MS;
    if (isGood && !isRefused) return this.#grant;
    this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
    let got: Grant | Failure | undefined;
    await settledOr(signal, this.#asking.then((it) => got = it));
    return got ?? givenUp(signal);
  }

  markWithdrawn(reason: string): void {
    this.#state = { kind: "withdrawn", reason };
  }

  async #ask(): Promise<Grant | Failure> {
    const { account, clock, fetch, learn } = this.#options;
    const limit = new AbortController();
    const cancel = clock.after(LIMIT_MS, () => limit.abort());
    try {
      const body = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: assertionOf(account, clock.now()),
      });
      const reply = await fetch(account.tokenUri, { method: "POST", body, redirect: "manual", signal: limit.signal });
      const answer = asObject(parseJson((await reply.text()).slice(0, MAX_ANSWER_CHARS)));
      const token = asString(answer?.access_token) ?? "";
      if (reply.status !== 200 || token === "") return this.#refused(reply.status, answer);
      const accessToken = new Secret(token);
      learn([accessToken]);
      const lifetimeS = asNumber(answer?.expires_in) ?? LIMIT_MS / 1_000;
      this.#grant = { ...this.#grant, accessToken, expiresAt: clock.now() + lifetimeS * 1_000 };
      this.#state = { kind: "ok" };
      return this.#grant;
    } catch {
      return this.#troubled(`${new URL(account.tokenUri).host} cannot be reached or did not answer in time`);
    } finally {
      cancel();
    }
  }

  /** Only what Google says of the account itself is a verdict. */
  #refused(status: number, answer: JsonObject | undefined): Failure {
    const words = [asString(answer?.error), asString(answer?.error_description)].filter(Boolean).join(": ").slice(0, 200);
    const isVerdict = (status === 400 || status === 401 || status === 403) && words !== "";
    if (!isVerdict) return this.#troubled(`${new URL(this.#options.account.tokenUri).host} answered with status ${status}`);
    const reason = `Google refuses the service account ${this.#options.account.email}: ${words}`;
    this.#state = { kind: "needs_login", reason };
    return failure({ scope: "credential", kind: "rejected", status: 503, message: reason, isLasting: true });
  }

  #troubled(reason: string): Failure {
    this.#state = { kind: "failing", reason, retryAt: this.#options.clock.now() };
    return failure({ scope: "transport", kind: "connect_failed", status: 502, message: `Cannot get a token: ${reason}` });
  }
}

/** The signal carries the failure it was aborted with. */
function givenUp({ reason }: AbortSignal): Failure {
  if (isFailure(reason)) return reason;
  return failure({ scope: "client", kind: "client_gone", status: 499, message: "The wait for a token was given up" });
}

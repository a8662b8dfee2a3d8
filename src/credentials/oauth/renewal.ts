/**
 * One renewal of a login, from the lock to the kept result. Whatever the token endpoint gives is safe on disk
 * before anybody gets it; a grant that others have renewed meanwhile is taken over in place of renewing again.
 */
import type { Clock, Random } from "../../kernel/clock.ts";
import type { Grant } from "../grant.ts";
import type { OAuthEndpoints } from "./endpoints.ts";
import { type Completion, type GrantKeeper, isRefusal, type OAuthCall, type OAuthClient, type Refusal, refusal } from "./flow.ts";
import { type GrantSource, hasSameTokens, type Holding } from "./holding.ts";
import { takeLock } from "../../kernel/lock_file.ts";

/** One answer of the token endpoint. */
const REFRESH_LIMIT_MS = 15_000;
/** A completion may take several calls. */
const COMPLETION_LIMIT_MS = 60_000;
/** A second one with what another process left where the first grant was kept. */
const MAX_REFRESH_COUNT = 2;
/** New logins that follow each other as fast as they are written. */
const MAX_SAVE_OVER_COUNT = 3;

/** What every renewal of a login is done with. */
export interface RenewalTools {
  /** Asked at each renewal, so that a reload is heeded. */
  readonly endpoints: () => OAuthEndpoints;
  readonly keeper: GrantKeeper;
  /** Undefined when tokens are all the provider needs. */
  readonly completion: Completion | undefined;
  /** The client a grant belongs to; `missing` is one sentence that says what to set. */
  readonly client: (grant: Grant) => Promise<OAuthClient | { readonly missing: string }>;
  /** Asks the token endpoint, once. */
  readonly refresh: (call: OAuthCall, grant: Grant) => Promise<Grant | Refusal>;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a renewal is for. */
export type Need =
  /** Other tokens than those held; `isMet` looks at what is held, as somebody else may have brought them. */
  | { readonly kind: "token"; readonly isMet: () => boolean }
  /** The tokens are good; what the provider needs beside them is missing, or may have changed with them. */
  | { readonly kind: "completion"; readonly after: "load" | "refresh" }
  /** The grant is in memory only. */
  | { readonly kind: "saving" };

export type RenewalEnd =
  /** Done as far as this renewal can tell: look at what is held. */
  | { readonly kind: "done" }
  | {
    readonly kind: "refused";
    readonly refusal: Refusal;
    /** Set when the tokens are good but the completion that follows was refused: what went before it. */
    readonly missed?: "load" | "refresh";
  };

export interface RenewalOptions {
  readonly tools: RenewalTools;
  readonly holding: Holding;
  readonly need: Need;
  /** Told when no lock can be made; the renewal goes on without. */
  readonly onNoLock: (reason: string) => void;
}

/** Does what is needed, once. The result is in the holding; takes at most a lock's wait and the limits of its calls. */
export async function renew(options: RenewalOptions): Promise<RenewalEnd> {
  const { tools: { keeper, clock, random }, onNoLock } = options;
  const renewal = new Renewal(options);
  if (keeper.lockPath === null) return await renewal.run();
  // Nobody can end this wait but its own bound: whoever asked for the renewal may leave while others stay.
  const lock = await takeLock({ path: keeper.lockPath, clock, random, signal: new AbortController().signal });
  switch (lock.kind) {
    case "busy":
      return await renewal.runLocked();
    case "unavailable":
      onNoLock(lock.reason);
      return await renewal.run();
    case "held":
      try {
        return await renewal.run();
      } finally {
        await lock.release();
      }
  }
}

const DONE: RenewalEnd = { kind: "done" };

class Renewal {
  readonly #tools: RenewalTools;
  readonly #holding: Holding;
  readonly #need: Need;
  readonly #replacedCount: number;

  constructor({ tools, holding, need }: RenewalOptions) {
    this.#tools = tools;
    this.#holding = holding;
    this.#need = need;
    this.#replacedCount = holding.replacedCount;
  }

  async run(): Promise<RenewalEnd> {
    await this.#lookAgain();
    switch (this.#need.kind) {
      case "token":
        return await this.#renewTokens(this.#need.isMet);
      case "completion":
        return await this.#complete(this.#need.after);
      case "saving":
        if (this.#holding.unsaved !== undefined && !this.#isSuperseded) await this.#keep(this.#holding.grant, "completed");
        return DONE;
    }
  }

  /** When another process keeps the lock: all that can be done is to see whether it has brought something. */
  async runLocked(): Promise<RenewalEnd> {
    await this.#lookAgain();
    const isMet = this.#need.kind === "token"
      ? this.#need.isMet()
      : this.#need.kind === "completion"
      ? this.#tools.completion?.isComplete(this.#holding.grant) ?? true
      : true;
    if (isMet) return DONE;
    const reason = `Another process has been renewing the login in ${this.#tools.keeper.place} for too long`;
    return { kind: "refused", refusal: refusal({ kind: "transient", code: "busy", reason }) };
  }

  async #renewTokens(isMet: () => boolean): Promise<RenewalEnd> {
    if (this.#isSuperseded) return DONE;
    if (isMet()) return await this.#complete("load");
    for (let count = 1;; count++) {
      const answer = await this.#refresh(this.#holding.grant);
      if (this.#isSuperseded) return DONE;
      if (!isRefusal(answer)) {
        return await this.#keep(answer, "renewed") === "held" ? await this.#complete("refresh") : DONE;
      }
      // Before the login is given up: a tool that knows no lock may have renewed it.
      const isOther = answer.kind === "needs_login" && await this.#lookAgain() === "adopted";
      if (!isOther || count === MAX_REFRESH_COUNT) return { kind: "refused", refusal: answer };
      if (isMet()) return await this.#complete("load");
    }
  }

  async #refresh(grant: Grant): Promise<Grant | Refusal> {
    if (grant.refreshToken === null) {
      return refusal({ kind: "needs_login", reason: "The login has ended and came without a refresh token" });
    }
    return await this.#call(grant, { limitMs: REFRESH_LIMIT_MS, ask: (call) => this.#tools.refresh(call, grant) });
  }

  async #complete(after: "load" | "refresh"): Promise<RenewalEnd> {
    const { completion } = this.#tools;
    const { grant } = this.#holding;
    if (completion === undefined || (after === "load" && completion.isComplete(grant))) return DONE;
    const answer = await this.#call(grant, {
      limitMs: COMPLETION_LIMIT_MS,
      ask: (call) => completion.complete(grant, call, after),
    });
    if (this.#isSuperseded) return DONE;
    // A token may have ended before its time; that is found out here where it is used for the first time.
    const isOldToken = isRefusal(answer) && answer.status === 401 && after === "load" && grant.refreshToken !== null;
    if (isOldToken) return await this.#renewTokens(() => false);
    if (isRefusal(answer)) return { kind: "refused", refusal: answer, missed: after };
    if (answer !== grant) await this.#keep(answer, "completed");
    return DONE;
  }

  /** Makes one call as the grant's client, within its limit. Never rejects. */
  async #call(
    grant: Grant,
    { limitMs, ask }: { readonly limitMs: number; readonly ask: (call: OAuthCall) => Promise<Grant | Refusal> },
  ): Promise<Grant | Refusal> {
    const { clock, fetch } = this.#tools;
    const limit = new AbortController();
    const cancel = clock.after(limitMs, () => limit.abort());
    try {
      const client = await this.#tools.client(grant);
      if ("missing" in client) return refusal({ kind: "misconfigured", reason: client.missing });
      return await ask({ endpoints: this.#tools.endpoints(), client, fetch, clock, signal: limit.signal });
    } catch (error) {
      // The text of an error from below may quote what was sent.
      const what = limit.signal.aborted ? `No answer within ${limitMs / 1_000} s` : nameOf(error);
      return refusal({ kind: "transient", reason: `The login could not be renewed: ${what}` });
    } finally {
      cancel();
    }
  }

  /** Takes over what others have put where the grant is kept since we last looked. */
  async #lookAgain(): Promise<"adopted" | "nothing_new"> {
    if (this.#isSuperseded) return "nothing_new";
    const found = await this.#load();
    if (found === undefined || this.#isSuperseded || hasSameTokens(found, this.#holding.kept)) return "nothing_new";
    if (hasSameTokens(found, this.#holding.grant)) {
      // A save that was reported as failed had succeeded.
      this.#holding.markSaved(found);
      return "nothing_new";
    }
    this.#holding.hold(found, { source: "adopted", now: this.#tools.clock.now() });
    return "adopted";
  }

  /** Saves a grant, then holds it; one that cannot be saved is held all the same, as the old one may be dead. */
  async #keep(next: Grant, source: GrantSource): Promise<"held" | "superseded"> {
    const { clock } = this.#tools;
    const found = await this.#load();
    if (this.#isSuperseded) return "superseded";
    if (found !== undefined && !hasSameTokens(found, this.#holding.kept)) {
      // Somebody logged in anew meanwhile: writing now would undo that.
      this.#holding.hold(found, { source: "adopted", now: clock.now() });
      return "superseded";
    }
    const reason = await this.#save(next);
    if (this.#isSuperseded) {
      await this.#saveOver(next);
      return "superseded";
    }
    const now = clock.now();
    if (reason === undefined) this.#holding.hold(next, { source, now });
    else this.#holding.holdUnsaved(next, { source, now, reason });
    return "held";
  }

  /** A newer grant came while this one was being written over it: the newer is written again. */
  async #saveOver(older: Grant): Promise<void> {
    for (let count = 1; count <= MAX_SAVE_OVER_COUNT; count++) {
      const { grant } = this.#holding;
      const reason = await this.#save(grant);
      if (reason !== undefined) this.#holding.markUnsaved({ kept: older, reason });
      if (reason !== undefined || this.#holding.grant === grant) return;
    }
  }

  /** Why saving failed; undefined when it is safe. */
  async #save(next: Grant): Promise<string | undefined> {
    this.#holding.beginSaving(next);
    try {
      await this.#tools.keeper.save(next);
      return undefined;
    } catch (error) {
      return nameOf(error);
    }
  }

  async #load(): Promise<Grant | undefined> {
    try {
      return await this.#tools.keeper.load();
    } catch {
      return undefined;
    }
  }

  /** A newer grant came from outside since this renewal began: what it finds out is about the older one. */
  get #isSuperseded(): boolean {
    return this.#holding.replacedCount !== this.#replacedCount;
  }
}

/** The code or name of an error: its message may hold anything. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

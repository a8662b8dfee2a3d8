/**
 * Embedding requests that arrive together share one upstream call. The first of a group waits a moment for
 * others like it; who joined, left or filled the group is known here, what becomes of it in `batch/`.
 */
import { isFailure } from "../kernel/failure.ts";
import { groupKey } from "./batch/group_key.ts";
import { type EmbeddingInputs, readInputs } from "./batch/inputs.ts";
import { fills, fits, type Limits, limitsOf } from "./batch/limits.ts";
import { Member } from "./batch/member.ts";
import { serveInPieces } from "./batch/pieces.ts";
import { serveGroup } from "./batch/serve_group.ts";
import type { Deps } from "./deps.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { handle } from "./handle.ts";
import { embeddingsLimit } from "../providers/protocols.ts";
import { route, type Target } from "./route.ts";
import type { Snapshot } from "./snapshot.ts";

/** Requests that wait together. */
interface Group {
  readonly key: string;
  readonly snapshot: Snapshot;
  readonly limits: Limits;
  /** With the reading of the stopwatch when each joined, ms. */
  readonly members: Map<Member, number>;
  readonly cancelWindow: () => void;
}

export class EmbeddingBatcher {
  readonly #deps: Deps;
  /** Groups whose window is open. */
  readonly #groups = new Map<string, Group>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Answers one embeddings request: with others like it, or as `handle` does when there are none or batches are off. */
  handle(exchange: Exchange): Promise<Ending> {
    return this.#split(exchange) ?? this.#join(exchange) ?? handle(exchange, this.#deps);
  }

  /** Undefined when one call can carry the request. */
  #split(exchange: Exchange): Promise<Ending> | undefined {
    const { snapshot, request } = exchange;
    const inputs = readInputs(request.native.body.input);
    if (inputs === undefined || inputs.kind !== "text" || inputs.items.length < 2) return undefined;
    const targets = route(snapshot, request, this.#deps.offered);
    if (isFailure(targets)) return undefined;
    const maxItems = Math.min(...targets.map(mostInputs));
    return inputs.items.length <= maxItems ? undefined : serveInPieces(exchange, { inputs, maxItems, deps: this.#deps });
  }

  /** Undefined when the request has to go alone and at once. */
  #join(exchange: Exchange): Promise<Ending> | undefined {
    const { snapshot, request, deadlineAt, signal } = exchange;
    const { isBatched, maxItems, windowMs } = snapshot.config.embedding;
    const hasTime = deadlineAt - this.#deps.clock.now() > windowMs;
    if (!isBatched || windowMs <= 0 || !hasTime || signal.aborted) return undefined;
    const inputs = readInputs(request.native.body.input);
    const targets = route(snapshot, request, this.#deps.offered);
    if (inputs === undefined || isFailure(targets)) return undefined;
    const limits = limitsOf(targets.map(({ provider }) => provider.row), Math.min(maxItems, ...targets.map(mostInputs)));
    if (fills([inputs], limits)) return undefined;
    const key = groupKey({ targets, body: request.native.body, kind: inputs.kind });
    const member = new Member(exchange, inputs);
    const group = this.#groupFor(member, key) ?? this.#open({ key, snapshot, limits, windowMs });
    group.members.set(member, this.#deps.stopwatch());
    member.watch(() => this.#leave(group, member));
    if (fills(inputsOf(group), limits)) this.#send(group);
    return member.ending;
  }

  /** The open group of that key; one without room for this member, or from before a reload, sets out first. */
  #groupFor({ exchange, inputs }: Member, key: string): Group | undefined {
    const group = this.#groups.get(key);
    if (group === undefined) return undefined;
    if (group.snapshot === exchange.snapshot && fits([...inputsOf(group), inputs], group.limits)) return group;
    this.#send(group);
    return undefined;
  }

  #open(fields: Pick<Group, "key" | "snapshot" | "limits"> & { readonly windowMs: number }): Group {
    const { windowMs, ...kept } = fields;
    const group: Group = { ...kept, members: new Map(), cancelWindow: this.#deps.clock.after(windowMs, () => this.#send(group)) };
    this.#groups.set(group.key, group);
    return group;
  }

  #leave(group: Group, member: Member): void {
    group.members.delete(member);
    if (group.members.size === 0) this.#shut(group);
  }

  #send(group: Group): void {
    this.#shut(group);
    const nowMs = this.#deps.stopwatch();
    for (const [{ exchange }, sinceMs] of group.members) exchange.waitedMs += nowMs - sinceMs;
    const members = [...group.members.keys()];
    serveGroup(members, this.#deps).catch((error: unknown) => members.forEach((member) => member.break(error)));
  }

  #shut(group: Group): void {
    group.cancelWindow();
    this.#groups.delete(group.key);
  }
}

function mostInputs({ provider, model }: Target): number {
  return embeddingsLimit(provider.row, model);
}

function inputsOf(group: Group): EmbeddingInputs[] {
  return [...group.members.keys()].map(({ inputs }) => inputs);
}

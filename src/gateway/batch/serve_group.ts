/**
 * Serves the requests of one group: together while that works, in halves when it does not, each by itself in
 * the end. So a bad input fails alone, with what the provider says about that one request.
 */
import { isFailure } from "../../kernel/failure.ts";
import { passedHeaders } from "../../wire/headers.ts";
import type { Deps } from "../deps.ts";
import { commit, type Held } from "../handle.ts";
import { discard, writeAnswer } from "./answers.ts";
import type { Member } from "./member.ts";
import { SharedCall } from "./shared_call.ts";
import { splitAnswer } from "./split_answer.ts";

/** Resolves when every member was answered or is served alone. */
export async function serveGroup(members: readonly Member[], deps: Deps): Promise<void> {
  const [first, ...others] = members.filter((member) => !member.isOver);
  if (first === undefined) return;
  if (others.length === 0) return first.serveAlone(deps);
  const call = new SharedCall([first, ...others], deps);
  const got = await commit(call.exchange, call.deps).finally(() => call.close());
  if (isFailure(got)) {
    if (got.scope === "request") return serveHalves(call.members, deps);
    for (const member of call.members) member.refuse(got);
  } else if (answerAll(call, got, deps) === "not_divisible") await serveHalves(call.members, deps);
}

async function serveHalves(members: readonly Member[], deps: Deps): Promise<void> {
  const middle = Math.ceil(members.length / 2);
  await Promise.all([serveGroup(members.slice(0, middle), deps), serveGroup(members.slice(middle), deps)]);
}

/** Settles the lease with all that the call used, and gives each member its part. */
function answerAll(call: SharedCall, { target, lease, committed }: Held, deps: Deps): "answered" | "not_divisible" {
  if (committed.kind !== "answer") {
    discard({ target, lease, committed });
    return "not_divisible";
  }
  const usage = deps.priced(target, committed.reading.usage);
  lease.settle({ kind: "ok", ...(usage === undefined ? {} : { usage }) });
  const parts = splitAnswer(committed.reading.body, call.sentFor.map(({ inputs }) => inputs));
  if (parts === undefined) return "not_divisible";
  const headers = sharedHeaders(committed.headers);
  parts.forEach((body, index) => {
    const member = call.sentFor[index];
    if (member !== undefined && !member.isOver) {
      member.end(writeAnswer(member.exchange, { body, target, headers, status: committed.status, deps }));
    }
  });
  return "answered";
}

/** What a call cost is a figure of the whole call, and true of none of its parts. */
function sharedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "x-request-cost": _cost, ...passed } = passedHeaders(headers);
  return passed;
}

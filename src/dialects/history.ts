/**
 * A conversation with its calls and results brought together: providers want every call answered at once, while
 * clients may answer late, twice or never. Nothing is lost: a result without a call stays where the user said it.
 */
import type { Part, ToolCall, Turn } from "../canonical/chat.ts";

export type ToolResult = Extract<Part, { readonly kind: "tool_result" }>;

export interface Matched {
  readonly byCall: ReadonlyMap<ToolCall, ToolResult>;
  readonly taken: ReadonlySet<ToolResult>;
}

/** A result belongs to the last call before it that has its id and no result yet: some clients use ids again. */
export function matchResults(turns: readonly Turn[]): Matched {
  const byCall = new Map<ToolCall, ToolResult>();
  const taken = new Set<ToolResult>();
  const open = new Map<string, ToolCall[]>();
  for (const part of turns.flatMap((turn) => turn.parts)) {
    if (part.kind === "tool_call") {
      const calls = open.get(part.id) ?? [];
      calls.push(part);
      open.set(part.id, calls);
    } else if (part.kind === "tool_result") {
      const call = open.get(part.callId)?.pop();
      if (call === undefined) continue;
      byCall.set(call, part);
      taken.add(part);
    }
  }
  return { byCall, taken };
}

/** A call, and what its tool answered, if anything did. */
export interface AnsweredCall {
  readonly call: ToolCall;
  readonly result: ToolResult | undefined;
}

/** One turn, with the answers to its calls. Results among the parts of a user have no call. */
export type Step =
  | { readonly role: "user"; readonly parts: readonly Part[] }
  | { readonly role: "assistant"; readonly parts: readonly Part[]; readonly calls: readonly AnsweredCall[] };

/** The turns in their order; one that held nothing but results that were matched is gone. */
export function stepsOf(turns: readonly Turn[]): readonly Step[] {
  const { byCall, taken } = matchResults(turns);
  return turns.flatMap(({ role, parts }): readonly Step[] => {
    if (role === "assistant") {
      const calls = parts.filter((part) => part.kind === "tool_call").map((call) => ({ call, result: byCall.get(call) }));
      return [{ role, parts, calls }];
    }
    const own = parts.filter((part) => part.kind !== "tool_result" || !taken.has(part));
    return own.length === 0 && parts.length > 0 ? [] : [{ role, parts: own }];
  });
}

/** Said in place of a result that is missing. */
export const NO_RESULT = "no result was given for this call";

/** The texts of a result, a line each. */
export function textOfResult({ content }: ToolResult): string {
  return content.flatMap((part) => part.kind === "text" || part.kind === "refusal" ? part.text : []).join("\n");
}

/** What a result holds beside words. */
export function mediaOfResult({ content }: ToolResult): readonly Part[] {
  return content.filter((part) => part.kind !== "text" && part.kind !== "refusal");
}

/** A result without a call, as words of the user. */
export function orphanText(result: ToolResult): string {
  return `Result of the tool ${result.name ?? "unknown_function"}: ${textOfResult(result)}`;
}

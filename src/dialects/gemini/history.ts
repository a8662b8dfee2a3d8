/**
 * A conversation as Gemini takes it: begins and ends with the user, roles alternate, and all calls of a turn
 * are answered in the next one, in their order, before anything else is said. History that does not add up is mended.
 */
import type { ChatRequest, Turn } from "../../canonical/chat.ts";
import type { JsonObject } from "../../kernel/json.ts";
import { type Matched, matchResults } from "../history.ts";
import { SKIP_SIGNATURE } from "./memory.ts";
import { orphanParts, type PartContext, responseParts, writePart } from "./parts.ts";
import type { ModelTraits } from "./traits.ts";

export interface Content {
  readonly role: "user" | "model";
  readonly parts: readonly JsonObject[];
}

export interface History {
  readonly contents: readonly Content[];
  readonly system?: Content;
  readonly lossy: readonly string[];
}

/** Says nothing where something must be said. */
const SILENCE: JsonObject = { text: " " };

/** The conversation of a request. Failures are left in `context`. */
export function writeHistory(
  { system, turns }: Pick<ChatRequest, "system" | "turns">,
  { context, traits }: { readonly context: PartContext; readonly traits: ModelTraits },
): History {
  const instructions = system.flatMap((part) => part.text === "" ? [] : [{ text: part.text }]);
  const results = matchResults(turns);
  const merged = mergeNeighbours(turns.flatMap((turn) => writeTurn(turn, { results, context, traits })));
  if (merged.length === 0) {
    return { contents: [{ role: "user", parts: instructions.length === 0 ? [SILENCE] : instructions }], lossy: [] };
  }
  const endsWithModel = merged.at(-1)?.role === "model";
  const said = endsWithModel ? merged.slice(0, -1) : merged;
  const contents: readonly Content[] = said[0]?.role === "user" ? said : [{ role: "user", parts: [SILENCE] }, ...said];
  return {
    contents: traits.isThirdGeneration ? signSteps(contents) : contents,
    ...(instructions.length === 0 ? {} : { system: { role: "user", parts: instructions } }),
    lossy: endsWithModel ? ["messages[last]"] : [],
  };
}

interface TurnContext {
  readonly results: Matched;
  readonly context: PartContext;
  readonly traits: ModelTraits;
}

function writeTurn(turn: Turn, at: TurnContext): readonly Content[] {
  return turn.role === "user" ? writeUser(turn, at) : writeModel(turn, at);
}

/** Results stand where their calls are; a turn of nothing else is not written here. */
function writeUser({ parts }: Turn, { results, context }: TurnContext): readonly Content[] {
  const own = parts.filter((part) => part.kind !== "tool_result" || !results.taken.has(part));
  if (own.length === 0 && parts.length > 0) return [];
  const written = own.flatMap((part) => part.kind === "tool_result" ? orphanParts(part, context) : writePart(part, context));
  return [{ role: "user", parts: written.length === 0 ? [SILENCE] : written }];
}

function writeModel({ parts }: Turn, { results, context, traits }: TurnContext): readonly Content[] {
  const written = parts.flatMap((part) => part.kind === "tool_result" ? [] : writePart(part, context));
  if (written.length === 0) return [];
  const calls = parts.filter((part) => part.kind === "tool_call")
    .map((call) => ({ id: context.memory.idOf(call), name: call.name, result: results.byCall.get(call) }));
  if (calls.length === 0) return [{ role: "model", parts: written }];
  const media = traits.isThirdGeneration ? "inside" : "after";
  return [{ role: "model", parts: written }, { role: "user", parts: responseParts(calls, { context, media }) }];
}

function mergeNeighbours(contents: readonly Content[]): readonly Content[] {
  const merged: Content[] = [];
  for (const content of contents) {
    const last = merged.at(-1);
    if (last?.role !== content.role) merged.push(content);
    else merged[merged.length - 1] = { role: last.role, parts: joined(last.parts, content.parts) };
  }
  return merged;
}

/** Silence gives way to words. */
function joined(first: readonly JsonObject[], second: readonly JsonObject[]): readonly JsonObject[] {
  const parts = [...first, ...second];
  const spoken = parts.filter((part) => part !== SILENCE);
  return spoken.length === 0 ? [SILENCE] : spoken;
}

/** Since the user last spoke, the first call of each step must be signed, if only with the word that skips the check. */
function signSteps(contents: readonly Content[]): readonly Content[] {
  const lastWords = contents.findLastIndex(({ role, parts }) =>
    role === "user" && parts.some((part) => part.functionResponse === undefined)
  );
  return contents.map((content, index) => {
    if (index < lastWords || content.role !== "model") return content;
    const first = content.parts.findIndex((part) => part.functionCall !== undefined);
    if (first < 0 || content.parts[first]?.thoughtSignature !== undefined) return content;
    const parts = content.parts.map((part, at) => at === first ? { ...part, thoughtSignature: SKIP_SIGNATURE } : part);
    return { ...content, parts };
  });
}

/**
 * Quirks: the named ways in which a provider differs from OpenAI's dialect, as pure edits of requests and
 * answers. A row lists the ones it has; they apply in that order. No quirk, no work: the body itself comes back.
 */
import type { JsonObject } from "../kernel/json.ts";
import type { AnswerQuirk, ChunkQuirks } from "./quirks/answer_quirk.ts";
import { ANSWER_QUIRKS } from "./quirks/answers.ts";
import type { Edit } from "./quirks/edit.ts";
import { MESSAGE_QUIRKS } from "./quirks/messages.ts";
import { drop, keep, PARAMETER_QUIRKS } from "./quirks/params.ts";
import { THINKING_QUIRKS } from "./quirks/thinking.ts";
import { TOOL_QUIRKS } from "./quirks/tools.ts";
import type { ProviderRow } from "./row.ts";

export type { ChunkQuirks, StreamEnd } from "./quirks/answer_quirk.ts";

const REQUEST_QUIRKS = { ...PARAMETER_QUIRKS, ...THINKING_QUIRKS, ...TOOL_QUIRKS, ...MESSAGE_QUIRKS } as const satisfies Record<
  string,
  Edit
>;

/**
 * Facts a caller asks for with `hasQuirk`; no edit goes with them.
 * `no_stream_with_tools`: a request with tools must not be streamed.
 * `whole_when_stream_refused`: a 406 to a streamed request means that this model does not stream.
 */
const DECLARED_QUIRKS = ["no_stream_with_tools", "whole_when_stream_refused"] as const;

type RequestQuirkName = keyof typeof REQUEST_QUIRKS;
type AnswerQuirkName = keyof typeof ANSWER_QUIRKS;

/** A quirk that has a name alone. */
export type QuirkName = RequestQuirkName | AnswerQuirkName | (typeof DECLARED_QUIRKS)[number];

/** Request fields the provider refuses; with `models`, only where the model's own name (lower case, no vendor prefix) matches. */
export interface DropQuirk {
  readonly drop: readonly string[];
  readonly models?: RegExp;
}

/** The only request fields the provider takes. */
export interface KeepQuirk {
  readonly keep: readonly string[];
}

export type Quirk = QuirkName | DropQuirk | KeepQuirk;

/** A row's answer quirks, joined. */
export interface ResponseQuirks {
  /** Edits a whole answer; returns it itself when nothing applies. */
  answer(body: JsonObject): JsonObject;
  /** A reader for one stream; never share it between streams. */
  chunks(): ChunkQuirks;
}

function namesOf<T extends object>(table: T): (keyof T)[] {
  // `Object.keys` is typed as strings, since a value may have more keys than its type tells; these tables are literals.
  return Object.keys(table).filter((name): name is Extract<keyof T, string> => name in table);
}

/** Every quirk that has a name. */
export const QUIRK_NAMES: readonly QuirkName[] = [
  ...namesOf(REQUEST_QUIRKS),
  ...namesOf(ANSWER_QUIRKS),
  ...DECLARED_QUIRKS,
];

function isRequestQuirk(name: QuirkName): name is RequestQuirkName {
  return name in REQUEST_QUIRKS;
}

function isAnswerQuirk(quirk: Quirk): quirk is AnswerQuirkName {
  return typeof quirk === "string" && quirk in ANSWER_QUIRKS;
}

/**
 * The request body as this provider wants it. `body.model` is the provider's own model id. Never changes
 * `body`; returns it itself when no quirk applies.
 */
export function applyRequestQuirks(quirks: readonly Quirk[] | undefined, body: JsonObject): JsonObject {
  if (quirks === undefined) return body;
  let edited = body;
  for (const quirk of quirks) {
    if (typeof quirk === "string") edited = isRequestQuirk(quirk) ? REQUEST_QUIRKS[quirk](edited) : edited;
    else edited = "keep" in quirk ? keep(edited, quirk) : drop(edited, quirk);
  }
  return edited;
}

/** The answer quirks among these, joined; undefined when there is none, so that answers can be relayed as bytes. */
export function responseQuirks(quirks: readonly Quirk[] | undefined): ResponseQuirks | undefined {
  const steps: AnswerQuirk[] = (quirks ?? []).filter(isAnswerQuirk).map((name) => ANSWER_QUIRKS[name]);
  if (steps.length === 0) return undefined;
  return {
    answer: (body) => steps.reduce((edited, step) => step.answer(edited), body),
    chunks: () => inTurn(steps.map((step) => step.chunks())),
  };
}

/** Each reader sees what the one before it let through, also what that one gives out at the end. */
function inTurn(readers: readonly ChunkQuirks[]): ChunkQuirks {
  const [only] = readers;
  if (only !== undefined && readers.length === 1) return only;
  const pushFrom = (first: number, chunks: JsonObject[]) =>
    readers.slice(first).reduce((passed, reader) => passed.flatMap((chunk) => reader.push(chunk)), chunks);
  return {
    push: (chunk) => pushFrom(0, [chunk]),
    flush: (how) => readers.flatMap((reader, index) => pushFrom(index + 1, reader.flush(how))),
  };
}

/** Whether the row has this quirk. */
export function hasQuirk(row: Pick<ProviderRow, "quirks">, name: QuirkName): boolean {
  return row.quirks?.includes(name) ?? false;
}

/** Whether the gateway may ask this provider for usage on a stream (`stream_options.include_usage`). */
export function allowsStreamUsage(row: Pick<ProviderRow, "quirks">): boolean {
  return !hasQuirk(row, "no_stream_usage");
}

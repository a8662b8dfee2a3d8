/**
 * How the answer of one call is put into the client's dialect: not at all, edited by the quirks of the row,
 * or translated from the provider's own format. Pure, but for the memory of one stream's reader.
 */
import type { Reading } from "../canonical/answer.ts";
import type { AnswerContext, ClientCodec, Crossing } from "../dialects/codec.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { JsonObject } from "../kernel/json.ts";
import { hasQuirk, responseQuirks } from "./quirks.ts";
import type { ProviderRow } from "./row.ts";

/** One answer's events on their way to the client. */
export interface EventReader {
  /** What to send in place of this event; the very same object when it needs nothing. */
  push(event: JsonObject): readonly JsonObject[];
  /** What is still to be sent when the stream is over, or when it failed. */
  flush(how: "complete" | "failed"): readonly JsonObject[];
}

export interface AnswerForm {
  /** What the gateway must know of one event, as the provider sent it. */
  readEvent(event: JsonObject): Reading;
  /** A whole answer for the client; the very same object when it needs nothing. */
  answer(body: JsonObject): JsonObject;
  /** A reader for one stream; undefined: events are relayed as they come. */
  reader(): EventReader | undefined;
  /** A whole answer out of all events of a stream; undefined where whole answers are asked for as such. */
  readonly fold?: (events: readonly JsonObject[]) => JsonObject;
  /** A stream may end without saying so: one that was not cut is whole. */
  readonly endsUnsaid: boolean;
  /** The provider's bytes mean nothing to the client: none of them may be relayed. */
  readonly isTranslated: boolean;
}

/** Client and provider speak the same dialect. */
export function nativeForm(dialect: Dialect, row: ProviderRow): AnswerForm {
  const quirks = responseQuirks(row.quirks);
  return {
    readEvent: (event) => dialect.readEvent(event),
    answer: (body) => quirks?.answer(body) ?? body,
    reader: () => quirks?.chunks(),
    endsUnsaid: hasQuirk(row, "missing_finish_reason"),
    isTranslated: false,
  };
}

/** The provider's format is read into canonical events, and these are written in the client's dialect. */
export function translatedForm(
  input: {
    readonly crossing: Crossing;
    readonly client: ClientCodec;
    readonly context: AnswerContext;
    readonly read: (body: JsonObject) => Reading;
    /** Takes an answer or event out of what the provider wraps around it. */
    readonly unwrap: (body: JsonObject) => JsonObject;
  },
): AnswerForm {
  const { crossing, client, context, read, unwrap } = input;
  return {
    readEvent: (event) => read(unwrap(event)),
    answer: (body) => client.answer(crossing.answer(unwrap(body)), context),
    reader() {
      const events = crossing.events();
      const writer = client.stream(context);
      return {
        push: (event) => events.push(unwrap(event)).flatMap((it) => writer.push(it)),
        flush: (how) => how === "failed" ? [] : [...events.end().flatMap((it) => writer.push(it)), ...writer.end()],
      };
    },
    fold(bodies) {
      const events = crossing.events();
      const all = [...bodies.flatMap((body) => events.push(unwrap(body))), ...events.end()];
      return client.answer(all, context);
    },
    endsUnsaid: false,
    isTranslated: true,
  };
}

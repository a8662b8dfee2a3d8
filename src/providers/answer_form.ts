/**
 * How the answer of one call is put into the client's dialect: not at all, edited by the quirks of the row,
 * or translated from the provider's own format. Pure, but for the memory of one stream's reader.
 */
import type { Reading } from "../canonical/answer.ts";
import type { AnswerContext, ClientCodec, Crossing } from "../dialects/codec.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { EmbedCrossing } from "../dialects/embed/format.ts";
import type { Failure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";
import { hasQuirk, type ResponseQuirks, responseQuirks } from "./quirks.ts";
import type { ProviderRow } from "./row.ts";

/** One answer's events on their way to the client. */
export interface EventReader {
  /** What to send in place of this event; the very same object when it needs nothing. */
  push(event: JsonObject): readonly JsonObject[];
  /** What is still to be sent when the stream is over, or when it failed. */
  flush(how: "complete" | "failed"): readonly JsonObject[];
  /** What tells the client of a failure, where that depends on what it was told before. */
  fail?(failed: Failure): readonly JsonObject[];
}

export interface AnswerForm {
  /** What the gateway must know of one event, as the provider sent it. */
  readEvent(event: JsonObject): Reading;
  /** A whole answer for the client; the very same object when it needs nothing. */
  answer(body: JsonObject, headers: Readonly<Record<string, string>>): JsonObject;
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
    readonly unwrap?: (body: JsonObject) => JsonObject;
    /** Mended before it is read. */
    readonly quirks?: ResponseQuirks | undefined;
    readonly endsUnsaid?: boolean;
    /** `folded`: whole answers come as streams too. */
    readonly whole: "asked" | "folded";
  },
): AnswerForm {
  const { crossing, client, context, read, unwrap = (body) => body, quirks } = input;
  const mended = (body: JsonObject) => quirks?.answer(unwrap(body)) ?? unwrap(body);
  const fold = (bodies: readonly JsonObject[]) => {
    const events = crossing.events();
    const all = [...bodies.flatMap((body) => events.push(unwrap(body))), ...events.end()];
    return client.answer(all, context);
  };
  return {
    readEvent: (event) => read(unwrap(event)),
    answer: (body) => client.answer(crossing.answer(mended(body)), context),
    reader() {
      const events = crossing.events();
      const writer = client.stream(context);
      const chunks = quirks?.chunks();
      const said = (bodies: readonly JsonObject[]) => bodies.flatMap((body) => events.push(body)).flatMap((it) => writer.push(it));
      return {
        push: (event) => said(chunks?.push(unwrap(event)) ?? [unwrap(event)]),
        flush(how) {
          const rest = said(chunks?.flush(how) ?? []);
          return how === "failed" ? rest : [...rest, ...events.end().flatMap((it) => writer.push(it)), ...writer.end()];
        },
        ...(writer.fail === undefined ? {} : { fail: (failed: Failure) => writer.fail?.(failed) ?? [] }),
      };
    },
    ...(input.whole === "asked" ? {} : { fold }),
    endsUnsaid: input.endsUnsaid ?? false,
    isTranslated: true,
  };
}

/** Embeddings in a format of the provider's own: never a stream. */
export function embeddingsForm(dialect: Dialect, crossing: EmbedCrossing): AnswerForm {
  return {
    readEvent: (event) => dialect.readEvent(event),
    answer: (body, headers) => crossing.answer(body, headers),
    reader: () => undefined,
    endsUnsaid: false,
    isTranslated: true,
  };
}

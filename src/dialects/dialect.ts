/**
 * A dialect: one wire format of clients, as a set of pure functions. Knows no provider, no key and no other dialect.
 */
import type { Reading } from "../canonical/answer.ts";
import type { CanonicalRequest, DialectName } from "../canonical/request.ts";
import type { Failure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { BoundContent } from "./bound.ts";
import type { ClientCodec } from "./codec.ts";

export interface Dialect {
  readonly name: DialectName;
  /** The request, or a failure that names the field that is wrong. */
  decodeRequest(body: JsonObject): CanonicalRequest | Failure;
  /** Reads one whole answer. */
  readAnswer(body: JsonObject): Reading;
  /** Reads the JSON of one stream event. */
  readEvent(body: JsonObject): Reading;
  /** A whole answer as the events of a stream, for providers that cannot stream a certain request. */
  answerAsEvents(body: JsonObject): readonly JsonObject[];
  /** The whole answer, where an event of a stream holds it. */
  wholeOf?(event: JsonObject): JsonObject | undefined;
  /** A whole answer in the client's words, where requests are told to providers in another dialect's. */
  present?(answer: JsonObject): JsonObject;
  /** Body of an error answer. */
  encodeFailure(failure: Failure): JsonObject;
  readonly framing: Framing;
  /** What only one account can read; undefined: there is nothing such in this dialect. */
  readonly bound?: BoundContent;
  /** Request headers of the dialect that a provider who speaks it wants to see; lower case. */
  readonly passedHeaders?: readonly string[];
  /** For providers of another format; undefined: such requests cannot cross. */
  readonly codec?: ClientCodec;
}

/** How a stream of the dialect is written. */
export interface Framing {
  readonly contentType: string;
  /** One event. `place`: whether something was written before it. */
  event(body: JsonObject, place: "first" | "later"): string;
  /** A provider's bytes may be passed on as they are. */
  readonly isRelayed: boolean;
  /**
   * What an event holds that must be read: it ends a stream, fails it or counts tokens. One pass, because it runs on
   * every event of every stream.
   */
  readonly worthReading: RegExp;
  /** Keeps a silent stream alive. */
  readonly heartbeat: string;
  /** Ends a whole stream. */
  end(place: "first" | "later"): string;
  /** Tells a client that its stream failed, and ends it. */
  failed(failure: Failure, at: FailedAt): string;
}

/** Where a stream failed. */
export interface FailedAt {
  readonly place: "first" | "later";
  /** The last events that were relayed as they came, or the beginning of one; empty when none was. */
  readonly relayed: string;
}

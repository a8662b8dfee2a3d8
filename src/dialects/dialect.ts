/**
 * A dialect: one wire format, as a set of pure functions. Knows no provider, no key and no other dialect.
 */
import type { Reading } from "../canonical/answer.ts";
import type { CanonicalRequest, DialectName } from "../canonical/request.ts";
import type { Failure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";
import type { ClientCodec } from "./codec.ts";

export interface Dialect {
  readonly name: DialectName;
  /** Path at an upstream that speaks this dialect, relative to its base URL. */
  readonly upstreamPath: string;
  /** The request, or a failure that names the field that is wrong. */
  decodeRequest(body: JsonObject): CanonicalRequest | Failure;
  /** Reads one whole answer. */
  readAnswer(body: JsonObject): Reading;
  /** Reads the JSON of one stream event. */
  readEvent(body: JsonObject): Reading;
  /** A whole answer as the events of a stream, for providers that cannot stream a certain request. */
  answerAsEvents(body: JsonObject): readonly JsonObject[];
  /** Body of an error answer. */
  encodeFailure(failure: Failure): JsonObject;
  /** The event that tells a client that its stream failed. */
  encodeFailureEvent(failure: Failure): string;
  /** Keeps a silent stream alive. */
  readonly heartbeat: string;
  /** Ends a stream. */
  readonly endOfStream: string;
  /** For providers of another format; undefined: such requests cannot cross. */
  readonly codec?: ClientCodec;
}

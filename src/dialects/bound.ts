/**
 * What only the account that gave it can read: signed and encrypted thoughts, files and cached contents. Each dialect
 * tells where they stand in requests and answers, and how a request reads without those that another account gave.
 */
import type { JsonObject } from "../kernel/json.ts";

export interface BoundContent {
  /** Proofs in a whole answer or one event of a stream, as the client gets it. */
  given(body: JsonObject): readonly string[];
  /** Proofs in a request, in their order. */
  sent(body: JsonObject): readonly string[];
  /** The request without what has these proofs or these ids, and what went with it, by the names of its fields. */
  without(body: JsonObject, unread: ReadonlySet<string>): Reduced;
}

export interface Reduced {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

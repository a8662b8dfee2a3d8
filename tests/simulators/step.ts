/**
 * A step: everything the provider does with one request, as data. Steps are made by the constructors of
 * `steps.ts` and may be combined by spreading, because every field has a meaning of its own.
 */
import type { Json } from "../../src/kernel/json.ts";
import type { AnswerShape } from "./answers.ts";
import type { Latch } from "./latch.ts";
import type { Edit } from "./pieces.ts";
import type { ReplyHeaders } from "./reply.ts";

/** What the body is made of. */
export type Body =
  /** What a correct provider answers to this very request, or `shape` in its form. */
  | { readonly from: "answer"; readonly shape?: AnswerShape }
  | { readonly from: "json"; readonly json: Json }
  /** `contentType`: default `text/plain`. */
  | { readonly from: "text"; readonly text: string; readonly contentType?: string }
  | { readonly from: "bytes"; readonly bytes: Uint8Array }
  /** An event stream; each text is one piece, complete with its blank line. */
  | { readonly from: "events"; readonly events: readonly string[] };

/** A moment of an answer: the request is read; the headers are out; so many pieces are out (all, when there are fewer). */
export type Moment = "request" | "headers" | { readonly chunkCount: number };

/** A wait. Without `until` and `delayMs` it lasts until the client leaves or the simulator closes. */
export interface Hold {
  readonly at: Moment;
  readonly until?: Latch;
  readonly delayMs?: number;
}

/** How the connection breaks, and when. */
export interface Fault {
  /** `reset`: RST; `half_close`: FIN with the answer unfinished. */
  readonly kind: "reset" | "half_close";
  readonly at: Moment;
}

/** What happens to a connection whose answer was complete. */
export interface ConnectionEnd {
  /** Right after the answer, or when the next request arrives on it (which is then neither read nor recorded as a request). */
  readonly at: "answer_end" | "next_request";
  readonly kind: "reset" | "half_close";
}

/** What the provider does with one request. */
export interface Step {
  /** Shown in records and messages. */
  readonly name: string;
  /** Default: 200, or the status of the correct answer. */
  readonly status?: number;
  /** Added to the headers the body brings, or in place of them. */
  readonly headers?: ReplyHeaders;
  readonly body: Body;
  /** In place of `body` when the request asked for a stream. */
  readonly streamBody?: Body;
  readonly edits?: readonly Edit[];
  readonly holds?: readonly Hold[];
  /** Wait before each piece but the first, ms. */
  readonly chunkDelayMs?: number;
  readonly fault?: Fault;
  /** Bytes by which `content-length` is wrong; forces a `content-length`. */
  readonly lengthErrorBytes?: number;
  /** `none`: the body is written to the socket with no status line and no headers at all. */
  readonly framing?: "http" | "none";
  readonly connectionEnd?: ConnectionEnd;
}

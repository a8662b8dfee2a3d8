/**
 * Signed thoughts, kept for clients that drop fields they do not know: within a tool loop they must come back
 * unchanged. Signatures of other providers are never sent.
 */
import { asArray, asString, isObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { Recall } from "../codec.ts";

/** Marks what this family of models signed. */
const FAMILY = "anthropic";

export class ThoughtMemory {
  readonly #recall: Recall;

  constructor(recall: Recall) {
    this.#recall = recall;
  }

  /** Keeps that Anthropic gave this signature, or these encrypted thoughts. */
  rememberProof(proof: string): void {
    this.#recall.remember(keyOf(proof), FAMILY);
  }

  isOurs(proof: string): boolean {
    return this.#recall.recall(keyOf(proof)) === FAMILY;
  }

  /** Keeps the blocks that were thought before a call. */
  rememberBefore(callId: string, blocks: readonly JsonObject[]): void {
    if (blocks.length > 0) this.#recall.remember(`thoughts ${callId}`, JSON.stringify(blocks));
  }

  /** The blocks that were thought before a call; none when nobody remembers. */
  before(callId: string): readonly JsonObject[] {
    const kept = this.#recall.recall(`thoughts ${callId}`);
    return kept === undefined ? [] : asArray(parseJson(kept)).filter(isObject).filter((block) => asString(block.type) !== undefined);
  }
}

/** The end of a proof tells it from others as well as all of it. */
function keyOf(proof: string): string {
  return `text ${proof.slice(-64)}`;
}

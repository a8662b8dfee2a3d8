/**
 * What is remembered of a model's calls and texts: which family of models signed them, with what, and
 * whether a call's id is the model's own. A signature that cannot be the model's is never sent.
 */
import { asObject, asString, parseJson } from "../../kernel/json.ts";
import type { ToolCall } from "../../canonical/chat.ts";
import type { Recall } from "../codec.ts";

/** Takes the place of a signature for a call that never had one; the model then works without its earlier thoughts. */
export const SKIP_SIGNATURE = "skip_thought_signature_validator";

interface Remembered {
  readonly family: string;
  readonly signature: string | undefined;
  readonly isIdGiven: boolean;
}

export class CallMemory {
  readonly #recall: Recall;
  readonly #family: string;

  constructor({ recall, family }: { readonly recall: Recall; readonly family: string }) {
    this.#recall = recall;
    this.#family = family;
  }

  /** Keeps a call of the model. */
  rememberCall(call: ToolCall, id: "given" | "made"): void {
    if (id === "made" && call.signature === undefined) return;
    const kept = { f: this.#family, i: id, ...(call.signature === undefined ? {} : { s: call.signature }) };
    this.#recall.remember(call.id, JSON.stringify(kept));
  }

  /** Keeps that the model signed a text or thought. */
  rememberText(signature: string): void {
    this.#recall.remember(textKey(signature), this.#family);
  }

  /** The id to send for a call: only one that the model itself gave. */
  idOf(call: ToolCall): string | undefined {
    return this.#remembered(call.id)?.isIdGiven === true ? call.id : undefined;
  }

  /** The signature to send with a call: the client's, else the one remembered; never another family's. */
  signatureOf(call: ToolCall): string | undefined {
    const remembered = this.#remembered(call.id);
    if (remembered !== undefined && remembered.family !== this.#family) return undefined;
    return isSignature(call.signature) ? call.signature : remembered?.signature;
  }

  /** The signature to send with a text or thought: only one that this family of models gave. */
  textSignature(signature: string | undefined): string | undefined {
    if (!isSignature(signature)) return undefined;
    return this.#recall.recall(textKey(signature)) === this.#family ? signature : undefined;
  }

  #remembered(callId: string): Remembered | undefined {
    const kept = asObject(parseJson(this.#recall.recall(callId) ?? ""));
    const family = asString(kept?.f);
    return family === undefined ? undefined : { family, signature: asString(kept?.s), isIdGiven: kept?.i === "given" };
  }
}

/** The end of a signature tells it from others as well as all of it. */
function textKey(signature: string): string {
  return `text ${signature.slice(-64)}`;
}

function isSignature(text: string | undefined): text is string {
  return text !== undefined && text !== "" && text.length % 4 === 0 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
}

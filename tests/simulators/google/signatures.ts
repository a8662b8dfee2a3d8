/** Thought signatures of the simulated models: base64 whose length is divisible by four, good for one family of models only. */
import type { Json } from "../../../src/kernel/json.ts";
import type { SeededTokens } from "../oauth/seeded_tokens.ts";
import type { GoogleModel } from "./models.ts";

/** What a client may send for a call that never had a signature. */
export const SKIP_SIGNATURE = "skip_thought_signature_validator";

/** The next signature of a model. */
export function makeSignature(tokens: SeededTokens, model: GoogleModel): string {
  return btoa(`signed by ${model.family}: ${tokens.hex(`thought:${model.family}`, 24)}`);
}

/** Whether a model of this family takes the signature. */
export function isSignatureFor(signature: Json, model: GoogleModel): boolean {
  if (signature === SKIP_SIGNATURE) return true;
  if (typeof signature !== "string" || signature.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
  return atob(signature).startsWith(`signed by ${model.family}:`);
}

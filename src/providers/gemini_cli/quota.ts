/** What is left of an account's quota, by model, as Code Assist tells it. A field it leaves out is zero. */
import { asArray, asNumber, asObject, asString, type JsonObject } from "../../kernel/json.ts";

/** One model's quota. */
export interface QuotaLeft {
  readonly model: string;
  /** From 0, used up, to 1. */
  readonly remainingFraction: number;
  /** Epoch ms at which it is whole again; null when untold. */
  readonly resetAt: number | null;
}

/** Reads the answer of `retrieveUserQuota`. A model that is counted in several ways has what the scarcest leaves. */
export function readQuota(body: JsonObject): readonly QuotaLeft[] {
  const scarcest = new Map<string, QuotaLeft>();
  for (const bucket of asArray(body.buckets).map(asObject)) {
    const model = asString(bucket?.modelId);
    if (bucket === undefined || model === undefined || model === "") continue;
    const left = { model, remainingFraction: fractionOf(bucket), resetAt: instantOf(bucket) };
    const known = scarcest.get(model);
    if (known === undefined || left.remainingFraction < known.remainingFraction) scarcest.set(model, left);
  }
  return [...scarcest.values()];
}

function fractionOf({ remainingFraction }: JsonObject): number {
  return Math.min(Math.max(asNumber(remainingFraction) ?? 0, 0), 1);
}

function instantOf({ resetTime }: JsonObject): number | null {
  const at = Date.parse(asString(resetTime) ?? "");
  return Number.isNaN(at) ? null : at;
}

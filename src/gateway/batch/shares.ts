/**
 * One provider's figures divided among the requests that shared a call. Counts stay whole and sum to
 * what the provider reported: nothing is invented and nothing is lost.
 */
import { isObject, type Json, type JsonObject } from "../../kernel/json.ts";

/**
 * A whole number in parts proportional to `weights` (whole, zero or more each), by largest remainder; the first of equal
 * remainders gains. The parts sum to `total`. Without any weight the parts are as equal as can be.
 */
export function divided(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.length === 0 ? [] : divided(total, weights.map(() => 1));
  // Products of tokens and characters may be too large to stay exact as numbers.
  const products = weights.map((weight) => BigInt(total) * BigInt(weight));
  const parts = products.map((product) => Number(product / BigInt(sum)));
  const left = total - parts.reduce((all, part) => all + part, 0);
  const byRemainder = products.map((product, index) => ({ index, remainder: product % BigInt(sum) }))
    .sort((a, b) => Number(b.remainder - a.remainder) || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

/** `usage` of a shared answer as each request gets it: counts divided at any depth, anything else as it is. */
export function dividedUsage(usage: JsonObject, weights: readonly number[]): JsonObject[] {
  const parts: Record<string, Json | undefined>[] = weights.map(() => ({}));
  for (const [name, value] of Object.entries(usage)) {
    const values = dividedValue(value, weights);
    parts.forEach((part, index) => part[name] = values[index]);
  }
  return parts;
}

function dividedValue(value: Json | undefined, weights: readonly number[]): readonly (Json | undefined)[] {
  if (isObject(value)) return dividedUsage(value, weights);
  if (typeof value !== "number" || value < 0) return weights.map(() => value);
  return Number.isSafeInteger(value) ? divided(value, weights) : dividedAmount(value, weights);
}

/** An amount that is no count, such as a price. */
function dividedAmount(amount: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => sum === 0 ? amount / weights.length : amount * (weight / sum));
}

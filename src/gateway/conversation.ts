/** The key under which a conversation's credential is remembered: client, model, and what tells it apart. */
import { createHash } from "node:crypto";
import type { Exchange } from "./exchange.ts";
import type { Target } from "./route.ts";

/** Longer keys are hashed, so that many remembered conversations stay small. */
const LONGEST_PLAIN_KEY = 256;

/** Undefined when affinity is off, when there is nothing to choose from, or when nothing tells the conversation apart. */
export function conversationKey(exchange: Exchange, target: Target): string | undefined {
  if (!exchange.snapshot.config.isAffinityOn || target.provider.pool.size < 2) return undefined;
  const { id, opening } = exchange.request.conversation;
  if ((id ?? opening) === "") return undefined;
  const key = conversationSeed(exchange, target);
  return key.length <= LONGEST_PLAIN_KEY ? key : createHash("sha1").update(key).digest("base64");
}

/** The same for every request of a conversation with a target, different for others. Holds the client's words and key: hash it. */
export function conversationSeed(exchange: Exchange, target: Target): string {
  const { id, opening } = exchange.request.conversation;
  return `${exchange.client.reveal()}\n${target.id}\n${id ?? opening}`;
}

/** The key under which a conversation's credential is remembered: client, model, and what tells it apart. */
import { createHash } from "node:crypto";
import type { Exchange } from "./exchange.ts";
import type { Target } from "./route.ts";

/** Undefined when affinity is off, when there is nothing to choose from, or when nothing tells the conversation apart. */
export function conversationKey(exchange: Exchange, target: Target): string | undefined {
  if (!exchange.snapshot.config.isAffinityOn || target.provider.pool.size < 2) return undefined;
  const { id, opening } = exchange.request.conversation;
  const mark = id ?? opening;
  if (mark === "") return undefined;
  return createHash("sha1").update(`${exchange.client.reveal()}\n${target.id}\n${mark}`).digest("base64");
}

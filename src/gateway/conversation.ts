/** The key under which a conversation's credential is remembered: client, model, and what tells it apart. */
import { createHash } from "node:crypto";
import type { Exchange } from "./exchange.ts";

/** Undefined when affinity is off or nothing tells the conversation apart. */
export function conversationKey(exchange: Exchange, model: string): string | undefined {
  if (!exchange.snapshot.config.isAffinityOn) return undefined;
  const { id, opening } = exchange.request.conversation;
  const mark = id ?? opening;
  if (mark === "") return undefined;
  return createHash("sha1").update(`${exchange.client}\n${model}\n${mark}`).digest("base64");
}

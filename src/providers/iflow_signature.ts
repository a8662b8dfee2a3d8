/**
 * The headers iFlow's server asks of every call: a session, the time, and both signed with the API key. Pure:
 * the same key, conversation and instant give the same headers.
 */
import { createHash, createHmac } from "node:crypto";
import type { Secret } from "../kernel/secret.ts";

/** Part of what is signed; the server shows other agents fewer models. */
const USER_AGENT = "iFlow-Cli";

export interface IflowCall {
  /** The API key that the call carries. */
  readonly key: Secret;
  /** UUID of the session: one a conversation. */
  readonly session: string;
  /** Epoch ms. */
  readonly now: number;
}

/** The headers of one call, names in lower case. */
export function iflowHeaders({ key, session, now }: IflowCall): Readonly<Record<string, string>> {
  const sessionId = `session-${session}`;
  const signed = `${USER_AGENT}:${sessionId}:${now}`;
  return {
    "user-agent": USER_AGENT,
    "session-id": sessionId,
    "x-iflow-timestamp": String(now),
    "x-iflow-signature": createHmac("sha256", key.reveal()).update(signed).digest("hex"),
  };
}

/** A UUID (version 4 in form) that stands for a conversation and says nothing of it. */
export function iflowSession(conversation: string): string {
  const hex = createHash("sha256").update(`iflow session ${conversation}`).digest("hex");
  const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

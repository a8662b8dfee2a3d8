/**
 * Calls to Code Assist around a request in Gemini's format. The envelope names the project of the login it is
 * made with, so it is made anew for each attempt. Pure; the headers are those the protocol needs and no more.
 */
import { createHash } from "node:crypto";
import type { Grant } from "../../credentials/grant.ts";
import type { JsonObject } from "../../kernel/json.ts";
import { NAME, VERSION } from "../../kernel/version.ts";
import type { UpstreamCall } from "../adapter.ts";
import { wireModel } from "./models.ts";

/** Whom a call is made as, and where to. */
export interface CodeAssistTarget {
  /** Ends in `/v1internal`. */
  readonly baseUrl: string;
  readonly grant: Grant;
}

export interface GenerateInput extends CodeAssistTarget {
  readonly model: string;
  /** The request in Gemini's format. */
  readonly inner: JsonObject;
  readonly requestId: string;
  readonly sessionId: string;
}

/** Asks a model. The answer is always a stream, whether the client wants one or not: a call that is in trouble shows it early. */
export function generateCall({ baseUrl, grant, model, inner, requestId, sessionId }: GenerateInput): UpstreamCall {
  const envelope = {
    model: wireModel(model),
    ...projectField(grant),
    user_prompt_id: requestId,
    request: { ...inner, session_id: sessionId },
  };
  return callOf({ baseUrl, grant, method: "streamGenerateContent?alt=sse", accept: "text/event-stream", body: envelope });
}

/** A UUID that stands for a conversation: the same for all its turns, and nothing can be read out of it. */
export function sessionIdOf(conversation: string): string {
  const hex = createHash("sha256").update(conversation).digest("hex");
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}

/** Asks what is left of the account's quota. */
export function quotaCall({ baseUrl, grant }: CodeAssistTarget): UpstreamCall {
  return callOf({ baseUrl, grant, method: "retrieveUserQuota", accept: "application/json", body: { ...projectField(grant) } });
}

function callOf(
  { baseUrl, grant, method, accept, body }: CodeAssistTarget & {
    readonly method: string;
    readonly accept: string;
    readonly body: JsonObject;
  },
): UpstreamCall {
  return {
    url: new URL(`${baseUrl.replace(/\/+$/, "")}:${method}`),
    method: "POST",
    headers: {
      authorization: `Bearer ${grant.accessToken.reveal()}`,
      "content-type": "application/json",
      accept,
      "user-agent": `${NAME}/${VERSION}`,
      // Answers are read as they come in.
      "accept-encoding": "identity",
    },
    body: JSON.stringify(body),
  };
}

function projectField({ projectId }: Grant): { project?: string } {
  return projectId === null ? {} : { project: projectId };
}

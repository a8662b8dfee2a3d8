/**
 * Refusals for want of quota or capacity. Each source of delay can be switched on by itself, so that a test
 * can show which of them a client reads; delays are given in the wire's own notation.
 */
import type { JsonObject } from "../../../src/kernel/json.ts";
import type { Reply, ReplyHeaders } from "../reply.ts";
import { CODE_ASSIST_DOMAIN, type ErrorForm, errorInfo, googleError } from "./errors.ts";

/** Which parts a refusal has; what is left out is not in the body. */
export interface LimitFields {
  /** Default 429. */
  readonly status?: 429 | 499 | 503;
  /** `ErrorInfo.reason`; null: no ErrorInfo. Default `RATE_LIMIT_EXCEEDED`. */
  readonly reason?:
    | "RATE_LIMIT_EXCEEDED"
    | "QUOTA_EXHAUSTED"
    | "MODEL_CAPACITY_EXHAUSTED"
    | "MODEL_CAPACITY_EXCEEDED"
    | "INSUFFICIENT_G1_CREDITS_BALANCE"
    | null;
  /** `RetryInfo.retryDelay`, e.g. `3.5s`. */
  readonly retryInfo?: string;
  /** `metadata.quotaResetDelay`, e.g. `1h2m3.4s`. */
  readonly quotaResetDelay?: string;
  /** `metadata.quotaResetTimeStamp`, RFC 3339. */
  readonly quotaResetAt?: string;
  /** In the message: "Your quota will reset after …". */
  readonly messageDelay?: string;
  /** In the message: "Please retry in …", e.g. `12.5s`. */
  readonly retryIn?: string;
  /** A `QuotaFailure` with such a `quotaId`. */
  readonly quotaFailure?: "PerDay" | "PerMinute";
  /** In the message: "limit: 0". */
  readonly isZeroLimit?: true;
  /** In place of the composed message. */
  readonly message?: string;
  /** E.g. `retry-after`, `x-ratelimit-reset`, `x-ratelimit-reset-after`. */
  readonly headers?: ReplyHeaders;
  readonly form?: ErrorForm;
}

/** The refusal for `model`. */
export function limitReply(fields: LimitFields, model: string): Reply {
  const { status = 429, headers, form } = fields;
  return googleError({
    status,
    message: fields.message ?? messageOf(fields, model),
    details: detailsOf(fields, model),
    ...(headers === undefined ? {} : { headers }),
    ...(form === undefined ? {} : { form }),
  });
}

function messageOf(fields: LimitFields, model: string): string {
  const { reason = "RATE_LIMIT_EXCEEDED" } = fields;
  if (reason === "MODEL_CAPACITY_EXHAUSTED" || reason === "MODEL_CAPACITY_EXCEEDED") {
    return `No capacity available for model ${model} on the server`;
  }
  const sentences = fields.messageDelay === undefined
    ? ["Resource has been exhausted (e.g. check quota)."]
    : [`You have exhausted your capacity on this model. Your quota will reset after ${fields.messageDelay}.`];
  if (fields.isZeroLimit === true) {
    sentences.push(
      `Quota exceeded for metric: ${CODE_ASSIST_DOMAIN}/generate_content_free_tier_requests, limit: 0, model: ${model}.`,
    );
  }
  if (fields.retryIn !== undefined) sentences.push(`Please retry in ${fields.retryIn}.`);
  return sentences.join(" ");
}

function detailsOf(fields: LimitFields, model: string): JsonObject[] {
  const { reason = "RATE_LIMIT_EXCEEDED", quotaFailure, retryInfo } = fields;
  const details: JsonObject[] = [];
  if (reason !== null) {
    details.push(errorInfo(reason, {
      uiMessage: "true",
      model,
      ...(fields.quotaResetDelay === undefined ? {} : { quotaResetDelay: fields.quotaResetDelay }),
      ...(fields.quotaResetAt === undefined ? {} : { quotaResetTimeStamp: fields.quotaResetAt }),
    }));
  }
  if (quotaFailure !== undefined) {
    const violation = {
      quotaMetric: `${CODE_ASSIST_DOMAIN}/generate_content_requests`,
      quotaId: `GenerateContentRequests${quotaFailure}PerProjectPerModel`,
      quotaDimensions: { location: "global", model },
      quotaValue: quotaFailure === "PerDay" ? "100" : "60",
    };
    details.push({ "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [violation] });
  }
  if (retryInfo !== undefined) details.push({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: retryInfo });
  return details;
}

/** Refusals of Code Assist as it words them, whole and damaged, and what each of them means. */
import type { FailureKind } from "../../src/kernel/failure.ts";
import type { Json, JsonObject } from "../../src/kernel/json.ts";

/** One answer and its meaning at 2026-03-04T05:00:00Z, three hours before midnight Pacific. */
export interface FailureSample {
  readonly status: number;
  /** A string is sent as it is. */
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly kind: FailureKind;
  readonly retryAfterMs?: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const PACIFIC_MIDNIGHT = 3 * HOUR;
/** 18h31m10.608s */
const LONG_DELAY = 18 * HOUR + 31 * MINUTE + 10_608;

const NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

function google(code: number, message: string, details: readonly JsonObject[] = []): JsonObject {
  return { error: { code, message, status: NAMES[code] ?? "UNKNOWN", ...(details.length === 0 ? {} : { details }) } };
}

const TYPE = "type.googleapis.com/google.rpc";

function errorInfo(reason: string, metadata: JsonObject = {}): JsonObject {
  return { "@type": `${TYPE}.ErrorInfo`, reason, domain: "cloudcode-pa.googleapis.com", metadata };
}

function retryInfo(retryDelay: string): JsonObject {
  return { "@type": `${TYPE}.RetryInfo`, retryDelay };
}

function quotaFailure(quotaId: string): JsonObject {
  return { "@type": `${TYPE}.QuotaFailure`, violations: [{ quotaId, quotaMetric: "x/generate_content_requests", quotaValue: "100" }] };
}

const resetsIn = (delay: string) => `You have exhausted your capacity on this model. Your quota will reset after ${delay}.`;
const EXHAUSTED = "Resource has been exhausted (e.g. check quota).";
const ZERO = "Quota exceeded for metric: x/free_tier_requests, limit: 0, model: m-1";
const UNSUPPORTED = "This client is no longer supported for Gemini Code Assist for individuals.";
const NO_CAPACITY = "No capacity available for model m-1 on the server";

const QUOTA = google(429, resetsIn("18h31m10s"), [
  errorInfo("QUOTA_EXHAUSTED", {
    model: "m-1",
    uiMessage: "true",
    quotaResetDelay: "18h31m10.608s",
    quotaResetTimeStamp: "2026-03-04T23:31:10Z",
  }),
  retryInfo("66670.608s"),
]);
const QUOTA_TEXT = JSON.stringify(QUOTA, null, 2);
const inside = (text: string): JsonObject => google(429, text);
const quota = (body: Json): FailureSample => ({ status: 429, body, kind: "rate_limited", retryAfterMs: LONG_DELAY });

/** The same refusal in every wrapping and with every damage. */
const WRAPPED: readonly FailureSample[] = [
  QUOTA,
  [QUOTA],
  inside(QUOTA_TEXT),
  inside(JSON.stringify(inside(QUOTA_TEXT))),
  QUOTA_TEXT.replace('"status"', ',\n ,"status"'),
  QUOTA_TEXT.replace("googleapis.com", "googleapis.com,"),
  QUOTA_TEXT.replaceAll('"@type"', '" @type "'),
  QUOTA_TEXT.replace('"details"', '\u00a0"details"'),
  QUOTA_TEXT.replace("You have", "You\nhave"),
  `[${QUOTA_TEXT}\n,`.concat("\n]"),
].map(quota);

const limited = (body: Json, retryAfterMs?: number): FailureSample => ({
  status: 429,
  body,
  kind: "rate_limited",
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

const RATE = "RATE_LIMIT_EXCEEDED";

/** Each source of a delay alone, then those that disagree. */
const DELAYS: readonly FailureSample[] = [
  limited(google(429, EXHAUSTED, [errorInfo(RATE), retryInfo("1.539477544s")]), 1_539),
  limited(google(429, EXHAUSTED, [errorInfo(RATE), retryInfo("2900ms")]), 2_900),
  limited(google(429, EXHAUSTED, [errorInfo(RATE), retryInfo("66670.6s")]), 66_670_600),
  limited(google(429, EXHAUSTED, [errorInfo(RATE, { quotaResetDelay: "373.801628ms" })]), SECOND),
  limited(google(429, EXHAUSTED, [errorInfo(RATE, { quotaResetDelay: "1h2m3.4s" })]), HOUR + 2 * MINUTE + 3_400),
  limited(google(429, EXHAUSTED, [errorInfo("QUOTA_EXHAUSTED", { quotaResetTimeStamp: "2026-03-04T10:58:09Z" })]), 21_489_000),
  limited(google(429, resetsIn("156h14m36s")), 156 * HOUR + 14 * MINUTE + 36 * SECOND),
  limited(google(429, resetsIn("2d3h4.5s")), 51 * HOUR + 4_500),
  limited(google(429, resetsIn("2s"), [errorInfo(RATE, { uiMessage: "true", model: "m-1" })]), 2 * SECOND),
  limited(google(429, "Quota exceeded. Please retry in 12.5s."), 12_500),
  limited(google(429, "Quota exceeded. Please retry in 1900ms."), 1_900),
  { ...limited(google(429, EXHAUSTED), 7 * SECOND), headers: { "retry-after": "7" } },
  { ...limited(google(429, EXHAUSTED), 30 * SECOND), headers: { "x-ratelimit-reset": String(Date.UTC(2026, 2, 4, 5, 0, 30) / SECOND) } },
  { ...limited(google(429, EXHAUSTED), 9 * SECOND), headers: { "x-ratelimit-reset-after": "9" } },
  limited(google(429, EXHAUSTED, [errorInfo(RATE)])),
  limited(google(429, EXHAUSTED)),
  limited("", undefined),
  limited(google(429, EXHAUSTED, [errorInfo("QUOTA_EXHAUSTED")]), HOUR),
  limited(google(429, resetsIn("2h"), [errorInfo("QUOTA_EXHAUSTED"), retryInfo("3s")]), 2 * HOUR),
  limited(google(429, resetsIn("3s"), [errorInfo("QUOTA_EXHAUSTED"), retryInfo("7200s")]), 2 * HOUR),
  limited(google(429, EXHAUSTED, [quotaFailure("GenerateRequestsPerDayPerProject"), retryInfo("34.07s")]), PACIFIC_MIDNIGHT),
  limited(google(429, EXHAUSTED, [errorInfo(RATE, { quota_limit: "RequestsDailyPerUser" })]), PACIFIC_MIDNIGHT),
  limited(google(429, EXHAUSTED, [quotaFailure("GenerateRequestsPerDayPerProject"), retryInfo("18000s")]), 5 * HOUR),
  limited(google(429, EXHAUSTED, [quotaFailure("GenerateRequestsPerMinutePerProject")]), MINUTE),
  limited(google(429, EXHAUSTED, [errorInfo(RATE, { quota_limit: "RequestsPerMinutePerUser" })]), MINUTE),
  limited(google(429, EXHAUSTED, [quotaFailure("GenerateRequestsPerMinutePerProject"), retryInfo("8s")]), 8 * SECOND),
  { status: 499, body: google(499, "The operation was cancelled."), kind: "rate_limited" },
  { status: 499, body: google(499, resetsIn("4s")), kind: "rate_limited", retryAfterMs: 4 * SECOND },
  { status: 503, body: google(503, resetsIn("4s"), [errorInfo(RATE)]), kind: "rate_limited", retryAfterMs: 4 * SECOND },
  { status: 200, body: google(429, resetsIn("4s"), [errorInfo(RATE)]), kind: "rate_limited", retryAfterMs: 4 * SECOND },
];

/** Everything else. */
const OTHERS: readonly FailureSample[] = [
  { status: 429, body: google(429, ZERO), kind: "model_denied" },
  { status: 429, body: google(429, `${ZERO}. Please retry in 32.5s.`), kind: "model_denied" },
  { status: 503, body: google(503, "limit: 0."), kind: "model_denied" },
  { status: 429, body: google(429, "Quota exceeded, limit: 0.5 per second"), kind: "rate_limited" },
  { status: 429, body: google(429, NO_CAPACITY, [errorInfo("MODEL_CAPACITY_EXHAUSTED", { model: "m-1" })]), kind: "server_error" },
  { status: 503, body: google(503, NO_CAPACITY, [errorInfo("MODEL_CAPACITY_EXHAUSTED", { model: "m-1" })]), kind: "server_error" },
  { status: 503, body: google(503, "Busy", [errorInfo("MODEL_CAPACITY_EXCEEDED")]), kind: "server_error" },
  { status: 429, body: google(429, NO_CAPACITY), kind: "server_error" },
  { status: 429, body: google(429, "Credits are low", [errorInfo("INSUFFICIENT_G1_CREDITS_BALANCE")]), kind: "out_of_credit" },
  { status: 404, body: google(404, "Requested entity was not found."), kind: "model_denied" },
  { status: 404, body: "Not found", kind: "unknown_model" },
  {
    status: 401,
    body: google(401, "Request had invalid authentication credentials.", [errorInfo("ACCESS_TOKEN_EXPIRED")]),
    kind: "rejected",
  },
  {
    status: 403,
    body: google(403, "Verify your account to continue.", [errorInfo("VALIDATION_REQUIRED", { validation_link: "https://x.example/v" })]),
    kind: "rejected",
  },
  { status: 403, body: google(403, "A license is required.", [errorInfo("SUBSCRIPTION_REQUIRED")]), kind: "rejected" },
  { status: 403, body: google(403, "The API has not been used or is disabled.", [errorInfo("SERVICE_DISABLED")]), kind: "rejected" },
  { status: 403, body: google(403, "Permission denied on resource.", [errorInfo("IAM_PERMISSION_DENIED")]), kind: "rejected" },
  { status: 403, body: google(403, "Not offered here.", [errorInfo("UNSUPPORTED_LOCATION")]), kind: "rejected" },
  { status: 403, body: google(403, "Your account is not eligible for Gemini Code Assist."), kind: "rejected" },
  { status: 403, body: google(403, UNSUPPORTED, [errorInfo("UNSUPPORTED_CLIENT")]), kind: "withdrawn" },
  { status: 403, body: google(403, UNSUPPORTED), kind: "withdrawn" },
  {
    status: 400,
    body: google(400, "Invalid JSON payload received. Unknown name \"x\" at 'request': Cannot find field."),
    kind: "invalid_request",
  },
  {
    status: 400,
    body: google(400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
    kind: "context_overflow",
  },
  { status: 500, body: google(500, "Internal error encountered."), kind: "server_error" },
  { status: 502, body: "<html><title>502</title></html>", kind: "server_error" },
  { status: 503, body: google(503, "The service is currently unavailable."), kind: "server_error" },
];

export const GEMINI_CLI_FAILURES: readonly FailureSample[] = [...WRAPPED, ...DELAYS, ...OTHERS];

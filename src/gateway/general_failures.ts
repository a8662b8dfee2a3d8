/**
 * What any provider's failure means, as data: rules on codes and texts that many providers share, then the
 * plain meaning of each status. A provider's own rules come before both.
 */
import type { FailureKind } from "../kernel/failure.ts";
import type { FailureRule } from "../providers/row.ts";

const REFUSED_STATUSES = [400, 403, 404, 422];

/** Google's bodies reach us from its own routes and through many routers. "Quota" in them is a limit, not money. */
const GOOGLE: readonly FailureRule[] = [
  { status: [429, 499, 503], code: ["RESOURCE_EXHAUSTED", "429"], text: /\blimit: 0(?![.\d])/i, kind: "model_denied" },
  // Daily limits carry a retry delay of seconds that is not meant.
  {
    status: [429],
    body: /"quotaId\\*"\s*:\s*\\*"[^"]*(?:PerDay|Daily)/,
    kind: "rate_limited",
    rest: { untilMidnight: "America/Los_Angeles" },
    restOutranksHint: true,
  },
  { code: ["MODEL_CAPACITY_EXHAUSTED", "MODEL_CAPACITY_EXCEEDED"], kind: "server_error" },
  { code: ["INSUFFICIENT_G1_CREDITS_BALANCE"], kind: "out_of_credit" },
  { status: [429, 499], code: ["RESOURCE_EXHAUSTED"], kind: "rate_limited" },
  // Somebody else's, or over: nothing is wrong with the key.
  {
    status: [403, 404],
    text: /\bcachedcontent not found\b|\bpermission to access the file\b/i,
    kind: "invalid_request",
  },
  { code: ["API_KEY_INVALID", "API_KEY_EXPIRED", "CONSUMER_SUSPENDED"], kind: "rejected" },
];

const OVERFLOW: readonly FailureRule[] = [
  {
    code: ["context_length_exceeded", "context_too_large", "context_window_exceeded", "exceed_context_size_error", "tokens_limit_reached"],
    kind: "context_overflow",
  },
  {
    text: new RegExp(
      [
        "exceeds? the (?:model's )?context (?:window|length)",
        "context[_ ]length[_ ]exceeded",
        "context window exceeds limit",
        "prompt is too long",
        "prompt exceeds max(?:imum)? length",
        String.raw`input token count.{0,40}exceeds the maximum`,
        "maximum prompt length is",
        "maximum context length (?:is|of)",
        "reduce the length of (?:the|your) (?:messages|input|prompt)",
        "exceeds the available context size",
        "greater than the context length",
        String.raw`token count.{0,40}exceeds the limit of`,
        "exceeded model token limit",
        String.raw`too large for model with \d+ maximum context`,
        "input is too long for requested model",
        // A limit of the account's tier, but waiting never makes the request fit.
        String.raw`request too large.{0,200}tokens per (?:minute|min\b|day)`,
      ].join("|"),
      "i",
    ),
    kind: "context_overflow",
  },
];

const REFUSAL: readonly FailureRule[] = [
  {
    code: [
      "content_filter",
      "content_policy_violation",
      "data_inspection_failed",
      "DataInspectionFailed",
      "moderation_blocked",
      "ResponsibleAIPolicyViolation",
    ],
    kind: "content_refused",
  },
  {
    status: [400, 403, 422],
    text: /\b(?:content|input|prompt|message|request)s?\s+(?:was |were |has been |have been )?(?:flagged|violates?|violated)\b/i,
    kind: "content_refused",
  },
];

const CREDIT: readonly FailureRule[] = [
  {
    code: [
      "insufficient_quota",
      "credit_balance_exhausted",
      "organization_spend_limit_exceeded",
      "project_spend_limit_exceeded",
      "organization_usage_limit_exceeded",
      "enforced_spend_limit_reached",
      "billing_error",
      "billing_not_active",
      "billing_hard_limit_reached",
      "exceeded_current_quota_error",
      "insufficient_balance",
      "insufficient_credit",
      "insufficient_credits",
      "insufficient_funds",
      "insufficient_user_quota",
      "not_enough_balance",
      "payment_required",
      "payment_method_required",
      "CANT_AFFORD",
      "Arrearage",
    ],
    kind: "out_of_credit",
  },
  {
    status: [400, 403, 412, 429],
    text: new RegExp(
      [
        "credit balance is too low",
        "enforced_spend_limit_reached",
        "insufficient (?:account )?(?:balance|credits?|funds|quota)",
        String.raw`\bout of credits`,
        "used all available credits",
        String.raw`(?:credits?|balance) (?:is |are |has been |have been )?(?:exhausted|depleted|insufficient)`,
        "exceeded your current quota",
        String.raw`(?:spend|spending|usage) limit (?:has been )?(?:reached|exceeded) for (?:this|your) (?:account|organi[sz]ation)`,
      ].join("|"),
      "i",
    ),
    unlessShortWait: true,
    kind: "out_of_credit",
  },
];

const KEY: readonly FailureRule[] = [
  {
    code: ["invalid_api_key", "incorrect_api_key_error", "invalid_api_key_error", "wrong_api_key", "account_deactivated"],
    kind: "rejected",
  },
  {
    status: [400, 404, 422],
    text:
      /(?:incorrect|invalid|wrong|expired|missing) api[ _-]?key|api[ _-]?key (?:is )?(?:not valid|invalid|expired|missing)|bad or missing authentication|invalid access token/i,
    kind: "rejected",
  },
];

const MODEL: readonly FailureRule[] = [
  { status: [403], code: ["model_not_found", "unknown_model"], kind: "model_denied" },
  {
    code: ["model_not_found", "unknown_model", "invalid_model", "model_decommissioned", "model_retired", "DeploymentNotFound"],
    kind: "unknown_model",
  },
  {
    status: REFUSED_STATUSES,
    text:
      /requires a subscription|not available in your subscription|model is gated|access to (?:the |this )?model\b.{0,80}(?:denied|restricted)/i,
    kind: "model_denied",
  },
  {
    status: [400, 422],
    text:
      /\bmodel:?\s+["'`]?[\w./:@-]+["'`]?\s+(?:(?:does not|doesn't) exist|(?:is |was )?not found|is not (?:available|supported)$|is no longer|has been (?:decommissioned|retired|deprecated))|\b(?:unknown|invalid|no such) model\b/i,
    kind: "unknown_model",
  },
];

const TROUBLE: readonly FailureRule[] = [
  { code: ["overloaded_error", "server_is_overloaded", "engine_overloaded_error"], kind: "server_error" },
  // Busy for everybody: the key is as good as before.
  {
    status: [429],
    text: /\b(?:model|engine|server|service|system)s? (?:is |are )?(?:currently |temporarily )?(?:overloaded|at capacity|busy)\b/i,
    kind: "server_error",
  },
  // A firewall's page in front of the service, not the service's judgement of the key.
  { status: [403], text: /^an HTML page titled "(?:just a moment|attention required|access denied|error 10\d\d)/i, kind: "server_error" },
  { status: [403], code: ["rate_limit_exceeded", "rate_limit_error", "too_many_requests"], kind: "rate_limited" },
  { status: [403], text: /\brate limit (?:exceeded|reached)|too many requests/i, kind: "rate_limited" },
];

/** Codes and texts that mean the same at many providers, in the order in which they are asked. */
export const GENERAL_RULES: readonly FailureRule[] = [
  { body: /\bUNSUPPORTED_CLIENT\b/, kind: "withdrawn" },
  ...GOOGLE,
  ...OVERFLOW,
  ...REFUSAL,
  ...TROUBLE,
  ...CREDIT,
  ...KEY,
  ...MODEL,
];

interface StatusMeaning {
  /** First and last status, both included. */
  readonly statuses: readonly [number, number];
  readonly kind: FailureKind;
}

/** What a status means when nothing else was said; the first range that holds it decides. */
export const STATUS_MEANINGS: readonly StatusMeaning[] = [
  { statuses: [300, 399], kind: "malformed_answer" },
  { statuses: [401, 401], kind: "rejected" },
  { statuses: [402, 402], kind: "out_of_credit" },
  { statuses: [403, 403], kind: "rejected" },
  { statuses: [404, 404], kind: "unknown_model" },
  // The proxy on the way wants a login.
  { statuses: [407, 407], kind: "connect_failed" },
  { statuses: [408, 409], kind: "server_error" },
  { statuses: [410, 410], kind: "unknown_model" },
  { statuses: [413, 414], kind: "too_large" },
  { statuses: [429, 429], kind: "rate_limited" },
  { statuses: [449, 449], kind: "rate_limited" },
  { statuses: [451, 451], kind: "content_refused" },
  { statuses: [499, 499], kind: "server_error" },
  { statuses: [400, 499], kind: "invalid_request" },
  { statuses: [500, 599], kind: "server_error" },
];

/** The status an error inside a 200 would have had, by its code or type in lower case. */
export const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  invalid_argument: 400,
  failed_precondition: 400,
  authentication_error: 401,
  unauthenticated: 401,
  unauthorized: 401,
  billing_error: 402,
  permission_error: 403,
  permission_denied: 403,
  not_found_error: 404,
  not_found: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  rate_limited: 429,
  too_many_requests: 429,
  too_many_requests_error: 429,
  insufficient_quota: 429,
  resource_exhausted: 429,
  api_error: 500,
  internal: 500,
  server_error: 500,
  unavailable: 503,
  timeout_error: 504,
  deadline_exceeded: 504,
  overloaded_error: 529,
};

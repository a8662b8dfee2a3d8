/** Every provider's own way to word a failure, with a body shaped as that provider sends it. */
import assert from "node:assert/strict";
import { GEMINI_CLI_FAILURES } from "../../tests/support/gemini_cli_failures.ts";
import type { FailureKind } from "../kernel/failure.ts";
import { isObject, type Json } from "../kernel/json.ts";
import { FAILURE_RULES } from "../providers/failure_rules.ts";
import { findRule } from "../providers/failure_match.ts";
import type { FailureRule, ProviderRow } from "../providers/row.ts";
import { readErrorBody } from "../wire/error_body.ts";
import { classifyAnswerError, type ClassifyContext, classifyReply, scopeOf } from "./classify.ts";

const NOW = Date.parse("2026-03-04T05:00:00Z");
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const UTC_MIDNIGHT = 19 * HOUR;
const BEIJING_MIDNIGHT = 11 * HOUR;
const WEEK = 7 * 24 * HOUR;

interface Sample {
  readonly status: number;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly kind: FailureKind;
  readonly retryAfterMs?: number;
}

const openAi = (message: string, code: string | number | null = null, type: string | null = null): Json => ({
  error: { message, type, param: null, code },
});

const ZHIPU: readonly Sample[] = [
  { status: 401, body: openAi("Authentication parameter missing", "1001"), kind: "rejected" },
  { status: 429, body: openAi("The account is locked", "1112"), kind: "rejected" },
  { status: 429, body: openAi("No balance left or no plan, please recharge", "1113"), kind: "out_of_credit" },
  { status: 429, body: { type: "error", error: { type: "1113", message: "No balance left" } }, kind: "out_of_credit" },
  { status: 429, body: openAi("The plan has ended", "1309"), kind: "out_of_credit" },
  { status: 429, body: openAi("Too many calls at once", "1302"), kind: "rate_limited" },
  { status: 429, body: openAi("Calls come too fast", "1303"), kind: "rate_limited" },
  { status: 429, body: openAi("Today's calls are used up", "1304"), kind: "rate_limited", retryAfterMs: BEIJING_MIDNIGHT },
  { status: 429, body: openAi("Busy, try later", "1305"), kind: "server_error" },
  {
    status: 429,
    body: openAi("Usage limit reached. Your limit will reset at 2026-03-04 15:00:00", "1308"),
    kind: "rate_limited",
    retryAfterMs: 2 * HOUR,
  },
  { status: 429, body: openAi("已达到每周使用上限,将在 2026-03-06 13:00:00 重置", "1310"), kind: "rate_limited", retryAfterMs: 48 * HOUR },
  { status: 429, body: openAi("Weekly limit reached", "1310"), kind: "rate_limited", retryAfterMs: HOUR },
  { status: 400, body: openAi("Parameter out of range", "1210"), kind: "invalid_request" },
  { status: 400, body: openAi("No such model here", "1211"), kind: "unknown_model" },
  { status: 403, body: openAi("No right to use this API", "1220"), kind: "model_denied" },
  { status: 400, body: openAi("Prompt too big", "1261"), kind: "context_overflow" },
  { status: 400, body: openAi("Possibly unsafe content", "1301"), kind: "content_refused" },
  { status: 500, body: openAi("Network trouble", "1234"), kind: "server_error" },
];

const MOONSHOT: readonly Sample[] = [
  { status: 401, body: openAi("Incorrect API key provided", null, "incorrect_api_key_error"), kind: "rejected" },
  {
    status: 429,
    body: openAi("Your account is suspended, balance too small", null, "exceeded_current_quota_error"),
    kind: "out_of_credit",
  },
  {
    status: 403,
    body: openAi("Your account is suspended, balance too small", null, "exceeded_current_quota_error"),
    kind: "out_of_credit",
  },
  {
    status: 429,
    body: openAi("Organization reached max RPM: 3, please try again after 1 seconds", null, "rate_limit_reached_error"),
    kind: "rate_limited",
    retryAfterMs: SECOND,
  },
  { status: 429, body: openAi("The engine has too much to do", null, "engine_overloaded_error"), kind: "server_error" },
  { status: 400, body: openAi("High risk", null, "content_filter"), kind: "content_refused" },
  { status: 404, body: openAi("No such model", null, "resource_not_found_error"), kind: "unknown_model" },
];

const base = (code: number, message: string): Json => ({ base_resp: { status_code: code, status_msg: message } });

const MINIMAX: readonly Sample[] = [
  { status: 200, body: base(1000, "unknown error"), kind: "server_error" },
  { status: 200, body: base(1001, "time-out"), kind: "server_error" },
  { status: 200, body: base(1002, "rate limit"), kind: "rate_limited" },
  { status: 200, body: base(1004, "login fail"), kind: "rejected" },
  { status: 200, body: base(1008, "insufficient balance"), kind: "out_of_credit" },
  { status: 200, body: base(1013, "internal"), kind: "server_error" },
  { status: 200, body: base(1026, "input new_sensitive"), kind: "content_refused" },
  { status: 200, body: base(1027, "output new_sensitive"), kind: "content_refused" },
  { status: 200, body: base(1039, "tokens per minute"), kind: "rate_limited" },
  { status: 200, body: base(1041, "connections"), kind: "rate_limited" },
  { status: 200, body: base(2013, "invalid params"), kind: "invalid_request" },
  { status: 400, body: base(2013, "invalid params, context window exceeds limit"), kind: "context_overflow" },
  { status: 200, body: base(2049, "invalid api key"), kind: "rejected" },
  { status: 200, body: base(2056, "plan usage limit"), kind: "rate_limited", retryAfterMs: HOUR },
  { status: 401, body: { type: "error", error: { type: "authorized_error", message: "invalid api key" } }, kind: "rejected" },
];

const DASHSCOPE: readonly Sample[] = [
  { status: 401, body: openAi("Wrong key.", "invalid_api_key", "invalid_request_error"), kind: "rejected" },
  { status: 401, body: openAi("invalid access token or token expired", "invalid_api_key"), kind: "rejected" },
  { status: 400, body: openAi("Access denied, the account has unpaid bills.", "Arrearage", "Arrearage"), kind: "out_of_credit" },
  {
    status: 403,
    body: openAi("The model's free tier is used up.", "AllocationQuota.FreeTierOnly"),
    kind: "rate_limited",
    retryAfterMs: 24 * HOUR,
  },
  { status: 403, body: openAi("Not bought.", "AccessDenied.Unpurchased"), kind: "rejected" },
  { status: 429, body: openAi("Requests come too fast", "Throttling.RateQuota"), kind: "rate_limited" },
  {
    status: 429,
    body: openAi("Allocated quota exceeded, please increase it.", "insufficient_quota", "insufficient_quota"),
    kind: "rate_limited",
  },
  { status: 429, body: openAi("Burst", "Throttling.BurstRate"), kind: "rate_limited" },
  { status: 400, body: openAi("Input may be inappropriate", "data_inspection_failed"), kind: "content_refused" },
];

const MISTRAL: readonly Sample[] = [
  {
    status: 429,
    body: { object: "error", message: "Rate limit exceeded", type: "rate_limited", param: null, code: "1300" },
    kind: "rate_limited",
  },
  { status: 429, body: { message: "Requests rate limit exceeded" }, kind: "rate_limited" },
  { status: 429, body: { object: "error", message: "Busy", type: "capacity", code: "3505" }, kind: "server_error" },
  { status: 429, body: { object: "error", message: "Service tier capacity exceeded for this model.", code: null }, kind: "server_error" },
  { status: 403, body: { detail: "m-1 is not available in your subscription tier" }, kind: "model_denied" },
  { status: 400, body: { object: "error", message: "Invalid model: m-1", type: "invalid_model" }, kind: "unknown_model" },
  { status: 401, body: { message: "Unauthorized" }, kind: "rejected" },
  { status: 401, body: { detail: "Unauthorized" }, kind: "rejected" },
  {
    status: 422,
    body: { detail: [{ type: "extra_forbidden", loc: ["body", "store"], msg: "Extra inputs are not permitted" }] },
    kind: "invalid_request",
  },
];

const OPENROUTER: readonly Sample[] = [
  { status: 401, body: openAi("User not found.", 401), kind: "rejected" },
  { status: 402, body: openAi("This needs more credits, or fewer max_tokens. You can only afford 20", 402), kind: "out_of_credit" },
  {
    status: 402,
    body: { error: { code: 402, message: "Too much in flight", metadata: { limit_source: "openrouter_in_flight_budget" } } },
    headers: { "retry-after": "5" },
    kind: "rate_limited",
    retryAfterMs: 5 * SECOND,
  },
  {
    status: 403,
    body: { error: { code: 403, message: "Needs moderation", metadata: { reasons: ["violence"] } } },
    kind: "content_refused",
  },
  { status: 403, body: openAi("Key limit exceeded (total limit)", 403), kind: "out_of_credit" },
  {
    status: 429,
    body: {
      error: {
        code: 429,
        message: "Rate limit exceeded: free-models-per-day. Add credits to unlock more",
        metadata: { headers: { "X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(NOW + 2 * HOUR) } },
      },
    },
    kind: "rate_limited",
    retryAfterMs: 2 * HOUR,
  },
  { status: 429, body: openAi("Rate limit exceeded: free-models-per-day", 429), kind: "rate_limited", retryAfterMs: UTC_MIDNIGHT },
  { status: 429, body: openAi("Rate limit exceeded: free-models-per-min", 429), kind: "rate_limited" },
  {
    status: 429,
    body: { error: { code: 429, message: "Provider returned error", metadata: { raw: "m-1 is busy upstream", provider_name: "Someone" } } },
    kind: "server_error",
  },
  {
    status: 429,
    body: { error: { code: 429, message: "Upstream said no", metadata: { provider_name: "Someone" } } },
    kind: "server_error",
  },
  { status: 404, body: openAi("No endpoints found for m-1.", 404), kind: "unknown_model" },
  { status: 404, body: openAi("No endpoints found that support tool use.", 404), kind: "invalid_request" },
  { status: 408, body: openAi("Timed out", 408), kind: "server_error" },
  { status: 502, body: openAi("Provider returned error", 502), kind: "server_error" },
  { status: 503, body: openAi("No provider fits", 503), kind: "server_error" },
  { status: 200, body: { error: { code: 502, message: "Provider disconnected" } }, kind: "server_error" },
  {
    status: 200,
    body: { error: { code: 429, message: "Provider returned error", metadata: { provider_name: "Someone" } } },
    kind: "server_error",
  },
];

const cloudflare = (code: number, message: string): Json => ({ success: false, errors: [{ code, message }], messages: [], result: null });

const CLOUDFLARE: readonly Sample[] = [
  { status: 400, body: cloudflare(10000, "Authentication error"), kind: "rejected" },
  { status: 429, body: cloudflare(4006, "daily allocation is gone"), kind: "rate_limited", retryAfterMs: UTC_MIDNIGHT },
  {
    status: 429,
    body: openAi("you have used up your daily free allocation of 10,000 neurons"),
    kind: "rate_limited",
    retryAfterMs: UTC_MIDNIGHT,
  },
  { status: 429, body: cloudflare(3040, "Capacity temporarily exceeded"), kind: "server_error" },
  { status: 400, body: cloudflare(5007, "No such model @cf/x"), kind: "unknown_model" },
  { status: 400, body: cloudflare(5021, "tokens exceed the limit"), kind: "context_overflow" },
  { status: 413, body: cloudflare(1, "too long"), kind: "context_overflow" },
  { status: 403, body: cloudflare(5016, "You must agree to the model's license first"), kind: "model_denied" },
];

const SILICONFLOW: readonly Sample[] = [
  { status: 401, body: { code: 30014, message: "Token is invalid", data: null }, kind: "rejected" },
  { status: 400, body: { code: 20012, message: "Model does not exist. Please check it carefully.", data: null }, kind: "unknown_model" },
];

const OPENCODE: readonly Sample[] = [
  { status: 401, body: { type: "error", error: { type: "AuthError", message: "Missing API key." } }, kind: "rejected" },
  {
    status: 429,
    body: openAi("Monthly usage limit reached. Resets in 13 days"),
    headers: { "x-ratelimit-remaining-requests": "0" },
    kind: "rate_limited",
    retryAfterMs: WEEK,
  },
  { status: 429, body: openAi("Weekly usage limit reached."), kind: "rate_limited", retryAfterMs: HOUR },
  { status: 429, body: openAi("The organization has used its quota", "organization_quota_exceeded"), kind: "out_of_credit" },
];

const OLLAMA: readonly Sample[] = [
  { status: 403, body: { error: "this model requires a subscription, upgrade for access" }, kind: "model_denied" },
  { status: 429, body: { error: "you have reached your hourly usage limit" }, kind: "rate_limited", retryAfterMs: HOUR },
  { status: 410, body: { error: "model is gone" }, kind: "unknown_model" },
  { status: 404, body: { error: 'model "x" not found, try pulling it first' }, kind: "unknown_model" },
  { status: 400, body: { error: '"m-1" does not support tools' }, kind: "invalid_request" },
  { status: 503, body: { error: "server busy, please try again" }, kind: "server_error" },
];

const STEPFUN: readonly Sample[] = [
  { status: 401, body: openAi("Incorrect API key provided", null, "invalid_api_key"), kind: "rejected" },
  { status: 402, body: openAi("Recharge first"), kind: "out_of_credit" },
  { status: 451, body: openAi("Reviewed and refused"), kind: "content_refused" },
  { status: 503, body: openAi("Overloaded"), kind: "server_error" },
];

const SAMPLES: Readonly<Record<string, readonly Sample[]>> = {
  openai: [
    { status: 401, body: openAi("Incorrect API key provided: ab***yz.", "invalid_api_key", "invalid_request_error"), kind: "rejected" },
    {
      status: 429,
      body: openAi("Rate limit reached on requests per min. Please try again in 20s.", "rate_limit_exceeded", "requests"),
      kind: "rate_limited",
      retryAfterMs: 20 * SECOND,
    },
    {
      status: 429,
      body: openAi("Slow down", "slow_down"),
      headers: { "retry-after-ms": "2900" },
      kind: "rate_limited",
      retryAfterMs: 2_900,
    },
    {
      status: 429,
      body: openAi("Please check your plan and billing details.", "insufficient_quota", "insufficient_quota"),
      kind: "out_of_credit",
    },
    { status: 503, body: openAi("That model is overloaded", "server_is_overloaded"), kind: "server_error" },
    { status: 400, body: openAi("Use 'max_completion_tokens' instead.", "unsupported_parameter"), kind: "invalid_request" },
  ],
  openrouter: OPENROUTER,
  groq: [
    { status: 401, body: openAi("Invalid API Key", "invalid_api_key"), kind: "rejected" },
    {
      status: 429,
      body: openAi(
        "Rate limit reached for model `m-1` on tokens per day (TPD): Limit 100000. Please try again in 9m38.016s.",
        "rate_limit_exceeded",
        "tokens",
      ),
      kind: "rate_limited",
      retryAfterMs: 578_016,
    },
    {
      status: 429,
      body: openAi("Rate limit reached on requests per day (RPD)", "rate_limit_exceeded"),
      kind: "rate_limited",
      retryAfterMs: UTC_MIDNIGHT,
    },
    {
      status: 429,
      body: openAi("Rate limit reached on tokens per minute (TPM)", "rate_limit_exceeded"),
      headers: {
        "x-ratelimit-remaining-requests": "900",
        "x-ratelimit-reset-requests": "2m59.56s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "7.66s",
      },
      kind: "rate_limited",
      retryAfterMs: 7_660,
    },
    {
      status: 413,
      body: openAi("Request too large on tokens per minute (TPM): Limit 6000, Requested 9000", "rate_limit_exceeded"),
      kind: "context_overflow",
    },
    { status: 498, body: openAi("Flex tier capacity exceeded"), kind: "server_error" },
    { status: 400, body: openAi("It was taken down", "model_decommissioned"), kind: "unknown_model" },
    { status: 400, body: openAi("The organization may not call", "organization_restricted"), kind: "rejected" },
    {
      status: 400,
      body: { error: { message: "Bad call", code: "tool_use_failed", failed_generation: "<tool>" } },
      kind: "invalid_request",
    },
    { status: 400, body: openAi("Bad JSON", "json_validate_failed"), kind: "invalid_request" },
  ],
  mistral: MISTRAL,
  codestral: MISTRAL,
  deepseek: [
    { status: 401, body: openAi("Authentication Fails (governor)", "invalid_request_error", "authentication_error"), kind: "rejected" },
    { status: 402, body: openAi("Insufficient Balance", "invalid_request_error", "unknown_error"), kind: "out_of_credit" },
    {
      status: 400,
      body: openAi("The supported API model names are a, b", "invalid_request_error", "invalid_request_error"),
      kind: "unknown_model",
    },
    { status: 422, body: openAi("temperature out of range", "invalid_request_error"), kind: "invalid_request" },
  ],
  xai: [
    { status: 400, body: { code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***z." }, kind: "rejected" },
    { status: 403, body: { code: "No permission", error: "Your newly created team doesn't have any credits yet." }, kind: "out_of_credit" },
    {
      status: 429,
      body: { code: "Exhausted", error: "Your team has used all available credits or reached its monthly spending limit." },
      kind: "out_of_credit",
    },
    { status: 429, body: { code: "Exhausted", error: "Too many requests for team" }, kind: "rate_limited" },
    { status: 404, body: { code: "Not found", error: "No such model for the team" }, kind: "unknown_model" },
    {
      status: 400,
      body: { code: "Client specified an invalid argument", error: "presencePenalty is not supported by this model" },
      kind: "invalid_request",
    },
  ],
  together_ai: [
    {
      status: 401,
      body: { id: "a", error: { message: "Bad key", type: "invalid_request_error", code: "invalid_api_key" } },
      kind: "rejected",
    },
    { status: 402, body: { id: "a", error: { message: "Pay first", type: "credit_limit" } }, kind: "out_of_credit" },
    { status: 429, body: { id: "a", error: { message: "Pay first", type: "credit_limit" } }, kind: "out_of_credit" },
    { status: 429, body: { id: "a", error: { message: "60 queries per minute", type: "model_rate_limit" } }, kind: "rate_limited" },
    {
      status: 403,
      body: { error: { message: "Input token count + max_tokens must be less than the context length" } },
      kind: "context_overflow",
    },
    { status: 403, body: { error: { message: "Forbidden" } }, kind: "rejected" },
    {
      status: 400,
      body: { error: { message: "Unable to access non-serverless model m-1. Create a dedicated endpoint." } },
      kind: "unknown_model",
    },
    { status: 503, body: { error: { message: "Overloaded" } }, kind: "server_error" },
  ],
  fireworks_ai: [
    { status: 401, body: { error: "unauthorized" }, kind: "rejected" },
    {
      status: 403,
      body: { error: { object: "error", type: "invalid_request_error", message: "The API key is invalid." } },
      kind: "rejected",
    },
    { status: 412, body: { error: { code: "PRECONDITION_FAILED", message: "Account is suspended" } }, kind: "out_of_credit" },
    { status: 429, body: { error: "Too Many Requests" }, kind: "rate_limited" },
    {
      status: 429,
      body: { fault: { faultstring: "Rate limit quota violation", detail: { errorcode: "policies.ratelimit" } } },
      kind: "rate_limited",
    },
    { status: 404, body: openAi("Model not found, inaccessible, and/or not deployed", "NOT_FOUND"), kind: "unknown_model" },
  ],
  cerebras: [
    {
      status: 401,
      body: { message: "Wrong API Key", type: "invalid_request_error", param: "api_key", code: "wrong_api_key" },
      kind: "rejected",
    },
    {
      status: 429,
      body: { message: "Quota for requests exceeded", type: "too_many_requests_error", param: "quota", code: "request_quota_exceeded" },
      headers: { "x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": "33011.38" },
      kind: "rate_limited",
      retryAfterMs: 33_011_380,
    },
    {
      status: 429,
      body: { message: "Insufficient quota of tokens", type: "too_many_requests_error", code: "token_quota_exceeded" },
      kind: "rate_limited",
    },
    { status: 429, body: { message: "Queue is full", type: "too_many_requests_error", code: "queue_exceeded" }, kind: "server_error" },
    { status: 429, body: { message: "We're experiencing high traffic right now!" }, kind: "server_error" },
    { status: 402, body: { message: "Pay", type: "payment_required_error", code: "payment_required" }, kind: "out_of_credit" },
    { status: 404, body: { message: "No such model", type: "not_found_error", code: "model_not_found" }, kind: "unknown_model" },
    { status: 400, body: "", kind: "context_overflow" },
    { status: 413, body: "", kind: "context_overflow" },
  ],
  nvidia_nim: [
    { status: 403, body: { status: 403, title: "Forbidden", detail: "Authorization failed" }, kind: "rejected" },
    { status: 429, body: { status: 429, title: "Too Many Requests" }, kind: "rate_limited" },
    { status: 404, body: { status: 404, title: "Not Found", detail: "Function '0a1b': Not found for account 'x'" }, kind: "model_denied" },
    {
      status: 400,
      body: { status: 400, title: "Bad Request", detail: "Function id '0a1b': DEGRADED function cannot be invoked" },
      kind: "server_error",
    },
    { status: 410, body: { status: 410, title: "Gone", detail: "The model has reached its end of life" }, kind: "unknown_model" },
    { status: 402, body: { status: 402, title: "Payment Required", detail: "Credits expired" }, kind: "out_of_credit" },
  ],
  cohere: [
    { status: 401, body: { id: "a", message: "invalid api token" }, kind: "rejected" },
    {
      status: 429,
      body: { message: "You are using a Trial key, which is limited to 1000 API calls / month." },
      kind: "rate_limited",
      retryAfterMs: 24 * HOUR,
    },
    { status: 429, body: { message: "You are using a Trial key, which is limited to 20 API calls / minute." }, kind: "rate_limited" },
  ],
  perplexity: [
    { status: 401, body: "<html>\r\n<head><title>401 Authorization Required</title></head></html>", kind: "rejected" },
    { status: 400, body: openAi("user and assistant must alternate", 400, "invalid_message"), kind: "invalid_request" },
  ],
  deepinfra: [
    { status: 401, body: { detail: { error: "invalid api key" } }, kind: "rejected" },
    { status: 402, body: { detail: { error: "inference prohibited, balance" } }, kind: "out_of_credit" },
    { status: 429, body: { detail: { error: "Model busy, retry later" } }, kind: "server_error" },
    { status: 429, body: openAi("Too many concurrent requests"), kind: "rate_limited" },
    { status: 422, body: { detail: [{ loc: ["body", "n"], msg: "too big", type: "value_error" }] }, kind: "invalid_request" },
  ],
  sambanova: [
    { status: 401, body: openAi("Invalid key", "invalid_api_key"), kind: "rejected" },
    { status: 402, body: openAi("Add a card", "PAYMENT_METHOD_REQUIRED"), kind: "out_of_credit" },
    { status: 429, body: openAi("The service is currently experiencing high demand"), kind: "server_error" },
    { status: 429, body: openAi("Requests per minute exceeded"), kind: "rate_limited" },
    { status: 410, body: openAi("Removed"), kind: "unknown_model" },
  ],
  chutes: [
    {
      status: 402,
      body: { detail: { message: "Quota exceeded and account balance is $0.0, please pay with fiat" } },
      kind: "out_of_credit",
      retryAfterMs: UTC_MIDNIGHT,
    },
    { status: 429, body: { detail: "Infrastructure is at maximum capacity, try again later" }, kind: "server_error" },
    { status: 429, body: { detail: "Too many requests" }, kind: "rate_limited" },
    { status: 503, body: { detail: "No instances are ready" }, kind: "server_error" },
  ],
  moonshot: MOONSHOT,
  "moonshot-cn": MOONSHOT,
  "kimi-for-coding": [
    { status: 402, body: openAi("A membership is needed"), kind: "out_of_credit" },
    { status: 403, body: openAi("You've reached your usage limit for this billing cycle."), kind: "out_of_credit" },
    { status: 403, body: openAi("Kimi For Coding is only available for Coding Agents"), kind: "rejected" },
  ],
  zai: ZHIPU,
  "zai-coding-plan": ZHIPU,
  zhipuai: ZHIPU,
  "zhipuai-coding-plan": ZHIPU,
  minimax: MINIMAX,
  "minimax-cn": MINIMAX,
  dashscope: DASHSCOPE,
  "alibaba-cn": DASHSCOPE,
  "alibaba-coding-plan": DASHSCOPE,
  "alibaba-coding-plan-cn": DASHSCOPE,
  "alibaba-token-plan": DASHSCOPE,
  "alibaba-token-plan-cn": DASHSCOPE,
  huggingface: [
    { status: 401, body: { error: "Invalid username or password." }, kind: "rejected" },
    { status: 402, body: { error: "You have exceeded your monthly included credits" }, kind: "out_of_credit" },
    { status: 400, body: openAi("The requested model 'm-1' is not supported by any provider you have enabled."), kind: "model_denied" },
  ],
  github: [
    { status: 401, body: openAi("Bad credentials", "unauthorized"), kind: "rejected" },
    { status: 403, body: openAi("No access to model: m-1", "no_access"), kind: "model_denied" },
    { status: 400, body: openAi("Unknown model: m-1", "unknown_model"), kind: "unknown_model" },
    { status: 404, body: openAi("Unknown model: m-1", "unknown_model"), kind: "unknown_model" },
    {
      status: 413,
      body: openAi("Request body too large for m-1. Max size: 8000 tokens.", "tokens_limit_reached"),
      kind: "context_overflow",
    },
    {
      status: 429,
      body: openAi(
        "Rate limit of 150 per 86400s exceeded for UserByModelByDay. Please wait 24367 seconds before retrying.",
        "RateLimitReached",
      ),
      kind: "rate_limited",
      retryAfterMs: 24_367 * SECOND,
    },
    {
      status: 429,
      body: openAi("Limit exceeded for UserByModelByDay", "RateLimitReached"),
      kind: "rate_limited",
      retryAfterMs: UTC_MIDNIGHT,
    },
    { status: 429, body: openAi("Limit exceeded for UserConcurrentRequests", "RateLimitReached"), kind: "rate_limited" },
  ],
  cloudflare: CLOUDFLARE,
  novita: [
    { status: 401, body: { code: 401, reason: "FAILED_TO_AUTH", message: "failed to authenticate" }, kind: "rejected" },
    { status: 404, body: { code: 404, reason: "MODEL_NOT_FOUND", message: "model not found" }, kind: "unknown_model" },
    {
      status: 400,
      body: { code: 400, reason: "INVALID", message: "model m-1 does not support 'json_schema' response format" },
      kind: "invalid_request",
    },
  ],
  friendliai: [
    { status: 401, body: { detail: "Unauthorized. Please provide a valid credential." }, kind: "rejected" },
    { status: 404, body: { detail: "Model 'm-1' not found." }, kind: "unknown_model" },
    { status: 422, body: { detail: "tools and response_format cannot be combined" }, kind: "invalid_request" },
  ],
  nebius: [
    { status: 401, body: { detail: "Couldn't authenticate. Reason: token is not present" }, kind: "rejected" },
    { status: 402, body: { detail: "The budget is used up" }, kind: "out_of_credit" },
    { status: 429, body: { detail: "Slow down" }, headers: { "retry-after": "7" }, kind: "rate_limited", retryAfterMs: 7 * SECOND },
  ],
  baseten: [{ status: 403, body: { error: "please check the api-key you provided" }, kind: "rejected" }],
  reka: [
    { status: 401, body: openAi("Unauthorized", null, "authentication_error"), kind: "rejected" },
    { status: 400, body: openAi("P001: Insufficient Balance"), kind: "out_of_credit" },
  ],
  upstage: [
    { status: 401, body: openAi("No such key", "invalid_api_key"), kind: "rejected" },
    { status: 400, body: openAi("The requested model is invalid or no longer supported."), kind: "unknown_model" },
  ],
  mancer: [
    { status: 402, body: { error: { type: "CANT_AFFORD", message: "Too few credits" } }, kind: "out_of_credit" },
    { status: 400, body: { error: { type: "CANT_AFFORD", message: "Too few credits" } }, kind: "out_of_credit" },
    { status: 400, body: { error: { type: "BAD_PARAMETERS", message: "tools" } }, kind: "invalid_request" },
  ],
  "wafer.ai": [{ status: 401, body: openAi("No key", "missing_api_key"), kind: "rejected" }],
  "prime-intellect": [
    { status: 401, body: { detail: "Authorization header or x-api-key missing" }, kind: "rejected" },
    { status: 402, body: { detail: { code: "insufficient_funds", message: "Top up" } }, kind: "out_of_credit" },
  ],
  ai21: [{ status: 400, body: { detail: "Bad request: bad or missing authentication." }, kind: "rejected" }],
  atlascloud: [
    { status: 401, body: { code: 401, msg: "unauthorized", request_id: "r", data: null }, kind: "rejected" },
    { status: 429, body: { code: 429, msg: "slow down", request_id: "r", data: null }, kind: "rate_limited" },
  ],
  aion: [{ status: 524, body: "<html><head><title>aion | 524: A timeout occurred</title></head></html>", kind: "server_error" }],
  ovhcloud: [
    { status: 403, body: { message: "Authentication Failed" }, kind: "rejected" },
    { status: 429, body: { message: "Rate limit exceeded" }, kind: "rate_limited" },
  ],
  scaleway: [
    { status: 401, body: { message: "header missing" }, kind: "rejected" },
    { status: 403, body: { message: "insufficient permissions" }, kind: "rejected" },
    { status: 422, body: openAi("The model m-1 is not known"), kind: "unknown_model" },
    { status: 422, body: openAi("n must be 1"), kind: "invalid_request" },
    { status: 429, body: { message: "Too Many Tokens" }, kind: "rate_limited" },
  ],
  crusoe: [
    { status: 401, body: { errors: ["Authentication failed"] }, kind: "rejected" },
    { status: 429, body: { errors: ["Busy"] }, kind: "rate_limited" },
    { status: 503, body: { errors: ["Busy"] }, kind: "server_error" },
  ],
  sarvam: [{ status: 403, body: openAi("Invalid key", "invalid_api_key_error"), kind: "rejected" }],
  stepfun: STEPFUN,
  "stepfun-ai": STEPFUN,
  siliconflow: SILICONFLOW,
  "siliconflow-cn": SILICONFLOW,
  "pareto-inference": [
    { status: 429, body: openAi("Nothing left", "credit_exhausted"), kind: "out_of_credit" },
    { status: 429, body: openAi("Not enough left", "credit_insufficient"), headers: { "retry-after": "3" }, kind: "out_of_credit" },
    {
      status: 429,
      body: openAi("Full", "model_capacity"),
      headers: { "retry-after": "3" },
      kind: "server_error",
      retryAfterMs: 3 * SECOND,
    },
  ],
  aihubmix: [
    { status: 403, body: openAi("The user's quota is not enough", "insufficient_user_quota"), kind: "out_of_credit" },
    { status: 404, body: openAi("Retired", "model_retired"), kind: "unknown_model" },
  ],
  aiand: [{ status: 402, body: openAi("Balance is zero"), kind: "out_of_credit" }],
  inception: [{
    status: 404,
    body: { error: { message: [{ loc: ["body", "model"], msg: "unknown", type: "value_error" }] } },
    kind: "unknown_model",
  }],
  "nano-gpt": [{ status: 402, body: openAi("Insufficient balance"), kind: "out_of_credit" }],
  zenmux: [
    { status: 402, body: openAi("Empty", "insufficient_credit"), kind: "out_of_credit" },
    { status: 429, body: openAi("Plan used up", "quote_exceeded"), kind: "out_of_credit" },
    { status: 403, body: openAi("No", "access_denied"), kind: "rejected" },
  ],
  opencode: OPENCODE,
  "opencode-go": OPENCODE,
  digitalocean: [
    {
      status: 429,
      body: openAi("tokens-per-minute exceeded"),
      headers: { "x-ratelimit-reset-tokens-per-minute": String(NOW / SECOND + 40), "x-ratelimit-remaining-tokens-per-minute": "0" },
      kind: "rate_limited",
      retryAfterMs: 40 * SECOND,
    },
  ],
  ollama: OLLAMA,
  "ollama-cloud": OLLAMA,
  featherless_ai: [{ status: 403, body: openAi("The model is gated, link your account first"), kind: "model_denied" }],
  modelscope: [{ status: 429, body: openAi("insufficient balance (1008)"), kind: "unknown_model" }],
  hosted_vllm: [
    {
      status: 404,
      body: { object: "error", message: "The model `x` does not exist.", type: "NotFoundError", param: null, code: 404 },
      kind: "unknown_model",
    },
    {
      status: 400,
      body: { object: "error", message: "This model's maximum context length is 4096 tokens.", type: "BadRequestError", code: 400 },
      kind: "context_overflow",
    },
  ],
  llamacpp: [
    { status: 503, body: openAi("Loading model", 503, "unavailable_error"), kind: "server_error" },
    {
      status: 400,
      body: { error: { code: 400, message: "too many tokens", type: "exceed_context_size_error", n_prompt_tokens: 9, n_ctx: 8 } },
      kind: "context_overflow",
    },
  ],
  lm_studio: [
    { status: 404, body: { error: { message: "No models loaded. Please load a model in the developer page." } }, kind: "server_error" },
    { status: 400, body: { error: "The number of tokens to keep is greater than the context length" }, kind: "context_overflow" },
  ],
  anthropic: [
    {
      status: 400,
      body: {
        type: "error",
        error: { type: "invalid_request_error", message: "This credential is only authorized for use with Claude Code." },
      },
      kind: "withdrawn",
    },
    { status: 529, body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, kind: "server_error" },
  ],
  qwen_code: [
    { status: 429, body: openAi("The free tier has been discontinued"), kind: "withdrawn" },
    {
      status: 429,
      body: openAi("Free tier quota exceeded.\nThe Qwen OAuth free tier was discontinued upstream", "insufficient_quota"),
      kind: "withdrawn",
    },
    { status: 429, body: openAi("Free allocated quota exceeded.", "insufficient_quota"), kind: "rate_limited", retryAfterMs: HOUR },
    { status: 403, body: openAi("Free allocated quota exceeded.", "insufficient_quota"), kind: "rate_limited", retryAfterMs: HOUR },
    { status: 429, body: openAi("Requests throttling triggered", "Throttling.RateQuota"), kind: "rate_limited" },
    { status: 429, body: openAi("Request rate increased too quickly"), kind: "rate_limited" },
    { status: 401, body: openAi("invalid access token or token expired", "invalid_api_key"), kind: "rejected" },
    { status: 400, body: openAi("Input data may contain inappropriate content", "data_inspection_failed"), kind: "content_refused" },
    { status: 400, body: openAi("temperature is out of range", "invalid_parameter_error"), kind: "invalid_request" },
    { status: 504, body: "stream timeout", kind: "server_error" },
  ],
  iflow: [
    { status: 200, body: { status: "439", msg: "Your token has expired", body: null }, kind: "rejected" },
    { status: 200, body: { status: "434", msg: "The key is blocked", body: null }, kind: "rejected" },
    { status: 400, body: { status: 434, msg: "The key is blocked", body: null }, kind: "rejected" },
    { status: 200, body: { code: 90402, message: "No such key" }, kind: "rejected" },
    { status: 200, body: { status: "449", msg: "Over the rate", body: null }, kind: "rate_limited", retryAfterMs: 5 * SECOND },
    { status: 449, body: { status: "449", msg: "Over the rate", body: null }, kind: "rate_limited", retryAfterMs: 5 * SECOND },
    { status: 200, body: { status: 514, msg: "Something else", body: null }, kind: "server_error" },
    { status: 200, body: { status: "406", msg: "Cannot stream", body: null }, kind: "server_error" },
    { status: 200, body: { status: "400", msg: "Bad parameter", body: null }, kind: "invalid_request" },
    { status: 403, body: { message: "Forbidden" }, kind: "server_error" },
    { status: 401, body: { message: "Unauthorized" }, kind: "rejected" },
    { status: 406, body: { message: "Not acceptable" }, kind: "invalid_request" },
    { status: 200, body: { status: 435, msg: "Model not supported", body: null }, kind: "model_denied" },
    { status: 200, body: { code: 60400, message: "Credits are used up" }, kind: "out_of_credit" },
  ],
  gemini_cli: GEMINI_CLI_FAILURES,
};

function contextOf(provider: string): ClassifyContext {
  const row: ProviderRow = {
    id: provider,
    name: provider,
    prefixes: [provider.toUpperCase()],
    protocol: "openai",
    baseUrl: "https://api.example.com/v1",
    listing: null,
    auth: { kind: "bearer" },
    operations: ["chat"],
  };
  return { row, model: "m-1", now: NOW };
}

function classify(provider: string, { status, body, headers = {} }: Sample) {
  const context = contextOf(provider);
  if (status === 200 && isObject(body)) return classifyAnswerError(body, { ...context, headers });
  return classifyReply({ status, headers, body: textOf(body) }, context);
}

function textOf(body: Json): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

function decidingRule(provider: string, { status, body }: Sample): FailureRule | undefined {
  const text = textOf(body);
  const { message, code, type } = readErrorBody(text);
  const codes = [code, type].filter((name) => name !== undefined).map((name) => name.toLowerCase());
  return findRule(FAILURE_RULES[provider] ?? [], { statuses: [status], codes, message, body: text, hasShortWait: false });
}

for (const [provider, samples] of Object.entries(SAMPLES)) {
  Deno.test(`reads the failures of ${provider}`, () => {
    for (const sample of samples) {
      const made = classify(provider, sample);
      assert.deepEqual(
        { kind: made?.kind, scope: made?.scope, retryAfterMs: made?.retryAfterMs },
        { kind: sample.kind, scope: scopeOf(sample.kind), retryAfterMs: sample.retryAfterMs },
        `${sample.status} ${textOf(sample.body)}`,
      );
    }
  });
}

Deno.test("every rule of every provider decides at least one sample", () => {
  for (const [provider, rules] of Object.entries(FAILURE_RULES)) {
    const deciding = new Set(Object.entries(SAMPLES).flatMap(([id, samples]) => samples.map((sample) => decidingRule(id, sample))));
    for (const rule of rules) assert.ok(deciding.has(rule), `${provider}: ${JSON.stringify(rule)} ${rule.text} ${rule.body}`);
    assert.ok(provider in SAMPLES, provider);
  }
});

Deno.test("a blocked key is refused for good, an expired one is not", () => {
  const made = (status: string) => classify("iflow", { status: 200, body: { status, msg: "No", body: null }, kind: "rejected" });
  assert.equal(made("434")?.isLasting, true);
  assert.equal(made("439")?.isLasting, undefined);
});

Deno.test("tells the user what is probably wrong", () => {
  const made = classify("zai", { status: 429, body: openAi("No balance left.", "1113"), kind: "out_of_credit" });
  assert.equal(
    made?.message,
    "zai answered 429 for m-1: No balance left. A coding-plan key works only with the coding-plan provider, a prepaid key only with the plain one.",
  );
});

/**
 * How single providers word their failures where that differs from the general rules, by provider id.
 * Data only: the first rule that holds decides, and each one is held by a test with a real-shaped body.
 */
import type { FailureRule } from "./row.ts";

const HOUR_MS = 3_600_000;

/** OpenAI-compatible and Anthropic-compatible routes of Zhipu share numeric codes; nearly all come with status 429. */
const ZHIPU: readonly FailureRule[] = [
  { code: ["1000", "1001", "1002", "1003", "1004", "1005", "1112", "1121"], kind: "rejected" },
  {
    code: ["1113"],
    kind: "out_of_credit",
    advice: "A coding-plan key works only with the coding-plan provider, a prepaid key only with the plain one.",
  },
  { code: ["1309"], kind: "out_of_credit" },
  { code: ["1304"], kind: "rate_limited", rest: { untilMidnight: "Asia/Shanghai" } },
  { code: ["1308", "1310"], kind: "rate_limited", rest: { forMs: HOUR_MS } },
  { code: ["1302", "1303"], kind: "rate_limited" },
  { code: ["1305", "1234"], kind: "server_error" },
  { code: ["1211"], kind: "unknown_model" },
  { code: ["1220"], kind: "model_denied" },
  { code: ["1261"], kind: "context_overflow" },
  { code: ["1301"], kind: "content_refused" },
  { code: ["1210"], kind: "invalid_request" },
];

const MOONSHOT: readonly FailureRule[] = [
  {
    status: [401],
    kind: "rejected",
    advice: "Keys of the international and the Chinese platform are separate: the key may belong to the other one.",
  },
  { code: ["exceeded_current_quota_error"], kind: "out_of_credit" },
  { code: ["rate_limit_reached_error"], kind: "rate_limited" },
  { code: ["engine_overloaded_error"], kind: "server_error" },
];

/** Codes of `base_resp`, mostly with status 200. */
const MINIMAX: readonly FailureRule[] = [
  { code: ["2013"], text: /context window/i, kind: "context_overflow" },
  { code: ["2013"], kind: "invalid_request" },
  { code: ["1002", "1039", "1041"], kind: "rate_limited" },
  { code: ["2056"], kind: "rate_limited", rest: { forMs: HOUR_MS } },
  {
    code: ["1004", "2049", "authorized_error"],
    kind: "rejected",
    advice: "Token-plan keys and pay-as-you-go keys are not interchangeable.",
  },
  { code: ["1008"], kind: "out_of_credit" },
  { code: ["1026", "1027"], kind: "content_refused" },
  { code: ["1000", "1001", "1013"], kind: "server_error" },
];

/** "quota" in an answer of these services is a rate, unless it is the free tier's. */
const DASHSCOPE: readonly FailureRule[] = [
  { code: ["AllocationQuota.FreeTierOnly"], kind: "rate_limited", rest: { forMs: 24 * HOUR_MS } },
  { code: ["Arrearage"], kind: "out_of_credit" },
  {
    status: [429],
    code: ["Throttling", "Throttling.RateQuota", "Throttling.AllocationQuota", "Throttling.BurstRate", "insufficient_quota"],
    kind: "rate_limited",
  },
  {
    status: [401],
    text: /invalid access token or token expired/i,
    kind: "rejected",
    advice: "A coding-plan key works only with the coding-plan provider, other keys only with the plain one.",
  },
];

const MISTRAL: readonly FailureRule[] = [
  { status: [429, 503], code: ["3505"], kind: "server_error" },
  { status: [429, 503], text: /service tier capacity exceeded/i, kind: "server_error" },
  { status: [403], text: /not available in your subscription tier/i, kind: "model_denied" },
  { status: [400, 422], text: /^invalid model/i, kind: "unknown_model" },
];

const SILICONFLOW: readonly FailureRule[] = [
  { code: ["30014"], kind: "rejected" },
  { code: ["20012"], kind: "unknown_model" },
];

const STEPFUN: readonly FailureRule[] = [{ status: [451], kind: "content_refused" }];

const OPENCODE: readonly FailureRule[] = [
  { code: ["organization_quota_exceeded"], kind: "out_of_credit" },
  { status: [429], text: /usage limit reached/i, kind: "rate_limited", rest: { forMs: HOUR_MS } },
];

const OLLAMA: readonly FailureRule[] = [
  { status: [403], text: /requires a subscription/i, kind: "model_denied" },
  { status: [429], text: /(?:hourly|weekly) usage/i, kind: "rate_limited", rest: { forMs: HOUR_MS } },
];

const OPENROUTER: readonly FailureRule[] = [
  { status: [402], body: /"openrouter_in_flight_budget"/, kind: "rate_limited" },
  { status: [403], body: /"reasons"\s*:\s*\[/, kind: "content_refused" },
  { status: [403], text: /limit exceeded/i, kind: "out_of_credit" },
  { status: [429], text: /free-models-per-day/i, kind: "rate_limited", rest: { untilMidnight: "UTC" } },
  { status: [429], text: /^provider returned error/i, kind: "server_error" },
  { status: [429], body: /"provider_name"\s*:/, kind: "server_error" },
  // No endpoint fits what this request asks for: the model itself is there.
  { status: [404], text: /no endpoints found that (?:support|can handle)/i, kind: "invalid_request" },
];

const CLOUDFLARE: readonly FailureRule[] = [
  { code: ["10000"], kind: "rejected" },
  { code: ["4006"], kind: "rate_limited", rest: { untilMidnight: "UTC" } },
  { text: /daily free allocation/i, kind: "rate_limited", rest: { untilMidnight: "UTC" } },
  { code: ["3036", "3040"], kind: "server_error" },
  { code: ["5007"], kind: "unknown_model" },
  { code: ["5021"], kind: "context_overflow" },
  { status: [413], kind: "context_overflow" },
  { status: [403], text: /licen[cs]e|\bagree/i, kind: "model_denied" },
];

/** Quota comes before everything that reads like a refused token: renewing that would end it for nothing. */
const QWEN_CODE: readonly FailureRule[] = [
  { text: /free tier\b[^]*\bdiscontinued|discontinued[^]*\bfree tier/i, kind: "withdrawn" },
  // Said to be the day's quota, but seen while there was quota left: asked again before the day is over.
  { status: [403, 429], code: ["insufficient_quota"], kind: "rate_limited", rest: { forMs: HOUR_MS } },
  { code: ["Throttling", "Throttling.RateQuota", "Throttling.AllocationQuota", "Throttling.BurstRate"], kind: "rate_limited" },
  { text: /requests throttling triggered|request rate increased too quickly/i, kind: "rate_limited" },
];

/** Mostly inside a 200, as `{status, msg}`; statuses of its own beside those of HTTP. */
const IFLOW: readonly FailureRule[] = [
  { code: ["439"], kind: "rejected" },
  {
    code: ["434"],
    kind: "rejected",
    isLasting: true,
    advice: "The account's key is blocked for good: neither a new token nor a new login helps.",
  },
  { code: ["90402"], kind: "rejected" },
  { code: ["449", "40303"], kind: "rate_limited", rest: { forMs: 5_000 } },
  { code: ["435"], kind: "model_denied" },
  { code: ["60400"], kind: "out_of_credit" },
  { status: [200], body: /"status":"?(?!400|401|402|413|422|429)[4-9]\d\d\b/, kind: "server_error" },
  { status: [403], kind: "server_error" },
];

const GOOGLE_LIMITS: readonly number[] = [429, 499, 503];

/** The login of one account; what is limited is its tier's quota, counted for each group of models. */
const GEMINI_CLI: readonly FailureRule[] = [
  { text: /no longer supported for gemini code assist/i, kind: "withdrawn" },
  // Which models there are depends on the account.
  { status: [404], code: ["NOT_FOUND"], kind: "model_denied", advice: "Preview models are open to some accounts only." },
  {
    status: [403],
    code: ["VALIDATION_REQUIRED"],
    kind: "rejected",
    isLasting: true,
    advice: 'Google wants the account to be confirmed: "keyproxy creds add gemini_cli" shows the page for it.',
  },
  {
    status: [403],
    code: ["SUBSCRIPTION_REQUIRED"],
    kind: "rejected",
    isLasting: true,
    advice: "The account's Cloud project has no Gemini Code Assist licence.",
  },
  {
    status: [403],
    code: ["SERVICE_DISABLED"],
    kind: "rejected",
    isLasting: true,
    advice: 'Switch the "Gemini for Google Cloud" API on for the project, or name another one in GEMINI_CLI_PROJECT_ID.',
  },
  {
    status: [403],
    code: ["IAM_PERMISSION_DENIED"],
    kind: "rejected",
    isLasting: true,
    advice: "The account may not use this Cloud project: check GEMINI_CLI_PROJECT_ID.",
  },
  {
    status: [403],
    code: [
      "DASHER_USER",
      "INELIGIBLE_ACCOUNT",
      "NON_USER_ACCOUNT",
      "RESTRICTED_AGE",
      "RESTRICTED_NETWORK",
      "UNKNOWN_LOCATION",
      "UNSUPPORTED_LOCATION",
    ],
    kind: "rejected",
    isLasting: true,
    advice: "Gemini Code Assist is not open to this account.",
  },
  {
    status: [403],
    text: /\bnot eligible\b/i,
    kind: "rejected",
    isLasting: true,
    advice: "Gemini Code Assist is not open to this account.",
  },
  {
    status: GOOGLE_LIMITS,
    text: /\blimit:\s*0(?!\.?\d)/i,
    kind: "model_denied",
    advice: "The account's tier has no quota for this model at all.",
  },
  {
    status: GOOGLE_LIMITS,
    body: /"quota(?:Id|_limit)\\*"\s*:\s*\\*"[^"]*(?:PerDay|Daily)/,
    kind: "rate_limited",
    rest: { untilMidnight: "America/Los_Angeles" },
    restOutranksHint: true,
  },
  { code: ["MODEL_CAPACITY_EXHAUSTED", "MODEL_CAPACITY_EXCEEDED"], kind: "server_error" },
  { status: GOOGLE_LIMITS, text: /\bno capacity available for model\b/i, kind: "server_error" },
  { code: ["QUOTA_EXHAUSTED"], kind: "rate_limited", rest: { forMs: HOUR_MS } },
  {
    status: GOOGLE_LIMITS,
    body: /"quota(?:Id|_limit)\\*"\s*:\s*\\*"[^"]*PerMinute/,
    kind: "rate_limited",
    rest: { forMs: 60_000 },
  },
  { code: ["RATE_LIMIT_EXCEEDED"], kind: "rate_limited" },
  { status: [499], kind: "rate_limited" },
];

/** Rules by provider id; a provider that is not here is read by the general rules alone. */
export const FAILURE_RULES: Readonly<Record<string, readonly FailureRule[]>> = {
  openrouter: OPENROUTER,
  groq: [
    { status: [498], kind: "server_error" },
    { status: [429], text: /\((?:RPD|TPD)\)/, kind: "rate_limited", rest: { untilMidnight: "UTC" } },
    { code: ["model_decommissioned"], kind: "unknown_model" },
    { code: ["organization_restricted"], kind: "rejected" },
  ],
  mistral: MISTRAL,
  codestral: MISTRAL,
  deepseek: [{ status: [400], text: /supported api model names are/i, kind: "unknown_model" }],
  xai: [
    { status: [400], text: /incorrect api key/i, kind: "rejected" },
    { status: [403, 429], text: /\bcredits\b|spending limit/i, kind: "out_of_credit" },
  ],
  together_ai: [
    { status: [403], text: /tokens?\b.*(?:exceed|less than|more than|larger)|context|max_(?:new_)?tokens/i, kind: "context_overflow" },
    { code: ["credit_limit"], kind: "out_of_credit" },
    { status: [400], text: /model not available|dedicated endpoint|non-serverless model/i, kind: "unknown_model" },
  ],
  fireworks_ai: [{ status: [412], kind: "out_of_credit" }],
  cerebras: [
    { status: [400, 413], text: /^$/, kind: "context_overflow" },
    { code: ["queue_exceeded"], kind: "server_error" },
    { text: /experiencing high traffic/i, kind: "server_error" },
    { code: ["request_quota_exceeded", "token_quota_exceeded"], kind: "rate_limited" },
  ],
  nvidia_nim: [
    { status: [404], text: /not found for account/i, kind: "model_denied" },
    { status: [400], text: /DEGRADED function/i, kind: "server_error" },
    { text: /reached its end of life/i, kind: "unknown_model" },
  ],
  cohere: [{ status: [429], text: /calls \/ month/i, kind: "rate_limited", rest: { forMs: 24 * HOUR_MS } }],
  deepinfra: [{ status: [429], text: /model busy/i, kind: "server_error" }],
  sambanova: [{ status: [429], text: /experiencing high demand/i, kind: "server_error" }],
  chutes: [
    { status: [402], text: /quota exceeded/i, kind: "out_of_credit", rest: { untilMidnight: "UTC" } },
    { status: [429], text: /maximum capacity/i, kind: "server_error" },
  ],
  moonshot: MOONSHOT,
  "moonshot-cn": MOONSHOT,
  "kimi-for-coding": [{ status: [403], text: /usage limit for this billing cycle/i, kind: "out_of_credit" }, ...MOONSHOT],
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
  huggingface: [{ status: [400], text: /not supported by any provider you have enabled/i, kind: "model_denied" }],
  github: [
    { status: [403], code: ["no_access"], kind: "model_denied" },
    { code: ["tokens_limit_reached"], kind: "context_overflow" },
    { status: [429], text: /UserByModelByDay/i, kind: "rate_limited", rest: { untilMidnight: "UTC" } },
  ],
  cloudflare: CLOUDFLARE,
  novita: [{ code: ["FAILED_TO_AUTH"], kind: "rejected" }, { code: ["MODEL_NOT_FOUND"], kind: "unknown_model" }],
  baseten: [{ status: [403], text: /check the api-key/i, kind: "rejected" }],
  reka: [{ text: /P001|insufficient balance/i, kind: "out_of_credit" }],
  upstage: [{ text: /requested model is invalid or no longer supported/i, kind: "unknown_model" }],
  ai21: [{ status: [400], text: /bad or missing authentication/i, kind: "rejected" }],
  scaleway: [{ status: [422], text: /\bmodel\b/i, kind: "unknown_model" }],
  stepfun: STEPFUN,
  "stepfun-ai": STEPFUN,
  siliconflow: SILICONFLOW,
  "siliconflow-cn": SILICONFLOW,
  "pareto-inference": [
    { code: ["credit_exhausted", "credit_insufficient"], kind: "out_of_credit" },
    { code: ["model_capacity"], kind: "server_error" },
  ],
  aihubmix: [
    { code: ["insufficient_user_quota"], kind: "out_of_credit" },
    { code: ["model_retired"], kind: "unknown_model" },
  ],
  zenmux: [{ code: ["insufficient_credit", "quote_exceeded"], kind: "out_of_credit" }],
  mancer: [{ code: ["CANT_AFFORD"], kind: "out_of_credit" }],
  "prime-intellect": [{ code: ["insufficient_funds"], kind: "out_of_credit" }],
  featherless_ai: [{ status: [403], text: /\bgated\b/i, kind: "model_denied" }],
  opencode: OPENCODE,
  "opencode-go": OPENCODE,
  ollama: OLLAMA,
  "ollama-cloud": OLLAMA,
  // The model was retired; the balance has nothing to do with it.
  modelscope: [{ status: [429], text: /insufficient balance\s*\(1008\)/i, kind: "unknown_model" }],
  // Nothing is loaded yet: the server is there and will answer once something is.
  lm_studio: [{ text: /no models? loaded/i, kind: "server_error" }],
  anthropic: [
    { status: [400], text: /only authorized for use with claude code|oauth authentication is currently not supported/i, kind: "withdrawn" },
  ],
  gemini_cli: GEMINI_CLI,
  qwen_code: QWEN_CODE,
  iflow: IFLOW,
};

/** Reports of a server's state for tests of what shows them: every field has a plain value until a test gives another. */
import type { CredentialStatus, ProviderStatus, RequestReport, StatusReport } from "../../src/gateway/status_report.ts";

/** Instant of all reports, epoch ms. */
export const REPORTED_AT = Date.UTC(2026, 0, 1, 12);

export function statusReport(fields: Partial<StatusReport> = {}): StatusReport {
  return {
    at: REPORTED_AT,
    version: "0.1.0",
    pid: 4711,
    started_at: REPORTED_AT - 3 * 3_600_000 - 12 * 60_000,
    configured_at: REPORTED_AT - 240_000,
    is_stopping: false,
    is_request_log_on: true,
    requests: { in_flight: 3, finished: 1204, failed: 12 },
    providers: [],
    recent: [],
    ...fields,
  };
}

export function providerStatus(id: string, fields: Partial<ProviderStatus> = {}): ProviderStatus {
  return {
    id,
    name: id,
    base_url: `https://${id}.example/v1`,
    rotation_mode: "balanced",
    circuit: "closed",
    queued: 0,
    in_flight: 0,
    max_in_flight: 1,
    credentials: [],
    ...fields,
  };
}

export function credentialStatus(provider: string, number: number, fields: Partial<CredentialStatus> = {}): CredentialStatus {
  return {
    id: `${provider}:${`${number}`.padStart(12, "0")}`,
    number,
    display: `sk-${number}…${`${1000 + number}`}`,
    kind: "api_key",
    source: `${provider.toUpperCase()}_API_KEY_${number}`,
    priority: 0,
    state: "ready",
    reason: "",
    until_at: null,
    in_flight: 0,
    resting: [],
    login: null,
    today: { requests: 0, failures: 0, input_tokens: 0, cached_tokens: 0, output_tokens: 0, cost_usd: 0 },
    latencies_ms: [],
    ...fields,
  };
}

export function requestReport(id: string, fields: Partial<RequestReport> = {}): RequestReport {
  return {
    id,
    model: "openai/gpt-5-mini",
    provider: "openai",
    status: 200,
    arrived_at: REPORTED_AT - 12_000,
    duration_ms: 1_200,
    is_stream: false,
    failure: null,
    lossy: [],
    usage: { input_tokens: 1_200, cached_tokens: 200, output_tokens: 340, cost_usd: 0.0123 },
    attempts: [],
    ...fields,
  };
}

/** The key of {@link quietReport}. */
export function quietCredential(fields: Partial<CredentialStatus> = {}): CredentialStatus {
  return credentialStatus("openai", 1, { id: "openai:0123456789ab", display: "sk-a…aaa1", source: "OPENAI_API_KEY", ...fields });
}

/** A request that its key answered at once. */
export function quietRequest(fields: Partial<RequestReport> = {}): RequestReport {
  const started_at = REPORTED_AT - 4_990;
  return requestReport("req-1", {
    arrived_at: REPORTED_AT - 5_000,
    duration_ms: 1234,
    attempts: [{
      provider: "openai",
      model: "gpt-5-mini",
      credential: "openai:0123456789ab",
      started_at,
      duration_ms: 1200,
      failure: null,
    }],
    ...fields,
  });
}

/** One provider with one key that is ready. */
export function quietReport(fields: Partial<StatusReport> = {}): StatusReport {
  return statusReport({
    started_at: REPORTED_AT - 3 * 3_600_000,
    is_request_log_on: false,
    requests: { in_flight: 2, finished: 341, failed: 12 },
    providers: [
      providerStatus("openai", { name: "OpenAI", base_url: "https://api.openai.com/v1", credentials: [quietCredential()] }),
    ],
    ...fields,
  });
}

/** A night at work: two providers, keys in every state, requests that went well and that did not. */
export function busyReport(): StatusReport {
  const today = { requests: 412, failures: 3, input_tokens: 1_234_567, cached_tokens: 200_000, output_tokens: 45_678, cost_usd: 3.42 };
  const latencies_ms = [300, 320, 280, 310, 900, 330, 290, 305, 300, 640, 310, 300];
  const first = credentialStatus("openai", 1, { state: "busy", in_flight: 1, today, latencies_ms });
  const second = credentialStatus("openai", 2, {
    state: "cooling",
    reason: "rate limit",
    until_at: REPORTED_AT + 42_000,
    today: { ...today, requests: 390, failures: 61 },
    latencies_ms: latencies_ms.slice(4),
  });
  const third = credentialStatus("openai", 3, { state: "quarantined", reason: "rejected by provider", until_at: REPORTED_AT + 299_000 });
  const fourth = credentialStatus("openai", 4, {
    today: { ...today, requests: 12, failures: 0, cost_usd: 0.004 },
    resting: [
      { model: "gpt-5-mini", reason: "rate limit", until_at: REPORTED_AT + 3_900_000 },
      { model: "gpt-5", reason: "no access to this model", until_at: null },
    ],
    latencies_ms: [80, 90, 85],
  });
  const fifth = credentialStatus("openai", 5, { state: "disabled" });
  const login = credentialStatus("gemini", 1, {
    display: "somebody.with.a.long.name@example.com",
    kind: "oauth",
    source: "oauth_creds/gemini_oauth_1.json",
    state: "busy",
    login: { state: "ready", reason: "", expires_at: REPORTED_AT + 1_800_000 },
    in_flight: 2,
    today: { ...today, requests: 1, failures: 0 },
  });
  const attempt = { provider: "openai", model: "gpt-5-mini", started_at: REPORTED_AT - 12_000, duration_ms: 200, failure: null };
  const limited = { kind: "rate_limited", status: 429, message: "Rate limit reached for gpt-5-mini. Please try again in 42s." };
  return statusReport({
    providers: [
      providerStatus("openai", { name: "OpenAI", in_flight: 1, queued: 4, credentials: [first, second, third, fourth, fifth] }),
      providerStatus("gemini", { name: "Google Gemini", circuit: "open", in_flight: 2, max_in_flight: null, credentials: [login] }),
    ],
    recent: [
      requestReport("req-1", {
        status: 503,
        arrived_at: REPORTED_AT - 7_300_000,
        failure: "all_resting: every credential of openai rests",
        usage: null,
        provider: null,
      }),
      requestReport("req-2", { status: 499, arrived_at: REPORTED_AT - 200_000, failure: "client_gone: the client left", usage: null }),
      requestReport("req-3", {
        is_stream: true,
        lossy: ["logprobs"],
        attempts: [
          { ...attempt, credential: second.id, failure: limited },
          { ...attempt, credential: first.id, started_at: REPORTED_AT - 11_800, duration_ms: 1_000 },
        ],
      }),
    ],
  });
}

/** Twenty providers with twenty keys each, fifty requests. */
export function crowdedReport(): StatusReport {
  const counting = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
  const states = ["ready", "busy", "ready", "cooling", "ready", "disabled"];
  const names = counting(20).map((number) => `p${`${number}`.padStart(2, "0")}`);
  return statusReport({
    providers: names.map((name) =>
      providerStatus(name, {
        in_flight: 4,
        credentials: counting(20).map((number) => {
          const state = states[number % states.length] ?? "ready";
          const rest = state === "cooling" ? { reason: "rate limit", until_at: REPORTED_AT + number * 1_000 } : {};
          const requestCount = number * 97;
          const today = {
            requests: requestCount,
            failures: 1,
            input_tokens: requestCount * 900,
            cached_tokens: 0,
            output_tokens: requestCount * 80,
          };
          const latencies_ms = counting(32).map((step) => 200 + (step * number * 37) % 300);
          return credentialStatus(name, number, { state, ...rest, today: { ...today, cost_usd: requestCount / 100 }, latencies_ms });
        }),
      })
    ),
    recent: counting(50).map((number) => requestReport(`req-${number}`, { arrived_at: REPORTED_AT - (60 - number) * 1_000 })),
  });
}

/** What must not reach a terminal, and words of any width: escapes, line ends, turned text, wide signs, long names, unknown words. */
export function hostileReport(): StatusReport {
  const message = "first\r\nsecond\x1b]0;owned\x07\x1b[2J\u202eback\u0000 " + "很".repeat(90);
  const wide = credentialStatus("日本語", 1, {
    display: "名前がとても長い人@例え.jp",
    state: "warming\x1b[31m",
    reason: message,
    resting: [{ model: "モデル/👩‍👩‍👧‍👦-e\u0301\u0301", reason: "\x9b31mlimit", until_at: REPORTED_AT - 5_000 }],
    latencies_ms: [0, 0, 0],
  });
  const long = credentialStatus("日本語", 2, { display: "x".repeat(5_000), today: hugeDay() });
  return statusReport({
    version: "9.9.9-rc.1\x1b[5m",
    providers: [providerStatus("日本語", { name: "プロバイダー".repeat(20), circuit: "ajar\n", queued: 1_000, credentials: [wide, long] })],
    recent: [requestReport("req\t1", { model: "日本語/".repeat(30), status: 502, failure: message })],
  });
}

function hugeDay() {
  return { requests: 9_999_999, failures: 99_999_999, input_tokens: 9e12, cached_tokens: 0, output_tokens: 1, cost_usd: 1e7 };
}

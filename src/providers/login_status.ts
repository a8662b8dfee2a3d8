/**
 * How each login type stands with its provider: dated facts with their source, and nothing else. Who adds a
 * login that is not open is told, and asked to confirm it once per status.
 */

export interface LoginStatus {
  /** Provider id of the catalog. */
  readonly provider: string;
  /** `open`: for everybody; `restricted`: for some accounts only; `ended`: the provider has shut it. */
  readonly status: "open" | "restricted" | "ended";
  /** The day the status began, `YYYY-MM-DD`. */
  readonly since: string;
  /** Where the fact is from. */
  readonly source: { readonly title: string; readonly url: string };
  /** One sentence. */
  readonly summary: string;
  /** One sentence: what to do instead. */
  readonly advice: string;
}

/** One entry a login type, as they stood in November 2026. */
export const LOGIN_STATUSES: readonly LoginStatus[] = [
  {
    provider: "gemini_cli",
    status: "restricted",
    since: "2026-06-18",
    source: {
      title: "Google for Developers Blog, 2026-05-19: transitioning Gemini CLI to Antigravity CLI",
      url: "https://developers.googleblog.com/",
    },
    summary: "Google ended this login for individuals (free, AI Pro, AI Ultra); Code Assist Standard and Enterprise licences go on.",
    advice: "Without such a licence use an API key of Google AI Studio or Vertex AI.",
  },
  {
    provider: "qwen_code",
    status: "ended",
    since: "2026-04-15",
    source: { title: "qwen-code issue 3203", url: "https://github.com/QwenLM/qwen-code/issues/3203" },
    summary: "The free tier of this login has ended: logging in may still work, calls are refused.",
    advice: "Use an API key of Alibaba Model Studio: keyproxy creds add dashscope.",
  },
  {
    provider: "iflow",
    status: "ended",
    since: "2026-04-17",
    source: { title: "iflow-cli README, change of 2026-03-20", url: "https://github.com/iflow-ai/iflow-cli" },
    summary: "iFlow shut its service for command-line tools, and the login page with it.",
    advice: "Use a key of another provider that offers the same models, such as siliconflow or openrouter.",
  },
];

/** The status of a provider's login; undefined when it has none. */
export function loginStatus(provider: string): LoginStatus | undefined {
  return LOGIN_STATUSES.find((it) => it.provider === provider);
}

/**
 * Every family of variables of which each provider has its own, once: loading, `.env.example` and
 * `docs/config.md` read this table as they read the one of the settings.
 */
import { integer, limit, list, oneOf } from "./kinds.ts";

/** A family of variables, one a provider. `P` in `name` stands for the provider. */
export interface ProviderPattern {
  readonly name: string;
  /** A further form, for the second and later value. */
  readonly numbered?: string;
  readonly default: string;
  readonly help: string;
  /** Whole lines for `.env`. */
  readonly examples: readonly string[];
  readonly isSecret?: true;
}

export const PATTERNS = {
  apiKey: {
    name: "P_API_KEY",
    numbered: "P_API_KEY_<n>",
    default: "",
    help: "A key of the provider. Give each further key a number or a word of its own; all of them are used in turn.",
    examples: ["OPENROUTER_API_KEY=", "OPENROUTER_API_KEY_2=", "OPENROUTER_API_KEY_TEAM_A="],
    isSecret: true,
  },
  apiBase: {
    name: "P_API_BASE",
    default: "",
    help:
      "Another address for the provider. With a name keyproxy does not know, it makes a new OpenAI-compatible provider, with or without a key.",
    examples: ["MY_SERVER_API_BASE=http://192.168.1.20:8080/v1"],
  },
  models: {
    name: "P_MODELS",
    default: "",
    help:
      'Models to offer, as JSON: a list of names, or names with the provider\'s id and default options: {"name": {"id": "…", "options": {…}}}.',
    examples: [
      'OPENAI_MODELS=["gpt-5", "gpt-5-mini"]',
      `GEMINI_MODELS='{"fast": {"id": "gemini-2.5-flash", "options": {"temperature": 0.2}}}'`,
    ],
  },
  ignoreModels: {
    name: "IGNORE_MODELS_P",
    default: "",
    help: "Models to hide, separated by commas. * ? and [abc] stand for any text, any sign and one of some signs.",
    examples: ["IGNORE_MODELS_OPENAI=*preview*,dall-e-*"],
  },
  whitelistModels: {
    name: "WHITELIST_MODELS_P",
    default: "",
    help: "Models to offer in any case; stronger than IGNORE_MODELS_P.",
    examples: ["WHITELIST_MODELS_OPENAI=gpt-5,gpt-5-mini"],
  },
  maxInFlight: {
    name: "MAX_CONCURRENT_REQUESTS_PER_KEY_P",
    default: "1",
    help:
      "Requests that one key may serve at the same time, per model. 0: unlimited, which is also the default for servers on your own machine.",
    examples: ["MAX_CONCURRENT_REQUESTS_PER_KEY_OPENAI=5"],
  },
  rotation: {
    name: "ROTATION_MODE_P",
    default: "balanced",
    help: "balanced spreads requests over all keys; sequential stays with a key until it must rest.",
    examples: ["ROTATION_MODE_GEMINI=sequential"],
  },
  priority: {
    name: "P_PRIORITY",
    numbered: "P_PRIORITY_<n>",
    default: "0",
    help: "Rank of the key with the same number or word. Lower is used first; the next rank serves only while no key of a lower one can.",
    examples: ["GEMINI_PRIORITY_2=1"],
  },
  oauth: {
    name: "P_OAUTH_<n>",
    default: "",
    help: "Path of a stored login that is used where it lies.",
    examples: ["GEMINI_CLI_OAUTH_1=~/logins/gemini.json"],
  },
  login: {
    name: "P_ACCESS_TOKEN",
    numbered: "P_<n>_ACCESS_TOKEN",
    default: "",
    help:
      "A login as variables, for hosts without a disk: keyproxy creds export prints the whole block (P_REFRESH_TOKEN, P_EXPIRY_DATE, P_EMAIL, …).",
    examples: ["QWEN_CODE_1_ACCESS_TOKEN=", "QWEN_CODE_1_REFRESH_TOKEN="],
    isSecret: true,
  },
  clientId: {
    name: "P_CLIENT_ID",
    default: "the one of the vendor's own tool",
    help: "OAuth client a login is made and renewed with.",
    examples: ["GEMINI_CLI_CLIENT_ID="],
  },
  clientSecret: {
    name: "P_CLIENT_SECRET",
    default: "read from the vendor's own tool when that is installed",
    help: "Secret of that client, where it has one.",
    examples: ["GEMINI_CLI_CLIENT_SECRET=", "IFLOW_CLIENT_SECRET="],
    isSecret: true,
  },
  projectId: {
    name: "P_PROJECT_ID",
    default: "asked for at the provider",
    help: "Cloud project of logins that have none of their own (gemini_cli).",
    examples: ["GEMINI_CLI_PROJECT_ID=my-project"],
  },
  oauthPort: {
    name: "P_OAUTH_PORT",
    default: "8085 for gemini_cli, 11451 for iflow",
    help: "Port on this machine to which the browser comes back after a login.",
    examples: ["GEMINI_CLI_OAUTH_PORT=8090"],
  },
  authUrl: {
    name: "P_AUTH_URL",
    default: "the provider's own",
    help: "Another address for the first step of a login: the page for the browser, or where a device code is asked for.",
    examples: ["QWEN_CODE_AUTH_URL=https://login.example/device"],
  },
  tokenUrl: {
    name: "P_TOKEN_URL",
    default: "the provider's own",
    help: "Another address for getting and renewing tokens.",
    examples: ["QWEN_CODE_TOKEN_URL=https://login.example/token"],
  },
  userinfoUrl: {
    name: "P_USERINFO_URL",
    default: "the provider's own",
    help: "Another address for asking who logged in.",
    examples: ["IFLOW_USERINFO_URL=https://login.example/user"],
  },
  fallback: {
    name: "P_FALLBACK_<MODEL>",
    default: "",
    help: "Model to use when no credential can serve <MODEL>, written in upper case with _ for every other sign.",
    examples: ["GEMINI_CLI_FALLBACK_GEMINI_3_PRO_PREVIEW=gemini-2.5-pro"],
  },
  alias: {
    name: "MODEL_ALIAS_<NAME>",
    default: "",
    help: "Another name for a model, listed as a model of its own. Clients write <NAME> in lower case.",
    examples: ["MODEL_ALIAS_FAST=groq/llama-3.1-8b-instant"],
  },
  group: {
    name: "FALLBACK_<NAME>",
    default: "",
    help:
      "A name for several models, tried in this order: the next one serves while a provider has no key that can, or does not offer the model.",
    examples: ["FALLBACK_BEST=anthropic/claude-sonnet-4-5,openrouter/anthropic/claude-sonnet-4.5"],
  },
} as const satisfies Record<string, ProviderPattern>;

/** Values of the per-provider families that are read here; models are JSON and keys are read with the credentials. */
export const PATTERN_KINDS = {
  maxInFlight: limit(1_000_000),
  rotation: oneOf(["balanced", "sequential"]),
  ignoreModels: list("model names or patterns"),
  whitelistModels: list("model names or patterns"),
  priority: integer({ min: 0, max: 1000 }),
  oauthPort: integer({ min: 0, max: 65_535 }),
} as const;

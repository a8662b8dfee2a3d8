/**
 * The tools that can be pointed at the proxy: which variables and which settings each wants. Pure; a new tool is an
 * entry of the table.
 */
import type { JsonObject } from "../../kernel/json.ts";

/** Where the proxy is and how a tool is known to it. */
export interface Target {
  /** `http://127.0.0.1:8000`, without a path. */
  readonly root: string;
  readonly key: string;
  /** `provider/model`, an alias or a group; undefined: the tool keeps its own. */
  readonly model: string | undefined;
}

/** What a file of the tool must hold. `path` is relative to the home directory. */
export type Wanted =
  | { readonly format: "json"; readonly path: string; readonly settings: JsonObject }
  /** Lines before the first table, and one table of our own. */
  | {
    readonly format: "toml";
    readonly path: string;
    readonly top: Readonly<Record<string, string>>;
    readonly table: string;
    readonly fields: Readonly<Record<string, string>>;
  }
  | { readonly format: "env"; readonly path: string; readonly variables: Readonly<Record<string, string>> };

export interface Plan {
  /** Variables the tool reads from its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Undefined: it has no file that can be merged into safely. */
  readonly file?: Wanted;
  /** What else a person does, a sentence each. */
  readonly steps?: readonly string[];
}

export interface Tool {
  readonly id: string;
  readonly name: string;
  plan(target: Target): Plan;
}

function named(name: string, model: string | undefined): Readonly<Record<string, string>> {
  return model === undefined ? {} : { [name]: model };
}

const OPENAI_ENV = ({ root, key }: Target) => ({ OPENAI_BASE_URL: `${root}/v1`, OPENAI_API_KEY: key });

/** Every tool, in the order of the list. */
export const TOOLS: readonly Tool[] = [
  {
    id: "claude-code",
    name: "Claude Code",
    plan({ root, key, model }) {
      const env = { ANTHROPIC_BASE_URL: root, ANTHROPIC_AUTH_TOKEN: key, ...named("ANTHROPIC_MODEL", model) };
      return { env, file: { format: "json", path: ".claude/settings.json", settings: { env } } };
    },
  },
  {
    id: "codex",
    name: "Codex",
    plan: ({ root, key, model }) => ({
      env: { KEYPROXY_API_KEY: key },
      file: {
        format: "toml",
        path: ".codex/config.toml",
        top: { model_provider: "keyproxy", ...named("model", model) },
        table: "model_providers.keyproxy",
        fields: { name: "keyproxy", base_url: `${root}/v1`, wire_api: "responses", env_key: "KEYPROXY_API_KEY" },
      },
      steps: ["Codex reads the key from the variable KEYPROXY_API_KEY: set it in the shell that starts Codex."],
    }),
  },
  {
    id: "gemini-cli",
    name: "Gemini CLI",
    plan({ root, key, model }) {
      const env = { GOOGLE_GEMINI_BASE_URL: root, GEMINI_API_KEY: key, ...named("GEMINI_MODEL", model) };
      return { env, file: { format: "env", path: ".gemini/.env", variables: env } };
    },
  },
  {
    id: "opencode",
    name: "opencode",
    plan({ root, key, model }) {
      const models = model === undefined ? {} : { models: { [model]: {} } };
      const provider = {
        keyproxy: { npm: "@ai-sdk/openai-compatible", name: "keyproxy", options: { baseURL: `${root}/v1`, apiKey: key }, ...models },
      };
      const settings = { provider, ...(model === undefined ? {} : { model: `keyproxy/${model}` }) };
      return { env: {}, file: { format: "json", path: ".config/opencode/opencode.json", settings } };
    },
  },
  {
    id: "aider",
    name: "aider",
    plan: ({ root, key, model }) => ({
      env: { OPENAI_API_BASE: `${root}/v1`, OPENAI_API_KEY: key },
      steps: [`Start it with: aider --model openai/${model ?? "<provider>/<model>"}`],
    }),
  },
  {
    id: "cline",
    name: "Cline",
    plan: ({ root, key, model }) => ({
      env: {},
      steps: [
        'In its settings choose the API provider "OpenAI Compatible".',
        `Base URL: ${root}/v1`,
        `API key: ${key}`,
        `Model ID: ${model ?? "<provider>/<model>"}`,
      ],
    }),
  },
  {
    id: "continue",
    name: "Continue",
    plan: ({ root, key, model }) => ({
      env: {},
      steps: [
        "Add this under models: in ~/.continue/config.yaml",
        "  - name: keyproxy",
        "    provider: openai",
        `    model: ${model ?? "<provider>/<model>"}`,
        `    apiBase: ${root}/v1`,
        `    apiKey: ${key}`,
      ],
    }),
  },
  {
    id: "cursor",
    name: "Cursor",
    plan: ({ root, key }) => ({
      env: {},
      steps: [
        "In Settings, Models: set the OpenAI API key and override the OpenAI base URL.",
        `OpenAI base URL: ${root}/v1`,
        `OpenAI API key: ${key}`,
        "Cursor calls from its own servers: the address must be reachable from the internet.",
      ],
    }),
  },
  {
    id: "zed",
    name: "Zed",
    plan({ root, model }) {
      const available_models = model === undefined ? [] : [{ name: model, display_name: model, max_tokens: 128_000 }];
      const settings = { language_models: { openai_compatible: { keyproxy: { api_url: `${root}/v1`, available_models } } } };
      return {
        env: {},
        file: { format: "json", path: ".config/zed/settings.json", settings },
        steps: ["Zed asks for the key in its agent settings, and keeps it in the system's keychain."],
      };
    },
  },
  { id: "openai-sdk", name: "OpenAI's SDKs", plan: (target) => ({ env: OPENAI_ENV(target) }) },
  {
    id: "anthropic-sdk",
    name: "Anthropic's SDKs",
    plan: ({ root, key }) => ({ env: { ANTHROPIC_BASE_URL: root, ANTHROPIC_API_KEY: key } }),
  },
  { id: "google-genai", name: "Google's SDKs", plan: ({ root, key }) => ({ env: { GOOGLE_GEMINI_BASE_URL: root, GEMINI_API_KEY: key } }) },
  {
    id: "curl",
    name: "curl",
    plan: ({ root, key, model }) => ({
      env: {},
      steps: [
        `curl ${root}/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\`,
        `  -d '{"model": "${model ?? "<provider>/<model>"}", "messages": [{"role": "user", "content": "hello"}]}'`,
      ],
    }),
  },
];

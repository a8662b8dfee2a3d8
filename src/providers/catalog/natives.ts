/** Rows of those who speak a format of their own, or another's under their own addresses. */
import type { ProviderRow } from "../row.ts";
import { ALL, NOTHING, type RowFacts } from "./define.ts";

function native(protocol: ProviderRow["protocol"], { also = [], ...facts }: RowFacts): ProviderRow {
  return {
    prefixes: [facts.id.toUpperCase().replaceAll(/[-.]/g, "_"), ...also],
    protocol,
    listing: { path: "models", shape: "openai" },
    auth: { kind: "bearer" },
    operations: ["chat"],
    ...facts,
  };
}

const ANTHROPIC_VERSION = { "anthropic-version": "2023-06-01" };
const X_API_KEY = { kind: "header", name: "x-api-key" } as const;
const AZURE_KEY = { kind: "header", name: "api-key" } as const;

/** Every provider with a native codec that takes plain keys. */
export const NATIVES: readonly ProviderRow[] = [
  // https://docs.anthropic.com/en/api/overview
  native("anthropic", {
    id: "anthropic",
    name: "Anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    listing: { path: "models?limit=1000", shape: "openai" },
    auth: X_API_KEY,
    headers: ANTHROPIC_VERSION,
  }),
  native("anthropic", {
    id: "kimi-for-coding",
    name: "Kimi For Coding",
    also: ["KIMI"],
    baseUrl: "https://api.kimi.com/coding/v1",
    auth: X_API_KEY,
    headers: ANTHROPIC_VERSION,
    note: "Subscription keys; answers only clients that it knows as coding agents.",
  }),
  native("anthropic", {
    id: "freemodel",
    name: "FreeModel",
    baseUrl: "https://cc.freemodel.dev/v1",
    auth: X_API_KEY,
    headers: ANTHROPIC_VERSION,
  }),
  // https://ai.google.dev/api
  native("gemini", {
    id: "gemini",
    name: "Google AI Studio (Gemini)",
    also: ["GOOGLE", "GOOGLE_GENERATIVE_AI"],
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    listing: { path: "models?pageSize=1000", shape: "openai" },
    auth: { kind: "header", name: "x-goog-api-key" },
    operations: ["chat", "embeddings"],
  }),
  // https://cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode/overview
  native("vertex", {
    id: "vertex_ai",
    name: "Google Vertex AI",
    also: ["VERTEXAI", "GOOGLE_VERTEX"],
    baseUrl: "https://aiplatform.googleapis.com/v1",
    listing: null,
    models: [
      "gemini-2.5-pro",
      "gemini-2.5-flash",
      "gemini-2.5-flash-lite",
      "gemini-3-pro-preview",
      "gemini-3-flash-preview",
      "gemini-embedding-001",
      "claude-sonnet-4-5@20250929",
      "claude-haiku-4-5@20251001",
      "claude-opus-4-5@20251101",
    ],
    operations: ["chat", "embeddings"],
    auth: { kind: "header", name: "x-goog-api-key" },
    note: "A key of the express mode, or service accounts: GOOGLE_APPLICATION_CREDENTIALS or VERTEX_AI_CREDENTIALS, as JSON or a path.",
  }),
  // https://docs.cohere.com/reference/chat
  native("cohere", {
    id: "cohere",
    name: "Cohere",
    also: ["CO"],
    baseUrl: "https://api.cohere.com",
    listing: { path: "v1/models?page_size=1000", shape: "openai" },
    operations: ["chat", "embeddings"],
  }),
  // https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html
  native("bedrock", {
    id: "bedrock",
    name: "Amazon Bedrock",
    baseUrl: "https://bedrock-runtime.{AWS_REGION}.amazonaws.com",
    listing: { path: "foundation-models", shape: "bedrock", further: ["inference-profiles?maxResults=1000"] },
    operations: ["chat", "embeddings"],
    keyVariables: ["AWS_BEARER_TOKEN_BEDROCK"],
    note: "A key of Bedrock, or ID:SECRET of AWS as BEDROCK_API_KEY; AWS_ACCESS_KEY_ID and its kin are used too.",
  }),
  // https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
  native("azure", {
    id: "azure",
    name: "Azure OpenAI",
    also: ["AZURE_OPENAI"],
    baseUrl: "https://{AZURE_RESOURCE_NAME}.openai.azure.com",
    listing: null,
    auth: AZURE_KEY,
    operations: ALL,
    speaksResponses: true,
    note: "A model is the name of a deployment: list yours in AZURE_MODELS. With AZURE_API_VERSION the older addresses are used.",
  }),
  native("azure", {
    id: "azure-cognitive-services",
    name: "Azure Cognitive Services",
    baseUrl: "https://{AZURE_COGNITIVE_SERVICES_RESOURCE_NAME}.cognitiveservices.azure.com",
    listing: null,
    auth: AZURE_KEY,
    operations: ALL,
    note: "A model is the name of a deployment: list yours in AZURE_COGNITIVE_SERVICES_MODELS.",
  }),
  native("openai", {
    id: "azure_ai",
    name: "Azure AI Foundry (models as a service)",
    baseUrl: "{AZURE_AI_API_BASE}",
    listing: null,
    auth: AZURE_KEY,
    headers: { "extra-parameters": "pass-through" },
    operations: ["chat", "embeddings"],
    note: "AZURE_AI_API_BASE is the resource's address up to /models; AZURE_AI_API_VERSION is added to it.",
  }),
  ...foreign(),
];

/** Formats that few speak, so that nobody translates them here: their keys and notes are known all the same. */
function foreign(): readonly ProviderRow[] {
  const rows: readonly (readonly [id: string, name: string, baseUrl: string, also?: readonly string[]])[] = [
    ["aleph_alpha", "Aleph Alpha", "https://api.aleph-alpha.com", ["ALEPHALPHA"]],
    ["langgraph", "LangGraph Server", "http://localhost:2024"],
    ["manus", "Manus", "https://api.manus.ai/v1"],
    ["nlp_cloud", "NLP Cloud", "https://api.nlpcloud.io/v1"],
    ["nomic", "Nomic", "https://api-atlas.nomic.ai/v1"],
    ["petals", "Petals", "https://chat.petals.dev/api/v1"],
    ["replicate", "Replicate", "https://api.replicate.com/v1"],
    ["sagemaker", "Amazon SageMaker", "https://runtime.sagemaker.{AWS_REGION}.amazonaws.com"],
    ["sap", "SAP Generative AI Hub", "{AICORE_BASE_URL}/v2"],
    ["triton", "NVIDIA Triton", "{TRITON_API_BASE}"],
    ["watsonx", "IBM watsonx.ai", "https://{WATSONX_REGION}.ml.cloud.ibm.com/ml/v1"],
  ];
  return [
    ...rows.map(([id, name, baseUrl, also = []]) =>
      native("openai", {
        id,
        name,
        baseUrl,
        also,
        listing: null,
        operations: NOTHING,
        note: `Its own format is not translated here: name a server that speaks OpenAI's in ${id.toUpperCase()}_API_BASE.`,
      })
    ),
    // https://docs.oracle.com/en-us/iaas/Content/generative-ai/openai-compatible-api.htm
    native("openai", {
      id: "oci",
      name: "Oracle OCI Generative AI",
      baseUrl: "https://inference.generativeai.{OCI_REGION}.oci.oraclecloud.com/openai/v1",
      listing: null,
      speaksResponses: true,
      note: "Also wants OCI_REGION; the key is an API key of OCI Generative AI. Calls signed with an identity of OCI are not made here.",
    }),
    native("openai", {
      id: "bytez",
      name: "Bytez",
      baseUrl: "https://api.bytez.com/models/v2/openai/v1",
      listing: null,
      note: "Through its address for clients of OpenAI.",
    }),
  ];
}

/**
 * Which fields the simulated Code Assist knows, as the real one's protobuf messages have them. A table: names
 * in camelCase; the snake_case spelling is the same field.
 */

/** What a value must be. `struct`: any object; `message`: an object with exactly these fields. */
export type Shape =
  | { readonly is: "string" | "number" | "boolean" | "struct" | "any" }
  | { readonly is: "enum"; readonly values: readonly string[] }
  | { readonly is: "list"; readonly of: Shape }
  | { readonly is: "map"; readonly of: Shape }
  /** `oneof`: at most one of these fields. */
  | { readonly is: "message"; readonly fields: () => Readonly<Record<string, Shape>>; readonly oneof?: readonly string[] };

const STRING: Shape = { is: "string" };
const NUMBER: Shape = { is: "number" };
const BOOLEAN: Shape = { is: "boolean" };
const STRUCT: Shape = { is: "struct" };
const ANY: Shape = { is: "any" };

function listOf(of: Shape): Shape {
  return { is: "list", of };
}

function message(fields: Readonly<Record<string, Shape>>, ...oneof: readonly string[]): Shape {
  return { is: "message", fields: () => fields, ...(oneof.length === 0 ? {} : { oneof }) };
}

const SCHEMA: Shape = {
  is: "message",
  fields: () => ({
    type: STRING,
    format: STRING,
    title: STRING,
    description: STRING,
    nullable: BOOLEAN,
    enum: listOf(STRING),
    items: SCHEMA,
    minItems: NUMBER,
    maxItems: NUMBER,
    properties: { is: "map", of: SCHEMA },
    required: listOf(STRING),
    propertyOrdering: listOf(STRING),
    anyOf: listOf(SCHEMA),
    minimum: NUMBER,
    maximum: NUMBER,
    minLength: NUMBER,
    maxLength: NUMBER,
    pattern: STRING,
    example: ANY,
    default: ANY,
    minProperties: NUMBER,
    maxProperties: NUMBER,
  }),
};

const BLOB = message({ mimeType: STRING, data: STRING, displayName: STRING });
const FILE = message({ mimeType: STRING, fileUri: STRING, displayName: STRING });

/** Fields of a part of which it has exactly one. */
export const PART_KINDS: readonly string[] = [
  "text",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
  "executableCode",
  "codeExecutionResult",
];

const PART = message(
  {
    text: STRING,
    thought: BOOLEAN,
    thoughtSignature: STRING,
    inlineData: BLOB,
    fileData: FILE,
    functionCall: message({ id: STRING, name: STRING, args: STRUCT }),
    functionResponse: message({
      id: STRING,
      name: STRING,
      response: STRUCT,
      parts: listOf(message({ inlineData: BLOB, fileData: FILE })),
    }),
    executableCode: message({ language: STRING, code: STRING }),
    codeExecutionResult: message({ outcome: STRING, output: STRING }),
    videoMetadata: STRUCT,
  },
  ...PART_KINDS,
);

const CONTENT = message({ role: STRING, parts: listOf(PART) });

const GENERATION_CONFIG = message({
  temperature: NUMBER,
  topP: NUMBER,
  topK: NUMBER,
  candidateCount: NUMBER,
  maxOutputTokens: NUMBER,
  stopSequences: listOf(STRING),
  responseLogprobs: BOOLEAN,
  logprobs: NUMBER,
  presencePenalty: NUMBER,
  frequencyPenalty: NUMBER,
  seed: NUMBER,
  responseMimeType: STRING,
  responseSchema: SCHEMA,
  responseJsonSchema: ANY,
  routingConfig: STRUCT,
  modelSelectionConfig: STRUCT,
  responseModalities: listOf(STRING),
  mediaResolution: STRING,
  speechConfig: STRUCT,
  audioTimestamp: BOOLEAN,
  thinkingConfig: message({ includeThoughts: BOOLEAN, thinkingBudget: NUMBER, thinkingLevel: STRING }),
  imageConfig: message({ aspectRatio: STRING, imageSize: STRING }),
});

const TOOL = message({
  functionDeclarations: listOf(message({
    name: STRING,
    description: STRING,
    parameters: SCHEMA,
    parametersJsonSchema: ANY,
    response: SCHEMA,
    responseJsonSchema: ANY,
  })),
  googleSearch: STRUCT,
  codeExecution: STRUCT,
  urlContext: STRUCT,
});

const GENERATE = message({
  model: STRING,
  project: STRING,
  userPromptId: STRING,
  enabledCreditTypes: listOf(STRING),
  requestId: STRING,
  userAgent: STRING,
  request: message({
    contents: listOf(CONTENT),
    systemInstruction: CONTENT,
    tools: listOf(TOOL),
    toolConfig: message({
      functionCallingConfig: message({
        mode: { is: "enum", values: ["MODE_UNSPECIFIED", "AUTO", "NONE", "ANY", "VALIDATED"] },
        allowedFunctionNames: listOf(STRING),
      }),
      retrievalConfig: STRUCT,
    }),
    safetySettings: listOf(message({ category: STRING, threshold: STRING, method: STRING })),
    cachedContent: STRING,
    labels: STRUCT,
    generationConfig: GENERATION_CONFIG,
    sessionId: STRING,
  }),
});

const METADATA = message({
  ideType: {
    is: "enum",
    values: [
      "IDE_UNSPECIFIED",
      "VSCODE",
      "INTELLIJ",
      "VSCODE_CLOUD_WORKSTATION",
      "INTELLIJ_CLOUD_WORKSTATION",
      "CLOUD_SHELL",
      "GEMINI_CLI",
      "ANTIGRAVITY",
    ],
  },
  ideVersion: STRING,
  ideName: STRING,
  pluginVersion: STRING,
  platform: {
    is: "enum",
    values: ["PLATFORM_UNSPECIFIED", "DARWIN_AMD64", "DARWIN_ARM64", "LINUX_AMD64", "LINUX_ARM64", "WINDOWS_AMD64"],
  },
  pluginType: { is: "enum", values: ["PLUGIN_UNSPECIFIED", "CLOUD_CODE", "GEMINI", "AIPLUGIN_INTELLIJ", "AIPLUGIN_STUDIO"] },
  updateChannel: STRING,
  duetProject: STRING,
});

/** The request message of each method. */
export const METHOD_SHAPES: Readonly<Record<string, Shape>> = {
  generateContent: GENERATE,
  streamGenerateContent: GENERATE,
  // This method refuses what the others demand: the model stands inside, and there is no project.
  countTokens: message({ request: message({ model: STRING, contents: listOf(CONTENT) }) }),
  loadCodeAssist: message({
    cloudaicompanionProject: STRING,
    metadata: METADATA,
    mode: { is: "enum", values: ["MODE_UNSPECIFIED", "FULL_ELIGIBILITY_CHECK", "HEALTH_CHECK"] },
  }),
  onboardUser: message({ tierId: STRING, cloudaicompanionProject: STRING, metadata: METADATA }),
  retrieveUserQuota: message({ project: STRING, userAgent: STRING }),
};

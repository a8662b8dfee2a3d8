/** A canonical request as the body of Gemini's generateContent, with what could not be carried over. */
import type { ChatRequest } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import { asObject, asString, type Json, type JsonObject } from "../../kernel/json.ts";
import { Extensions } from "../extensions.ts";
import { planGeneration } from "./generation.ts";
import { writeHistory } from "./history.ts";
import type { CallMemory } from "./memory.ts";
import type { ToolNames } from "../tool_names.ts";
import type { PartContext } from "./parts.ts";
import { planTools } from "./tools.ts";
import type { ModelTraits } from "./traits.ts";

export interface Encoded {
  readonly body: JsonObject;
  readonly lossy: readonly string[];
}

/** What a request is written with; `names` grows by the names in the conversation. */
export interface EncodeContext {
  readonly traits: ModelTraits;
  readonly names: ToolNames;
  readonly memory: CallMemory;
}

/** The body, or the failure that names a field the provider can by no means take. */
export function encodeRequest(request: ChatRequest, { traits, names, memory }: EncodeContext): Encoded | Failure {
  const extensions = new Extensions(request.extensions);
  const google = extensions.inner("google");
  const tools = planTools(request, { names, extensions, schemas: traits.schemas });
  const context: PartContext = { names, memory, failed: undefined };
  const history = writeHistory(request, { context, traits });
  if (context.failed !== undefined) return context.failed;
  const generation = planGeneration(request, { traits, extensions, google });
  const cachedContent = asString(google.take("cached_content"));
  const body = {
    contents: history.contents.map((content) => ({ ...content })),
    ...(history.system === undefined ? {} : { systemInstruction: { ...history.system } }),
    ...tools.fields,
    safetySettings: safetySettings(extensions.take("safety_settings") ?? google.take("safety_settings")),
    ...(cachedContent === undefined ? {} : { cachedContent }),
    ...(Object.keys(generation.config).length === 0 ? {} : { generationConfig: generation.config }),
  };
  const oneByOne = request.callsOneByOne === true && request.tools.length > 0 ? ["parallel_tool_calls"] : [];
  const lossy = [
    ...request.dropped,
    ...oneByOne,
    ...history.lossy,
    ...tools.lossy,
    ...generation.lossy,
    ...extensions.rest(),
    ...google.rest(),
  ];
  return { body, lossy: [...new Set(lossy)] };
}

/** A gateway is no judge of what is said: what the client does not ask for is not filtered. */
const OPEN: readonly JsonObject[] = [
  { category: "HARM_CATEGORY_HARASSMENT", threshold: "OFF" },
  { category: "HARM_CATEGORY_HATE_SPEECH", threshold: "OFF" },
  { category: "HARM_CATEGORY_SEXUALLY_EXPLICIT", threshold: "OFF" },
  { category: "HARM_CATEGORY_DANGEROUS_CONTENT", threshold: "OFF" },
  { category: "HARM_CATEGORY_CIVIC_INTEGRITY", threshold: "BLOCK_NONE" },
];

function safetySettings(given: Json | undefined): readonly Json[] {
  return Array.isArray(given) && given.every((it) => asObject(it) !== undefined) ? given : OPEN;
}

/**
 * A conversation as chat completions takes it: one system message, calls with ids, and each call's result in a
 * message of its own right after. Pictures of results follow as the user's, because few providers take them there.
 */
import type { Blob, ChatRequest, Part } from "../../canonical/chat.ts";
import { assertNever, type Failure } from "../../kernel/failure.ts";
import type { JsonObject } from "../../kernel/json.ts";
import { type AnsweredCall, mediaOfResult, NO_RESULT, orphanText, type Step, stepsOf, textOfResult } from "../history.ts";
import { audioFormat, wordsOfFile } from "../media.ts";
import { invalidField } from "../problems.ts";
import type { ToolNames } from "../tool_names.ts";

export interface Messages {
  readonly messages: readonly JsonObject[];
  readonly lossy: readonly string[];
  /** A part that the format cannot hold. */
  readonly failed: Failure | undefined;
}

/** Models that read their own earlier thoughts; to others the field is unknown. */
const READS_THOUGHTS = /deepseek|kimi|glm|minimax|mimo/i;
/** Of those, the ones that refuse a call without them. */
const WANTS_THOUGHTS = /deepseek|kimi/i;

/** The messages of a request. */
export function writeMessages(
  { system, turns }: Pick<ChatRequest, "system" | "turns">,
  { model, names }: { readonly model: string; readonly names: ToolNames },
): Messages {
  const writer = new MessageWriter({ model, names });
  const instructions = system.map(({ text }) => text).filter((text) => text !== "").join("\n\n");
  if (instructions !== "") writer.messages.push({ role: "system", content: instructions });
  for (const step of stepsOf(turns)) writer.write(step);
  if (turns.length === 0 && instructions !== "") writer.messages.push({ role: "user", content: "Continue." });
  return writer;
}

class MessageWriter implements Messages {
  readonly messages: JsonObject[] = [];
  readonly lossy: string[] = [];
  failed: Failure | undefined;
  readonly #model: string;
  readonly #names: ToolNames;

  constructor({ model, names }: { readonly model: string; readonly names: ToolNames }) {
    this.#model = model;
    this.#names = names;
  }

  write(step: Step): void {
    if (step.role === "user") return this.#user(step.parts);
    this.#assistant(step.parts, step.calls);
    const shown = step.calls.flatMap(({ call, result }) => {
      const text = result === undefined ? `Error: ${NO_RESULT}` : `${result.isError === true ? "Error: " : ""}${textOfResult(result)}`;
      this.messages.push({ role: "tool", tool_call_id: call.id, content: text });
      const media = result === undefined ? [] : mediaOfResult(result);
      return media.length === 0 ? [] : [{ kind: "text" as const, text: `Result of the tool ${call.name}:` }, ...media];
    });
    if (shown.length > 0) this.#user(shown);
  }

  #user(parts: readonly Part[]): void {
    const content = parts.flatMap((part) => this.#part(part));
    const [only] = content;
    if (only === undefined) return;
    this.messages.push({ role: "user", content: content.length === 1 && only.type === "text" ? only.text ?? "" : content });
  }

  #part(part: Part): readonly JsonObject[] {
    switch (part.kind) {
      case "text":
      case "refusal":
        return part.text === "" ? [] : [{ type: "text", text: part.text }];
      case "image":
        return [{
          type: "image_url",
          image_url: { url: urlOf(part.source), ...(part.detail === undefined ? {} : { detail: part.detail }) },
        }];
      case "audio":
        return this.#audio(part.source);
      case "video":
        return [{ type: "video_url", video_url: { url: urlOf(part.source) } }];
      case "file":
        return this.#file(part.source, part.name);
      case "tool_result":
        return [{ type: "text", text: orphanText(part) }, ...part.content.flatMap((it) => it.kind === "text" ? [] : this.#part(it))];
      case "reasoning":
      case "tool_call":
        return [];
      default:
        return assertNever(part);
    }
  }

  #audio(source: Blob): readonly JsonObject[] {
    const format = source.kind === "inline" ? audioFormat(source.mimeType) : undefined;
    if (source.kind === "inline" && format !== undefined) return [{ type: "input_audio", input_audio: { data: source.data, format } }];
    return this.#refuse(source, "sound of this kind cannot be given to this provider: wav or mp3, base64, is expected");
  }

  #file(source: Blob, name: string | undefined): readonly JsonObject[] {
    if (source.kind === "url") return this.#refuse(source, "this provider does not fetch files: base64 is expected");
    const words = wordsOfFile(source, name);
    if (words !== undefined) return [{ type: "text", text: words }];
    return [{ type: "file", file: { filename: name ?? defaultName(source.mimeType), file_data: urlOf(source) } }];
  }

  #refuse(source: Blob, wanted: string): readonly JsonObject[] {
    this.failed ??= invalidField(source.kind === "url" ? source.field ?? "messages" : "messages", wanted);
    return [];
  }

  #assistant(parts: readonly Part[], calls: readonly AnsweredCall[]): void {
    const text = parts.flatMap((part) => part.kind === "text" || part.kind === "refusal" ? part.text : []).join("");
    const thoughts = parts.flatMap((part) => part.kind === "reasoning" ? part.text : []).join("\n\n");
    if (parts.some((part) => part.kind === "image" || part.kind === "audio")) this.lossy.push("messages[assistant].media");
    if (text === "" && calls.length === 0) return;
    const isReplayed = READS_THOUGHTS.test(this.#model) && (thoughts !== "" || (calls.length > 0 && WANTS_THOUGHTS.test(this.#model)));
    this.messages.push({
      role: "assistant",
      content: text === "" && calls.length > 0 ? null : text,
      ...(isReplayed ? { reasoning_content: thoughts } : {}),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map((it) => this.#call(it)) }),
    });
  }

  #call({ call: { id, name, arguments: text } }: AnsweredCall): JsonObject {
    return { id, type: "function", function: { name: this.#names.toWire(name), arguments: text } };
  }
}

function urlOf(source: Blob): string {
  return source.kind === "url" ? source.url : `data:${source.mimeType};base64,${source.data}`;
}

function defaultName(mimeType: string): string {
  return `file.${mimeType.replace(/^.*\//, "").replace(/[^a-z0-9]/gi, "") || "bin"}`;
}

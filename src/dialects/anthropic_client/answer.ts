/** A whole message out of its events: the same blocks a client would have put together from the stream of them. */
import type { ChatEvent, ChatUsage } from "../../canonical/chat.ts";
import type { JsonObject } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";
import { inputOf, messageId, stopFields, toolUseId, usageShape } from "./shapes.ts";
import { UNSIGNED } from "./signature.ts";

type Block =
  | { readonly kind: "text"; text: string }
  | { readonly kind: "thinking"; text: string; signature: string | undefined }
  | { readonly kind: "redacted"; readonly text: string }
  | { readonly kind: "call"; readonly id: string; readonly name: string; text: string };

type Finish = Extract<ChatEvent, { readonly kind: "finish" }>;

/** The body of a whole message. The dialect knows one choice: the first. */
export function messageOf(events: readonly ChatEvent[], context: AnswerContext): JsonObject {
  const blocks = new Blocks();
  let usage: ChatUsage | undefined;
  let finish: Finish | undefined;
  let id: string | undefined;
  for (const event of events) {
    if (event.kind === "start") id ??= event.id;
    else if (event.kind === "usage") usage = event.usage;
    else if (event.choice !== 0) continue;
    else if (event.kind === "finish") finish = event;
    else blocks.take(event);
  }
  return {
    id: messageId(id, context),
    type: "message",
    role: "assistant",
    model: context.model,
    content: blocks.shapes(),
    ...stopFields(finish, blocks.said),
    usage: usageShape(usage),
  };
}

class Blocks {
  readonly #blocks: Block[] = [];

  #hasRefused = false;

  get said(): "calls" | "refusal" | "no_calls" {
    if (this.#blocks.some((block) => block.kind === "call")) return "calls";
    return this.#hasRefused ? "refusal" : "no_calls";
  }

  take(event: ChatEvent): void {
    const last = this.#blocks.at(-1);
    switch (event.kind) {
      case "text":
      case "refusal":
        if (event.text === "") return;
        this.#hasRefused ||= event.kind === "refusal";
        if (last?.kind === "text") last.text += event.text;
        else this.#blocks.push({ kind: "text", text: event.text });
        return;
      case "reasoning":
        return this.#think(event, last);
      case "tool_call":
        this.#blocks.push({ kind: "call", id: event.call.id, name: event.call.name, text: event.call.arguments });
        return;
      case "tool_arguments": {
        const call = this.#blocks.findLast((block) => block.kind === "call" && block.id === event.id);
        if (call?.kind === "call") call.text += event.arguments;
        return;
      }
      default:
        return;
    }
  }

  #think(event: Extract<ChatEvent, { readonly kind: "reasoning" }>, last: Block | undefined): void {
    if (event.encrypted !== undefined && event.text === "") {
      this.#blocks.push({ kind: "redacted", text: event.encrypted });
    } else if (last?.kind === "thinking" && last.signature === undefined) {
      last.text += event.text;
      last.signature = event.signature;
    } else if (event.text !== "" || event.signature !== undefined) {
      this.#blocks.push({ kind: "thinking", text: event.text, signature: event.signature });
    }
  }

  shapes(): JsonObject[] {
    return this.#blocks.map((block) => {
      switch (block.kind) {
        case "text":
          return { type: "text", text: block.text };
        case "thinking":
          return { type: "thinking", thinking: block.text, signature: block.signature ?? UNSIGNED };
        case "redacted":
          return { type: "redacted_thinking", data: block.text };
        case "call":
          return { type: "tool_use", id: toolUseId(block.id), name: block.name, input: inputOf(block.text) };
      }
    });
  }
}

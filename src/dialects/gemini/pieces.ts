/** Parts of a candidate as pieces of an answer, in their order. What holds nothing is no piece; a lone signature is one. */
import type { Blob } from "../../canonical/chat.ts";
import { asArray, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";

export type Piece =
  /** Empty where only a signature came. */
  | { readonly kind: "text" | "reasoning"; readonly text: string; readonly signature?: string }
  | {
    readonly kind: "call";
    /** Empty when the model gave none. */
    readonly id: string;
    readonly name: string;
    readonly args: JsonObject;
    readonly signature?: string;
  }
  | { readonly kind: "image" | "audio"; readonly source: Blob };

/** The candidates of an answer or event, with their places in it. */
export function candidatesOf(body: JsonObject): readonly { readonly choice: number; readonly candidate: JsonObject }[] {
  return asArray(body.candidates).filter(isObject).map((candidate, position) => ({
    choice: typeof candidate.index === "number" ? candidate.index : position,
    candidate,
  }));
}

/** The pieces of a candidate, each with the number of its part. */
export function piecesOf(candidate: JsonObject): readonly { readonly part: number; readonly piece: Piece }[] {
  const parts = asArray(asObject(candidate.content)?.parts);
  return parts.flatMap((part, index) => {
    const piece = isObject(part) ? pieceOf(part) : undefined;
    return piece === undefined ? [] : [{ part: index, piece }];
  });
}

function pieceOf(part: JsonObject): Piece | undefined {
  const signature = asString(part.thoughtSignature);
  const signed = signature === undefined || signature === "" ? {} : { signature };
  const call = asObject(part.functionCall);
  if (call !== undefined) return callPiece(call, signed);
  const media = mediaPiece(part);
  if (media !== undefined) return media;
  const text = asString(part.text) ?? codeText(part);
  if (text === "" && signed.signature === undefined) return undefined;
  return { kind: part.thought === true ? "reasoning" : "text", text, ...signed };
}

function callPiece(call: JsonObject, signed: { readonly signature?: string }): Piece | undefined {
  const name = asString(call.name) ?? "";
  return name === "" ? undefined : { kind: "call", id: asString(call.id) ?? "", name, args: asObject(call.args) ?? {}, ...signed };
}

/** Pictures that belong to thoughts are drafts, which nobody asked for. */
function mediaPiece(part: JsonObject): Piece | undefined {
  const inline = asObject(part.inlineData);
  const file = asObject(part.fileData);
  const mimeType = asString((inline ?? file)?.mimeType) ?? "";
  const kind = mimeType.startsWith("image/") ? "image" : mimeType.startsWith("audio/") ? "audio" : undefined;
  if (kind === undefined || part.thought === true) return undefined;
  const data = asString(inline?.data) ?? "";
  const url = asString(file?.fileUri) ?? "";
  if (data !== "") return { kind, source: { kind: "inline", mimeType, data } };
  return url === "" ? undefined : { kind, source: { kind: "url", url, mimeType } };
}

/** Code the model ran, and what came of it, as blocks in its text. */
function codeText(part: JsonObject): string {
  const code = asObject(part.executableCode);
  if (code !== undefined) {
    const language = asString(code.language)?.toLowerCase() ?? "";
    return fenced(language === "language_unspecified" ? "" : language, asString(code.code) ?? "");
  }
  const result = asObject(part.codeExecutionResult);
  return result === undefined ? "" : fenced("", asString(result.output) ?? asString(result.outcome) ?? "");
}

function fenced(language: string, text: string): string {
  return `\n\`\`\`${language}\n${text.replace(/\n$/, "")}\n\`\`\`\n`;
}

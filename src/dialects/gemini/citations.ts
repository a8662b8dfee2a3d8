/**
 * What an answer cites. Gemini counts bytes of UTF-8 and the client characters of UTF-16; a place that does
 * not hold the text it should hold is looked for, and left out when it is not found.
 */
import { Buffer } from "node:buffer";
import type { Citation } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";

/** The text of a choice, and where its parts begin when it came in one piece. */
export interface CitedText {
  readonly text: string;
  /** UTF-16 offsets by the numbers of parts. */
  readonly partStarts: ReadonlyMap<number, number>;
}

/** Kinds of source; one answer may have several. */
export type SourceField = "groundingMetadata" | "citationMetadata" | "urlContextMetadata";
export const SOURCE_FIELDS: readonly SourceField[] = ["groundingMetadata", "citationMetadata", "urlContextMetadata"];

/** Everything cited; the same place cites the same source once. */
export function citationsOf(sources: ReadonlyMap<SourceField, JsonObject>, cited: CitedText): readonly Citation[] {
  const all = [
    ...grounding(sources.get("groundingMetadata"), cited),
    ...quoted(sources.get("citationMetadata"), cited),
    ...fetched(sources.get("urlContextMetadata")),
  ];
  const seen = new Set<string>();
  return all.filter(({ url, startIndex, endIndex }) => {
    const key = `${startIndex} ${endIndex} ${url}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

/** Sources that support a segment stand there; the others are cited for the whole. */
function grounding(metadata: JsonObject | undefined, cited: CitedText): readonly Citation[] {
  const chunks = asArray(metadata?.groundingChunks).map(sourceOf);
  const used = new Set<number>();
  const placed = asArray(metadata?.groundingSupports).filter(isObject).flatMap((support) => {
    const place = placeOf(asObject(support.segment) ?? {}, cited);
    return asArray(support.groundingChunkIndices).flatMap((index) => {
      const source = typeof index === "number" ? chunks[index] : undefined;
      if (source === undefined || typeof index !== "number") return [];
      used.add(index);
      return [{ ...source, ...place }];
    });
  });
  return [...placed, ...chunks.flatMap((source, index) => source === undefined || used.has(index) ? [] : [source])];
}

function sourceOf(chunk: Json): Citation | undefined {
  const fields = asObject(chunk);
  const source = asObject(fields?.web) ?? asObject(fields?.retrievedContext) ?? asObject(fields?.maps);
  const url = asString(source?.uri) ?? "";
  const title = asString(source?.title) ?? "";
  return url === "" ? undefined : { url, ...(title === "" ? {} : { title }) };
}

function quoted(metadata: JsonObject | undefined, cited: CitedText): readonly Citation[] {
  const sources = [...asArray(metadata?.citationSources), ...asArray(metadata?.citations)].filter(isObject);
  return sources.flatMap((source) => {
    const url = asString(source.uri) ?? "";
    const title = asString(source.title) ?? "";
    return url === "" ? [] : [{ url, ...(title === "" ? {} : { title }), ...placeOf(source, cited) }];
  });
}

function fetched(metadata: JsonObject | undefined): readonly Citation[] {
  return asArray(metadata?.urlMetadata).filter(isObject).flatMap((page) => {
    const url = asString(page.retrievedUrl) ?? "";
    return url === "" || page.urlRetrievalStatus !== "URL_RETRIEVAL_STATUS_SUCCESS" ? [] : [{ url }];
  });
}

type Place = Pick<Citation, "startIndex" | "endIndex">;

function placeOf(segment: JsonObject, { text, partStarts }: CitedText): Place {
  const endByte = asNumber(segment.endIndex);
  if (endByte === undefined) return {};
  const from = partStarts.get(asNumber(segment.partIndex) ?? 0) ?? 0;
  const bytes = Buffer.from(text.slice(from), "utf8");
  const offset = (byte: number) => from + bytes.subarray(0, byte).toString("utf8").length;
  const place = { startIndex: offset(asNumber(segment.startIndex) ?? 0), endIndex: offset(endByte) };
  const expected = asString(segment.text) ?? "";
  if (expected === "" || text.slice(place.startIndex, place.endIndex) === expected) return place;
  const found = text.indexOf(expected);
  return found < 0 ? {} : { startIndex: found, endIndex: found + expected.length };
}

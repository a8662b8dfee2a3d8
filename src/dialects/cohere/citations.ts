/**
 * What an answer cites. Only places with an address have a place with clients. Cohere counts characters of one block of
 * the content and the client those of UTF-16 in all the text; where the cited words are not found nothing is pointed at.
 */
import type { Citation } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";

/** The text of an answer, and where its blocks begin in it. */
export interface CitedText {
  readonly text: string;
  /** UTF-16 offsets by the numbers of blocks. */
  readonly blockStarts: ReadonlyMap<number, number>;
}

/** The citations in one of Cohere's, one a source. */
export function citationsOf(citation: JsonObject, cited: CitedText): readonly Citation[] {
  const place = placeOf(citation, cited);
  return asArray(citation.sources).filter(isObject).flatMap((source) => {
    const document = asObject(source.document) ?? asObject(source.tool_output);
    const url = asString(document?.url) ?? "";
    const title = asString(document?.title) ?? "";
    return /^https?:\/\//i.test(url) ? [{ url, ...(title === "" ? {} : { title }), ...place }] : [];
  });
}

type Place = Pick<Citation, "startIndex" | "endIndex">;

/** Thoughts and plans are cited too, but there is no pointing into them. */
function placeOf(citation: JsonObject, { text, blockStarts }: CitedText): Place {
  const start = asNumber(citation.start);
  const end = asNumber(citation.end);
  const kind = asString(citation.type) ?? "TEXT_CONTENT";
  if (start === undefined || end === undefined || kind !== "TEXT_CONTENT") return {};
  const from = blockStarts.get(asNumber(citation.content_index) ?? -1) ?? [...blockStarts.values()][0] ?? 0;
  const characters = [...text.slice(from)];
  const offset = (count: number) => from + characters.slice(0, count).join("").length;
  const place = { startIndex: offset(start), endIndex: offset(end) };
  const expected = asString(citation.text) ?? "";
  if (expected === "" || text.slice(place.startIndex, place.endIndex) === expected) return place;
  const found = text.indexOf(expected);
  return found < 0 ? {} : { startIndex: found, endIndex: found + expected.length };
}

/** One field of a multipart form, found and replaced without touching the other parts. */
import { Buffer } from "node:buffer";

/** Where a text field's value stands in the bytes of a form. */
export interface FieldPlace {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** The boundary a content type names; undefined when it is no multipart form. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  return quoted ?? plain;
}

/** The first text field of this name; undefined when there is none. Fields with a file name are files. */
export function findField(
  form: Uint8Array,
  { boundary, name }: { readonly boundary: string; readonly name: string },
): FieldPlace | undefined {
  const bytes = Buffer.from(form.buffer, form.byteOffset, form.byteLength);
  const mark = Buffer.from(`--${boundary}`);
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
    const headStart = at + mark.length;
    const headEnd = bytes.indexOf("\r\n\r\n", headStart);
    const next = bytes.indexOf(Buffer.from(`\r\n--${boundary}`), Math.max(headEnd, headStart));
    if (headEnd < 0 || next < 0) return undefined;
    const head = bytes.subarray(headStart, headEnd).toString("latin1");
    const isField = /^content-disposition:.*\bname="?([^";\r\n]+)"?/im.exec(head)?.[1] === name && !/\bfilename\*?=/i.test(head);
    if (isField) return { value: bytes.subarray(headEnd + 4, next).toString("utf8"), start: headEnd + 4, end: next };
  }
  return undefined;
}

/** The form with another value in that place. */
export function withValue(form: Uint8Array, { start, end }: FieldPlace, value: string): Uint8Array {
  return Buffer.concat([form.subarray(0, start), Buffer.from(value), form.subarray(end)]);
}

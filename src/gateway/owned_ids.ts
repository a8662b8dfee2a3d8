/**
 * Ids of files and batches that only one credential knows: clients get them with the credential's mark behind, and
 * whatever brings them back goes to that credential. So they survive a restart, and no list of them is kept.
 */

/** `file-abc~0123456789ab`: the id, and the end of the credential's. */
const OWNED = /\b((?:file|batch|vs|assistant)[-_][A-Za-z0-9_-]{1,120})~([0-9a-f]{12})\b/g;
/** Fields of answers that hold such ids. */
const FIELDS =
  /"(id|file_id|input_file_id|output_file_id|error_file_id|first_id|last_id)"(\s*:\s*)"((?:file|batch)[-_][A-Za-z0-9_-]{1,120})"/g;

/** The text with the marks taken off, and the mark it had: the first one, since two accounts cannot serve one request. */
export function withoutMarks(text: string): { readonly text: string; readonly owner: string | undefined } {
  if (!text.includes("~")) return { text, owner: undefined };
  let owner: string | undefined;
  const bare = text.replace(OWNED, (_, id: string, mark: string) => {
    owner ??= mark;
    return id;
  });
  return { text: bare, owner };
}

/** JSON text with the mark of a credential (`<provider>:<12 hex>`) behind each id of a file or batch. */
export function withMarks(text: string, credential: string): string {
  const mark = credential.slice(credential.indexOf(":") + 1);
  return text.replace(FIELDS, (_, field: string, colon: string, id: string) => `"${field}"${colon}"${id}~${mark}"`);
}

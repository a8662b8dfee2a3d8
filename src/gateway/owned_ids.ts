/**
 * Ids of files, batches and cached contents that only one credential knows: clients get them with the credential's mark
 * behind, and whatever brings them back goes to that credential. So they survive a restart, and no list of them is kept.
 */

/** `file-abc~0123456789ab`: the id, and the end of the credential's. Some clients write a slash in JSON as `\/`. */
const OWNED = /\b((?:(?:file|batch|vs|assistant)[-_]|cachedContents\\?\/)[A-Za-z0-9_-]{1,120})~([0-9a-f]{12})\b/g;
/** Fields of answers that hold such ids. */
const FIELDS =
  /"(id|file_id|input_file_id|output_file_id|error_file_id|first_id|last_id|name)"(\s*:\s*)"((?:(?:file|batch)[-_]|cachedContents\/)[A-Za-z0-9_-]{1,120})"/g;

/** A text as its provider knows it, and whose the ids in it are. */
export interface Unmarked {
  readonly text: string;
  /** The first mark. */
  readonly owner: string | undefined;
  /** Marks by id. */
  readonly owners: ReadonlyMap<string, string>;
}

const NOBODY: ReadonlyMap<string, string> = new Map();

/** False when no value of the JSON text can hold a mark; quick, for long texts. Its digits may be written as escapes. */
export function mayHoldMarks(json: string): boolean {
  return /~(?:[0-9a-f]|\\u){12}/.test(json);
}

/** The text with the marks taken off. */
export function withoutMarks(text: string): Unmarked {
  if (!text.includes("~")) return { text, owner: undefined, owners: NOBODY };
  const owners = new Map<string, string>();
  const bare = text.replace(OWNED, (_, id: string, mark: string) => {
    owners.set(id.replace("\\", ""), mark);
    return id;
  });
  const [owner] = owners.values();
  return { text: bare, owner, owners };
}

/**
 * JSON text with the mark of a credential (`<provider>:<12 hex>`) behind each such id, and behind the tokens that turn
 * the pages of a list. A model that is named as Google names it gets its provider in front, as clients know it.
 */
export function withMarks(text: string, credential: string): string {
  const [provider = "", mark = ""] = credential.split(":", 2);
  return text
    .replace(FIELDS, (_, field: string, colon: string, id: string) => `"${field}"${colon}"${id}~${mark}"`)
    .replace(/"nextPageToken"(\s*:\s*)"([^"~]{1,2000})"/g, (_, colon: string, token: string) => `"nextPageToken"${colon}"${token}~${mark}"`)
    .replace(/"model"(\s*:\s*)"models\//g, (_, colon: string) => `"model"${colon}"models/${provider}/`);
}

/** A page's token as its provider knows it, and whose it is. */
export function withoutMark(token: string): { readonly token: string; readonly owner: string | undefined } {
  const [, bare, owner] = /^(.+)~([0-9a-f]{12})$/s.exec(token) ?? [];
  return { token: bare ?? token, owner };
}

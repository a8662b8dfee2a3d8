/** Media types by the extensions of file names. A table of what language models read; the rest is not known here. */

const TYPES: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  json: "application/json",
  xml: "text/xml",
  txt: "text/plain",
  log: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  html: "text/html",
  htm: "text/html",
  css: "text/css",
  js: "text/javascript",
  ts: "text/plain",
  py: "text/x-python",
  rtf: "text/rtf",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  heif: "image/heif",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  ogg: "audio/ogg",
  flac: "audio/flac",
  aac: "audio/aac",
  m4a: "audio/mp4",
  mp4: "video/mp4",
  mov: "video/quicktime",
  mpeg: "video/mpeg",
  webm: "video/webm",
  avi: "video/x-msvideo",
};

/** The type that a file's name or address tells of; undefined when its extension is not known. */
export function fileType(name: string): string | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase();
  return extension === undefined || !Object.hasOwn(TYPES, extension) ? undefined : TYPES[extension];
}

/** The files of the folder that `RECORDED_DIR` names, at any depth; none when it is not set. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";

export interface RecordedFile {
  /** Its path in the folder. */
  readonly name: string;
  readonly text: string;
}

/** Every file whose name ends so, in the order of names. */
export function recordedFiles(ending: string): readonly RecordedFile[] {
  const folder = process.env["RECORDED_DIR"];
  if (folder === undefined) return [];
  const found = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((it) => it.isFile() && it.name.endsWith(ending));
  const paths = found.map((it) => join(it.parentPath, it.name)).sort();
  return paths.map((path) => ({ name: relative(folder, path), text: readFileSync(path, "utf8") }));
}

/**
 * The ids that `keyproxy models` listed last, kept in the data directory for completions: they must not ask a
 * provider. Losing the file costs nothing.
 */
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../kernel/atomic_file.ts";
import { fileHead } from "../kernel/file_ends.ts";
import { parseJson } from "../kernel/json.ts";

const FILE = "models_seen.json";
const MAX_BYTES = 4 * 1024 * 1024;
const IDS = z.array(z.string());

/** Never rejects: a folder that cannot be written to has no completions of models. */
export async function rememberModels(dataDir: string, ids: readonly string[]): Promise<void> {
  await writeFileAtomic(join(dataDir, FILE), `${JSON.stringify(ids)}\n`, 0o600).catch(() => undefined);
}

/** Empty when none were remembered. Never rejects. */
export async function recallModels(dataDir: string): Promise<readonly string[]> {
  const file = await fileHead(join(dataDir, FILE), MAX_BYTES).catch(() => undefined);
  return IDS.safeParse(file?.isWhole ? parseJson(file.text) : undefined).data ?? [];
}

/** Editing an `.env` file for an action: what goes wrong ends the action with the file's name and what to do. */
import { type EnvChanges, writeEnvFile } from "../config/env_file.ts";
import { writeFault } from "../kernel/write_fault.ts";
import { failed, Stop } from "../terminal/stop.ts";

/** As `writeEnvFile`. A `Stop` that deciding on the changes throws stays what it is. */
export async function writeVariables(path: string, changes: EnvChanges | (() => Promise<EnvChanges>)): Promise<void> {
  try {
    await writeEnvFile(path, changes);
  } catch (error) {
    if (error instanceof Stop) throw error;
    throw failed(`Cannot write ${path}: ${writeFault(error)}`);
  }
}

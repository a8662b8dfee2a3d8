/** The first time: a random proxy key is written into `.env` and shown whole, this once. */
import { relative } from "node:path";
import { writeEnvFile } from "../config/env_file.ts";
import { SETTINGS } from "../config/schema.ts";
import { writeFault } from "../kernel/write_fault.ts";
import { line } from "../terminal/frame.ts";
import { look, prose, type Room, tell } from "./room.ts";

/** Does nothing where a key is set already, or where what `.env` holds cannot be read. */
export async function welcome(room: Room): Promise<void> {
  const { setup } = await look(room);
  const { env } = SETTINGS.proxyKeys;
  const isSet = (setup.variables.get(env)?.value.trim() ?? "") !== "";
  if (isSet || setup.sources.problems.length > 0) return;
  const key = room.actions.newProxyKey();
  const file = relative(room.cwd, setup.envFile) || setup.envFile;
  try {
    await writeEnvFile(setup.envFile, { [env]: key });
  } catch (error) {
    await tell(room, "Welcome", [
      ...prose(room, `A proxy key could not be written into ${file}: ${writeFault(error)}`),
      line(""),
      ...prose(
        room,
        `Without one, the proxy serves this machine only. Set ${env} in the environment, or start where files can be written.`,
      ),
    ]);
    return;
  }
  await tell(room, "Welcome", [
    ...prose(room, `Your proxy key was made and written into ${file}. Your applications send it as their API key:`),
    line(""),
    line(`    ${key}`, "bold"),
    line(""),
    ...prose(room, `It is shown whole only now; later you find it in ${file}.`),
  ]);
}

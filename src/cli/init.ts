/** `keyproxy init`: gives `.env` a random proxy key, once. The key is shown this one time. */
import type { ExitCode } from "../terminal/exit.ts";
import { type DeskFlags, perform } from "./desk.ts";
import { newProxyKey } from "./proxy_key.ts";
import { writeVariables } from "./write_variables.ts";

const VARIABLE = "PROXY_API_KEY";

export function init(flags: DeskFlags): Promise<ExitCode> {
  return perform(flags, async ({ terminal, variables, envFile }) => {
    const known = variables.get(VARIABLE);
    if (known !== undefined && known.value.trim() !== "") {
      terminal.print(`${VARIABLE} is set already (${known.origin}); nothing was changed.`);
      return 0;
    }
    const key = newProxyKey();
    await writeVariables(envFile, { [VARIABLE]: key });
    terminal.print(`Wrote ${VARIABLE} to ${envFile}. Your applications send it as their API key; it is not shown again:\n\n  ${key}\n`);
    return 0;
  });
}

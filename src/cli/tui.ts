/** `keyproxy tui`: gives the screens the commands they may call. */
import type { FlagValues } from "../config/load.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Actions } from "../tui/actions.ts";
import { openLauncher } from "../tui/launcher.ts";
import { TOOLS } from "./connect/tools.ts";
import { newProxyKey } from "./proxy_key.ts";

export interface TuiFlags {
  readonly envFile?: string | undefined;
}

export function tui(flags: TuiFlags): Promise<ExitCode> {
  return openLauncher(actionsFor(flags), flags);
}

function actionsFor({ envFile }: TuiFlags): Actions {
  const places = { envFile };
  return {
    serve: async (flags: FlagValues) => await (await import("./serve.ts")).serve({ ...flags, envFile }),
    dashboard: async () => await (await import("./dashboard.ts")).watchStatus(places),
    status: async () => await (await import("./status.ts")).status(places),
    models: async () => await (await import("./models.ts")).models(places),
    tools: TOOLS.map(({ id, name, plan }) => ({ id, name, file: plan({ root: "", key: "", model: undefined }).file?.path ?? null })),
    connect: async (tool, mode) =>
      await (await import("./connect.ts")).connect(tool, { ...places, ...(mode === "write" ? { write: true } : {}) }),
    addCredential: async () => await (await import("./creds/add.ts")).add(undefined, places),
    listCredentials: async () => await (await import("./creds/list.ts")).list(places),
    checkCredentials: async () => await (await import("./creds/check.ts")).check(undefined, places),
    removeCredential: async () => await (await import("./creds/remove.ts")).remove(undefined, places),
    editCredential: async () => await (await import("./creds/edit.ts")).edit(undefined, places),
    importCredentials: async () => await (await import("./creds/import.ts")).importCredentials(places),
    exportLogins: async () => await (await import("./creds/export.ts")).exportLogins(undefined, places),
    newProxyKey,
  };
}

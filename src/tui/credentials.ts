/** Everything `keyproxy creds` does, as a menu. */
import type { ExitCode } from "../terminal/exit.ts";
import type { MenuItem } from "../terminal/menu.ts";
import type { Actions } from "./actions.ts";
import { pick, type Room, run } from "./room.ts";

type Doing = (actions: Actions) => Promise<ExitCode>;

const ITEMS: readonly MenuItem<Doing>[] = [
  { value: (it) => it.addCredential(), label: "Add a key or a login", help: "For any provider, or an OpenAI-compatible one of your own." },
  { value: (it) => it.listCredentials(), label: "List", help: "Where each comes from, how it stands, what it was used for today." },
  { value: (it) => it.checkCredentials(), label: "Check all", help: "Tries each with the cheapest call there is." },
  { value: (it) => it.removeCredential(), label: "Remove", help: "Takes a key out of .env, or sets a login's file aside." },
  {
    value: (it) => it.editCredential(),
    label: "Change rank or name",
    help: "A lower rank is used first; the next one only while no lower one can.",
  },
  { value: (it) => it.importCredentials(), label: "Import", help: "Logins of the vendors' tools, or the folder of an LLM-API-Key-Proxy." },
  { value: (it) => it.exportLogins(), label: "Export logins", help: "As variables, for a host without a disk." },
];

export async function manageCredentials(room: Room): Promise<void> {
  let at = 0;
  while (true) {
    const result = await pick(room, { title: "Manage credentials", items: ITEMS, at });
    if (result.kind !== "chosen") return;
    at = result.at;
    await run(room, () => result.value(room.actions));
  }
}

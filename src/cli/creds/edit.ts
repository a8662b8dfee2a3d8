/** `creds edit`: rank of any credential, and the name a login goes by. */
import type { CredentialView } from "../../app/credential_view.ts";
import { editGrantNotes } from "../../credentials/oauth/grant_files.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { type Desk, type DeskFlags, perform, shownPath } from "../desk.ts";
import { writeVariables } from "../write_variables.ts";
import { prefixOf, priorityVariable } from "./key_variables.ts";
import { lookAtAll } from "./list.ts";
import { askText } from "../../terminal/prompts.ts";
import { chooseView, shortName } from "./select.ts";
import { failed, missing, usage } from "../../terminal/stop.ts";
import { priorityFault, readPriority } from "./values.ts";

export interface EditFlags extends DeskFlags {
  readonly label?: string | undefined;
  readonly priority?: string | undefined;
}

interface Edits {
  readonly label: string | undefined;
  readonly priority: number | undefined;
}

/** Changes what was given, or asks for it. */
export function edit(which: string | undefined, flags: EditFlags): Promise<ExitCode> {
  return perform(flags, async (desk) => {
    const { terminal } = desk;
    const given: Edits = { label: flags.label?.trim(), priority: readPriority(flags.priority) };
    if (given.label === "") throw usage("--label: expected a name");
    const { views } = await lookAtAll(desk);
    const view = await chooseView(which, { views, terminal, question: "Which one do you want to edit?" });
    const edits = given.label === undefined && given.priority === undefined ? await ask(view, desk) : given;
    const file = view.login?.kind === "file" || view.login?.kind === "path"
      ? await editLogin(view, edits)
      : await editKey(view, edits, desk);
    if (flags.json) terminal.print(JSON.stringify({ result: "edited", provider: view.provider, id: view.id, ...edits, file }, null, 2));
    else terminal.print(`Changed ${shortName(view)} in ${shownPath(file, desk)}`);
    return 0;
  });
}

async function ask(view: CredentialView, { terminal }: Desk): Promise<Edits> {
  if (!terminal.isInteractive) throw missing("What to change", "--priority <n> or --label <name>");
  const label = view.login === null || view.login.kind === "env"
    ? undefined
    : await askText("Name", { check: (text) => text === "" ? "a name is needed" : undefined, initial: view.display });
  const priority = await askText("Priority; lower is used first", { check: priorityFault, initial: String(view.priority) });
  return { label, priority: Number(priority) };
}

async function editLogin({ source }: CredentialView, { label, priority }: Edits): Promise<string> {
  await editGrantNotes(source, { ...(label === undefined ? {} : { label }), ...(priority === undefined ? {} : { priority }) });
  return source;
}

/** Keys have no place for a name; their rank is a variable beside them. */
async function editKey(view: CredentialView, { label, priority }: Edits, desk: Desk): Promise<string> {
  const { source, provider, login } = view;
  if (label !== undefined) throw usage(`${shortName(view)} cannot have a name: only logins in files can; the key's variable is ${source}`);
  const variable = login === null ? priorityVariable(source, prefixOf(provider, desk.names)) : undefined;
  if (variable === undefined || priority === undefined) {
    throw usage(`${shortName(view)} cannot be ranked: there is no priority for ${source}; only P_API_KEY and P_API_KEY_<n> have one`);
  }
  if (desk.variables.get(variable)?.origin === "environment") {
    throw failed(`Cannot change ${variable}: it comes from the environment of this process; change it there`);
  }
  await writeVariables(desk.envFile, { [variable]: String(priority) });
  return desk.envFile;
}

/** `keyproxy creds …`: its actions with their flags and help. Parsing only; each action has a file in `creds/`, loaded when it runs. */
import type { Command } from "@commander-js/extra-typings";
import type { Steering } from "../app/admin_client.ts";
import { EXPORT_FORMATS } from "../credentials/oauth/grant_export.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { GROUPS } from "./groups.ts";

type Ran = (code: ExitCode) => void;

const EXAMPLES = `
Examples:
  $ keyproxy creds add                   choose from all providers
  $ keyproxy creds add openai            asks for the key, tries it, writes it
  $ pass openai | keyproxy creds add openai --key-stdin
  $ keyproxy creds add mine --custom --base-url http://10.0.0.7:8000/v1
  $ keyproxy creds list                  what is there and how it stands
  $ keyproxy creds check                 try them all
`;

/** Adds the command with all its actions. */
export function addCredsCommand(program: Command, ran: Ran): void {
  const creds = program.command("creds").helpGroup(GROUPS.keys).description("add, list, check and export API keys and logins").addHelpText(
    "after",
    EXAMPLES,
  );
  addAdd(creds, ran);
  addList(creds, ran);
  addCheck(creds, ran);
  addRemove(creds, ran);
  addEdit(creds, ran);
  addSteering(creds, ran);
  addImport(creds, ran);
  addExport(creds, ran);
}

function withPlaces(command: Command) {
  return command
    .option("--env-file <path>", "file to read and write instead of .env")
    .option("--data-dir <path>", "directory of oauth_creds/ and keyproxy.db (KEYPROXY_DATA_DIR)");
}

function addAdd(creds: Command, ran: Ran): void {
  withPlaces(creds.command("add"))
    .description("add an API key, a login, or a provider of your own")
    .argument("[provider]", "its id, such as openai; asked for when left out")
    .optionsGroup("Keys:")
    .option("--key-stdin", "read the key from standard input")
    .option("--key-env <name>", "read the key from this variable")
    .option("--base-url <url>", "another address for the provider (P_API_BASE)")
    .option("--set <name=value>", "a further variable the provider needs; may be repeated", collect)
    .option("--priority <n>", "rank; lower is used first")
    .option("--custom", "an OpenAI-compatible provider that keyproxy does not know")
    .option("--no-verify", "do not try the key")
    .optionsGroup("Logins:")
    .option("--login", "log in, where a provider takes keys and logins")
    .option("--label <name>", "your own name for the login")
    .option("--accept-status", "log in although the provider restricted or ended this login")
    .option("--no-browser", "do not open a browser; the address is printed in any case")
    .option("--paste-stdin", "read the address the browser ended at, or the code, from standard input")
    .option("--timeout <seconds>", "how long to wait for the login (300)")
    .option("--bind-host <host>", "where the browser's way back is listened for (OAUTH_CALLBACK_HOST; this machine only)")
    .optionsGroup("Options:")
    .option("--json", "print JSON")
    .addHelpText("after", ADD_NOTES)
    .action(async (provider, flags) => ran(await (await import("./creds/add.ts")).add(provider, flags)));
}

const ADD_NOTES = `
Keys go into .env under the next free name: OPENAI_API_KEY, OPENAI_API_KEY_2, …
A key is never taken from the command line, where other users could see it.

Examples:
  $ keyproxy creds add groq
  $ echo "$KEY" | keyproxy creds add groq --key-stdin --json
  $ keyproxy creds add cloudflare --key-env CF --set CLOUDFLARE_ACCOUNT_ID=01ab
  $ keyproxy creds add ollama                   a server here, without a key
  $ keyproxy creds add gemini_cli               log in with a browser
  $ keyproxy creds add gemini_cli --no-browser  … on another machine, and paste
                                                the address here
`;

function addList(creds: Command, ran: Ran): void {
  withPlaces(creds.command("list"))
    .alias("ls")
    .description("list all credentials: where they are from, how they stand, what they were used for today")
    .option("--provider <id>", "only of this provider")
    .option("--json", "print JSON")
    .addHelpText("after", LIST_NOTES)
    .action(async (flags) => ran(await (await import("./creds/list.ts")).list(flags)));
}

const LIST_NOTES = `
Nobody is called, and a server may be running meanwhile. Keys are shown by their
ends only.

Examples:
  $ keyproxy creds list
  $ keyproxy creds list --provider openai --json
`;

function addCheck(creds: Command, ran: Ran): void {
  withPlaces(creds.command("check"))
    .description("try credentials with the cheapest call there is; exit code 1 when one is rejected")
    .argument("[provider|id]", "all of a provider, or one credential; all when left out")
    .option("--json", "print JSON")
    .addHelpText("after", CHECK_NOTES)
    .action(async (which, flags) => ran(await (await import("./creds/check.ts")).check(which, flags)));
}

const CHECK_NOTES = `
Results: valid, rejected, limited, unreachable, not checkable. The list of
models is asked for where it wants a key, else one token of a model that is
known. Logins are renewed first when they are due.

Examples:
  $ keyproxy creds check openai
  $ keyproxy creds check openai:2 --json
`;

function addRemove(creds: Command, ran: Ran): void {
  withPlaces(creds.command("remove"))
    .alias("rm")
    .description("take a key out of .env, or set a login's file aside")
    .argument("[id]", "an id, provider:n, variable or account; asked for when left out")
    .option("-y, --yes", "do not ask")
    .option("--json", "print JSON")
    .addHelpText("after", REMOVE_NOTES)
    .action(async (which, flags) => ran(await (await import("./creds/remove.ts")).remove(which, flags)));
}

const REMOVE_NOTES = `
Logins are never deleted: their files move to oauth_creds/removed/.

Examples:
  $ keyproxy creds remove openai:2
  $ keyproxy creds remove GROQ_API_KEY --yes
`;

function addEdit(creds: Command, ran: Ran): void {
  withPlaces(creds.command("edit"))
    .description("change the rank of a credential, or the name of a login")
    .argument("[id]", "an id, provider:n, variable or account; asked for when left out")
    .option("--label <name>", "your own name for a login")
    .option("--priority <n>", "rank; lower is used first")
    .option("--json", "print JSON")
    .addHelpText("after", EDIT_NOTES)
    .action(async (which, flags) => ran(await (await import("./creds/edit.ts")).edit(which, flags)));
}

const EDIT_NOTES = `
Examples:
  $ keyproxy creds edit openai:2 --priority 1   used while no other key can
  $ keyproxy creds edit gemini_cli:1 --label work
`;

function addSteering(creds: Command, ran: Ran): void {
  const steered = (action: Steering, said: { readonly description: string; readonly notes: string }) =>
    creds.command(action)
      .description(said.description)
      .argument("[id]", "an id, provider:n, variable or account; asked for when left out")
      .option("--url <address>", "address of the server, when it is not the one of HOST and PORT")
      .option("--env-file <path>", "file to read instead of .env")
      .option("--data-dir <path>", "directory of oauth_creds/ and keyproxy.db (KEYPROXY_DATA_DIR)")
      .option("--json", "print JSON")
      .addHelpText("after", STEER_NOTES + said.notes)
      .action(async (which, flags) => ran(await (await import("./creds/steer.ts")).steer(action, which, flags)));
  steered("reset", { description: "end the rests of a credential in the running server", notes: RESET_EXAMPLES });
  steered("disable", { description: "take a credential out of use in the running server", notes: DISABLE_EXAMPLES });
  steered("enable", { description: "put a disabled credential into use again", notes: ENABLE_EXAMPLES });
}

const STEER_NOTES = `
The running server is asked, with KEYPROXY_ADMIN_KEY or else PROXY_API_KEY.
Without a server nothing can be changed.
`;

const RESET_EXAMPLES = `
Examples:
  $ keyproxy creds reset openai:2               use it again at once
  $ keyproxy creds reset GROQ_API_KEY --json
`;

const DISABLE_EXAMPLES = `It stays disabled when the server starts again.

Examples:
  $ keyproxy creds disable openai:2
  $ keyproxy creds disable openai:2 --url http://10.0.0.7:8000
`;

const ENABLE_EXAMPLES = `
Examples:
  $ keyproxy creds enable openai:2
  $ keyproxy creds enable me@example.com
`;

function addImport(creds: Command, ran: Ran): void {
  withPlaces(creds.command("import"))
    .description("take over logins of the vendors' tools, or the folder of an LLM-API-Key-Proxy")
    .option("--from-tool <name>", "gemini_cli, qwen_code, iflow or all")
    .option("--from-folder <path>", "folder with .env, oauth_creds/ and key_usage.json")
    .option("--dry-run", "only say what would be done")
    .option("--json", "print JSON")
    .addHelpText("after", IMPORT_NOTES)
    .action(async (flags) => ran(await (await import("./creds/import.ts")).importCredentials(flags)));
}

const IMPORT_NOTES = `
What is read stays as it is; what is here already is kept.

Examples:
  $ keyproxy creds import --from-tool all
  $ keyproxy creds import --from-folder ../LLM-API-Key-Proxy --dry-run
`;

function addExport(creds: Command, ran: Ran): void {
  withPlaces(creds.command("export"))
    .description("print logins as variables, for a host without a disk")
    .argument("[which]", "a provider, provider:n, or all; asked for when left out")
    .option("--format <format>", `${EXPORT_FORMATS.join(", ")} (env)`)
    .option("--unnumbered", "names without a number: GEMINI_CLI_ACCESS_TOKEN")
    .option("--output <file>", "write a file that only you can read")
    .option("--force", "replace that file")
    .addHelpText("after", EXPORT_NOTES)
    .action(async (which, flags) => ran(await (await import("./creds/export.ts")).exportLogins(which, flags)));
}

const EXPORT_NOTES = `
Examples:
  $ keyproxy creds export gemini_cli:1 >> server.env
  $ keyproxy creds export all --format docker --output env.list
  $ eval "$(keyproxy creds export qwen_code --format shell)"
`;

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...before ?? [], value];
}

/** The commands that show something: `status`, `logs …`, `models`, `providers …`, `doctor`, `health`. Parsing only; their code is loaded when they run. */
import type { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../terminal/exit.ts";
import { GROUPS } from "./groups.ts";
import { actAlone } from "./help.ts";

type Ran = (code: ExitCode) => void;

/** Adds them all. */
export function addLookCommands(program: Command, ran: Ran): void {
  addStatus(program, ran);
  addLogs(program, ran);
  addModels(program, ran);
  addProviders(program, ran);
  addDoctor(program, ran);
  addHealth(program, ran);
}

function withPlaces(command: Command) {
  return command
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env")
    .option("--data-dir <directory>", "directory of the database and the logs (KEYPROXY_DATA_DIR)");
}

/** A server somewhere else than HOST and PORT say. */
function withServer(command: Command) {
  return withPlaces(command.option("--url <address>", "address of the server, when it is not the one of HOST and PORT"));
}

function addStatus(program: Command, ran: Ran): void {
  withServer(program.command("status").option("--provider <id>", "only of this provider"))
    .option("--watch", "stay, refreshed every second, with keys to reset, disable and reload")
    .helpGroup(GROUPS.look)
    .description("show how providers and credentials stand now, and the last requests")
    .addHelpText("after", STATUS_NOTES)
    .action(async ({ watch, ...flags }) =>
      ran(await (watch === true ? (await import("./dashboard.ts")).watchStatus(flags) : (await import("./status.ts")).status(flags)))
    );
}

const STATUS_NOTES = `
The running server is asked, with KEYPROXY_ADMIN_KEY or else PROXY_API_KEY.
Where none answers, the numbers are those the last server stored.

Examples:
  $ keyproxy status
  $ keyproxy status --watch
  $ keyproxy status --provider openai
  $ keyproxy status --json | jq '.providers[].credentials[] | {id, state}'
`;

function addLogs(program: Command, ran: Ran): void {
  const logs = program.command("logs").helpGroup(GROUPS.look)
    .description("list the last requests, show one with its attempts, follow them")
    .addHelpText("after", LOGS_NOTES);
  const list = logs.command("list", { isDefault: true });
  actAlone(logs, list);
  withServer(withFilter(list))
    .description("list the last finished requests (what logs alone does)")
    .option("--limit <count>", "how many, 1 to 1000 (20)")
    .addHelpText("after", LIST_NOTES)
    .action(async (flags) => ran(await (await import("./logs/list.ts")).listRequests(flags)));
  withServer(logs.command("show"))
    .description("show one request with its attempts in order")
    .argument("<request>", "its id or the beginning of it, or last")
    .addHelpText("after", SHOW_NOTES)
    .action(async (which, flags) => ran(await (await import("./logs/show.ts")).showRequest(which, flags)));
  withServer(withFilter(logs.command("follow")))
    .description("print each request as it ends, until Ctrl-C")
    .addHelpText("after", FOLLOW_NOTES)
    .action(async (flags) => ran(await (await import("./logs/follow.ts")).followRequests(flags)));
}

function withFilter(command: Command) {
  return command
    .option("--failed", "only requests that failed")
    .option("--model <text>", "only of models whose id contains this text");
}

const LOGS_NOTES = `
Examples:
  $ keyproxy logs
  $ keyproxy logs list --failed --limit 50
  $ keyproxy logs show last
  $ keyproxy logs follow
`;

const LIST_NOTES = `
The running server knows its last requests. Older ones are read from logs/,
where serve --enable-request-logging keeps them all; failed attempts are kept
in any case.

Examples:
  $ keyproxy logs --failed
  $ keyproxy logs --model gpt-5 --limit 100
  $ keyproxy logs --json | jq '.[] | select(.attempts | length > 1) | .id'
`;

const SHOW_NOTES = `
The id stands in the header x-request-id of every answer.

Examples:
  $ keyproxy logs show last
  $ keyproxy logs show 4f1c
  $ keyproxy logs show 4f1c --json
`;

const FOLLOW_NOTES = `
With --json each request is a line. A server that starts again is followed on.

Examples:
  $ keyproxy logs follow
  $ keyproxy logs follow --failed --json >> failures.jsonl
`;

function addModels(program: Command, ran: Ran): void {
  withPlaces(
    program.command("models").helpGroup(GROUPS.look)
      .option("--provider <id>", "only of this provider")
      .option("--search <text>", "only ids that contain this text")
      .option("--hidden", "the models that filters hide, and the rule that hides each"),
  )
    .description("list the models that can be called, with limits and prices where known")
    .addHelpText("after", MODELS_NOTES)
    .action(async (flags) => ran(await (await import("./models.ts")).models(flags)));
}

const MODELS_NOTES = `
Prices are in US dollars per million tokens; what is not known stays blank.

Examples:
  $ keyproxy models --provider openai
  $ keyproxy models --search sonnet
  $ keyproxy models --hidden
  $ keyproxy models --json | jq '.[].id'
`;

function addProviders(program: Command, ran: Ran): void {
  const providers = program.command("providers").helpGroup(GROUPS.look)
    .description("list the providers that can be used, or show what one needs")
    .addHelpText("after", PROVIDERS_NOTES);
  const list = providers.command("list", { isDefault: true });
  actAlone(providers, list);
  withPlaces(
    list
      .option("--configured", "only those with a credential")
      .option("--search <text>", "only those with this text in id, name or variable"),
  )
    .description("list them (what providers alone does)")
    .addHelpText("after", "\nExample:\n  $ keyproxy providers --configured --json\n")
    .action(async (flags) => ran(await (await import("./providers.ts")).providers(flags)));
  withPlaces(providers.command("show"))
    .description("show address, variables, quirks and logins of one")
    .argument("<provider>", "its id")
    .addHelpText("after", "\nExample:\n  $ keyproxy providers show azure\n")
    .action(async (id, flags) => ran(await (await import("./providers.ts")).showProvider(id, flags)));
}

const PROVIDERS_NOTES = `
Examples:
  $ keyproxy providers --search claude
  $ keyproxy providers --configured
  $ keyproxy providers show cloudflare
`;

function addDoctor(program: Command, ran: Ran): void {
  withPlaces(program.command("doctor"))
    .helpGroup(GROUPS.look)
    .description("look for everything that could be wrong, and say what to do about it; changes nothing")
    .option("--provider <id>", "of the providers, only this one")
    .option("--offline", "call nobody; only the own address is tried")
    .addHelpText("after", DOCTOR_NOTES)
    .action(async (flags) => ran(await (await import("./doctor.ts")).doctor(flags)));
}

const DOCTOR_NOTES = `
Exit code 1 when there is an error, 0 when there are only warnings.

Examples:
  $ keyproxy doctor
  $ keyproxy doctor --offline
  $ keyproxy doctor --provider openai --json
`;

function addHealth(program: Command, ran: Ran): void {
  program.command("health").helpGroup(GROUPS.look)
    .description("ask the running proxy whether it answers; exit 0 when it does, 1 when not")
    .option("--ready", "ask for a usable credential too")
    .option("--url <address>", "address of the server, when it is not the one of HOST and PORT")
    .option("--json", "print JSON")
    .option("--env-file <path>", "file to read instead of .env")
    .addHelpText("after", "\nFor the health check of a container.\n\nExamples:\n  $ keyproxy health\n  $ keyproxy health --ready\n")
    .action(async (flags) => ran(await (await import("./health.ts")).health(flags)));
}

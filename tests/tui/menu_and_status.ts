/** A menu that opens the live status and is there again afterwards, as the launcher does it. Its argument is the server's address. */
import process from "node:process";
import { adminClient } from "../../src/app/admin_client.ts";
import { openTerminal } from "../../src/terminal/terminal.ts";
import { choose } from "../../src/terminal/prompts.ts";
import { openDashboard } from "../../src/tui/dashboard.ts";

const server = adminClient({ url: process.argv[2] ?? "", key: "" });
const terminal = openTerminal();
for (let round = 1;; round++) {
  const chosen = await choose(`Round ${round}: what next?`, [{ value: "status", label: "status and usage" }, {
    value: "exit",
    label: "exit",
  }]);
  if (chosen === "exit") break;
  terminal.say(`the status ended with ${await openDashboard({ locate: () => server, terminal })}`);
}

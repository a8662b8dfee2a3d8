/** Has a running server take up what was saved, and says in words what came of it. */
import { AdminError } from "./admin_client.ts";
import { serverOf } from "./server_place.ts";
import type { Setup } from "./setup.ts";

/** What came of it, as a sentence. `setup`: from before the change, whose address and key a running server has. */
export async function reloadServer(setup: Setup): Promise<string> {
  const server = serverOf(setup);
  try {
    const problems = await server.reload();
    if (problems.length === 0) return `The server at ${server.url} uses it now.`;
    return `The server at ${server.url} keeps what it had: ${problems.join("; ")}`;
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    if (error.kind === "absent") return "No server runs here; the next start uses it.";
    return `The server at ${server.url} could not be told: ${error.message}. It sees changes of .env by itself, within a second.`;
  }
}

/** An address that refuses: a port of this machine on which nobody listens. */
import { once } from "node:events";
import { createServer } from "node:net";

/** As a variable would give it. */
export async function deadPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  server.close();
  await once(server, "close");
  return String(typeof at === "object" && at !== null ? at.port : 0);
}

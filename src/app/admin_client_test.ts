/** What a caller is told when the server cannot be asked. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { serverOf } from "./server_place.ts";
import { parseConfig } from "../config/load.ts";
import { AdminError } from "./admin_client.ts";

/** A port on which nobody listens any more. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  server.close();
  await once(server, "close");
  return typeof at === "object" && at !== null ? at.port : 0;
}

Deno.test("where nobody listens, the server is absent", async () => {
  const env = { HOST: "127.0.0.1", PORT: String(await deadPort()) };
  const reading = parseConfig({ cwd: "/", envFile: "/.env", flags: {}, env, files: [], problems: [], warnings: [] }, { rows: [] });
  assert.ok("config" in reading);
  const server = serverOf(reading);
  assert.equal(server.url, `http://127.0.0.1:${env.PORT}`);
  await assert.rejects(server.status(), (error) => error instanceof AdminError && error.kind === "absent");
});

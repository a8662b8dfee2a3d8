/** Calls to providers go through the proxy of the environment or `.env`, and around it where NO_PROXY says so. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSimulator } from "../simulators/server.ts";
import { CHAT } from "../http/chat.ts";
import { requestJson } from "../support/http_client.ts";
import { startProgram } from "../support/process.ts";

/** A proxy that tunnels every name to one port of this machine, and notes the names. */
async function startProxy(targetPort: number) {
  const asked: string[] = [];
  const server = http.createServer((_request, response) => response.writeHead(400).end());
  server.on("connect", (request, socket, head) => {
    asked.push(request.url ?? "");
    const tunnel = net.connect(targetPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      tunnel.write(head);
      tunnel.pipe(socket).pipe(tunnel);
    });
    for (const end of [socket, tunnel]) end.on("error", () => tunnel.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    asked,
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

Deno.test("a provider is called through HTTP_PROXY of .env, one that NO_PROXY names is called directly", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-proxy-"));
  await using simulator = await startSimulator();
  const proxy = await startProxy(simulator.port);
  try {
    await writeFile(join(folder, ".env"), `HTTP_PROXY=${proxy.url}\nNO_PROXY=127.0.0.1\n`);
    const program = startProgram(["serve", "--host", "127.0.0.1", "--port", "0"], {
      cwd: folder,
      env: { FAR_API_BASE: "http://provider.invalid/v1", NEAR_API_BASE: simulator.baseUrl },
    });
    const url = (await program.prints(/listens on (http:\S+)/))[1];
    for (const [model, names] of [["near/m", []], ["far/m", ["provider.invalid:80"]]] as const) {
      const got = await requestJson(`${url}/chat/completions`, { body: { ...CHAT, model } });
      assert.equal(got.status, 200, got.text);
      assert.deepEqual(proxy.asked, names);
    }
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
  } finally {
    proxy.close();
    await rm(folder, { recursive: true, force: true });
  }
});

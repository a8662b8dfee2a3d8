/** `keyproxy health` as a process: what a container's health check sees. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { startGateway } from "../support/gateway.ts";
import { runProgram } from "../support/process.ts";
import { inFolder } from "../support/folder.ts";

async function withServer(listener: RequestListener, work: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  try {
    await work(typeof address === "object" && address !== null ? address.port : 0);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

Deno.test("health finds the proxy by HOST and PORT, whatever outgoing proxy is set", () =>
  inFolder(async (cwd) => {
    await using gateway = await startGateway();
    const url = gateway.baseUrl.replace("/v1", "");
    const env = { HOST: "0.0.0.0", PORT: String(gateway.port), HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };
    assert.deepEqual(await runProgram(["health"], { cwd, env }), { code: 0, output: `${url}/healthz: ok\n` });
    await writeFile(join(cwd, "here"), `PORT=${gateway.port}\n`);
    assert.deepEqual(await runProgram(["health", "--env-file", "here", "--ready"], { cwd }), { code: 0, output: `${url}/readyz: ok\n` });
  }));

Deno.test("health --ready is 1 while there is no usable credential, and health is 0", () =>
  inFolder(async (cwd) => {
    await using gateway = await startGateway({ env: { LOCAL_API_BASE: undefined, LOCAL_API_KEY_1: undefined } });
    const url = gateway.baseUrl;
    assert.equal((await runProgram(["health", "--url", url], { cwd })).code, 0);
    const ready = await runProgram(["health", "--ready", "--url", url], { cwd });
    assert.deepEqual([ready.code, /readyz: not ok \(status 503\)\n$/.test(ready.output)], [1, true], ready.output);
  }));

Deno.test("health is 1 where another program answers, or one that hangs up", () =>
  inFolder(async (cwd) => {
    const other: RequestListener = (_request, response) => void response.writeHead(404).end("no");
    await withServer(other, async (port) => {
      assert.equal((await runProgram(["health"], { cwd, env: { PORT: String(port) } })).code, 1);
    });
    await withServer((request) => void request.socket.destroy(), async (port) => {
      const ran = await runProgram(["health"], { cwd, env: { PORT: String(port) } });
      assert.deepEqual([ran.code, /healthz: no answer/.test(ran.output)], [1, true], ran.output);
    });
  }));

Deno.test("a broken configuration or address is exit 2", () =>
  inFolder(async (cwd) => {
    const port = await runProgram(["health"], { cwd, env: { PORT: "many" } });
    assert.deepEqual([port.code, /PORT="many"/.test(port.output)], [2, true]);
    assert.equal((await runProgram(["health", "--url", "127.0.0.1"], { cwd })).code, 2);
  }));

Deno.test("health --json says it as data, well or not", () =>
  inFolder(async (cwd) => {
    await using gateway = await startGateway();
    const url = gateway.baseUrl.replace("/v1", "");
    const well = await runProgram(["health", "--json", "--url", url], { cwd });
    assert.deepEqual([well.code, JSON.parse(well.output)], [0, { url: `${url}/healthz`, is_well: true, message: "ok" }]);
    await gateway.close();
    const ill = await runProgram(["health", "--json", "--ready", "--url", url], { cwd });
    assert.deepEqual([ill.code, JSON.parse(ill.output)], [1, { url: `${url}/readyz`, is_well: false, message: "nothing listens there" }]);
  }));

/**
 * The yardstick: Hono on the same runtime, passing each request through to one upstream with node streams
 * and nothing else. Prints its address; its argument is the upstream's port.
 */
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import http from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";

const upstreamPort = Number(process.argv[2]);
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1_024 });
const app = new Hono<{ Bindings: HttpBindings }>();

app.post("/v1/chat/completions", (c) => {
  const { incoming, outgoing } = c.env;
  const { host: _host, ...headers } = incoming.headers;
  const call = http.request(
    { host: "127.0.0.1", port: upstreamPort, path: "/v1/chat/completions", method: "POST", headers, agent },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  incoming.pipe(call);
  return RESPONSE_ALREADY_SENT;
});

const server = createAdaptorServer({ fetch: app.fetch });
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

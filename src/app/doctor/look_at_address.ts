/** Gathers facts of the address to listen on: asks it who is there, and binds it for a moment when nobody is. */
import { lookup } from "node:dns/promises";
import http from "node:http";
import { createServer, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { clientUrl, isLoopback } from "../../kernel/address.ts";
import { asObject, asString, parseJson } from "../../kernel/json.ts";
import { NAME } from "../../kernel/version.ts";
import type { AddressFacts, HostFact, PortFact } from "./address.ts";

const LIMIT_MS = 3_000;
/** More than our own answer to `GET /` ever has. */
const MAX_ANSWER_CHARS = 16 * 1024;

/** `network`: whether names may be looked up. */
export async function lookAtAddress(
  { host, port, network }: { readonly host: string; readonly port: number; readonly network: "online" | "offline" },
): Promise<AddressFacts> {
  const hostFact = await lookAtHost(host, network);
  const isOurs = hostFact.kind === "local";
  return { host, port, hostFact, portFact: isOurs ? await lookAtPort({ host, port }) : null };
}

async function lookAtHost(host: string, network: "online" | "offline"): Promise<HostFact> {
  if (isLoopback(host) || host === "0.0.0.0" || host === "::") return { kind: "local" };
  const isName = isIP(host.replace(/%.*/, "")) === 0;
  if (isName && network === "offline") return { kind: "not_asked" };
  try {
    const found = isName ? (await lookup(host, { all: true })).map(({ address }) => address) : [host.replace(/%.*/, "")];
    const own = Object.values(networkInterfaces()).flatMap((it) => it ?? []).map(({ address }) => address.replace(/%.*/, ""));
    const isOwn = found.some((address) => own.includes(address) || isLoopback(address));
    return isOwn ? { kind: "local" } : { kind: "foreign", address: found[0] ?? host };
  } catch (error) {
    return { kind: "unresolved", code: codeOf(error) };
  }
}

async function lookAtPort(at: { readonly host: string; readonly port: number }): Promise<PortFact> {
  if (at.port === 0) return { kind: "any" };
  const answer = await ask(`${clientUrl(at)}/`);
  if (answer !== "nobody") {
    const welcome = asObject(parseJson(answer.body));
    return welcome?.["name"] === NAME
      ? { kind: "ours", version: asString(welcome["version"]) ?? "unknown" }
      : { kind: "taken", what: answer.what };
  }
  return await bind(at);
}

/** Who answers to `GET /`. Goes past any proxy. */
function ask(url: string): Promise<{ readonly body: string; readonly what: string } | "nobody"> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false, signal: AbortSignal.timeout(LIMIT_MS) }, (reply) => {
      let body = "";
      const server = reply.headers.server;
      const what = `it answers with status ${reply.statusCode ?? 0}${server === undefined ? "" : `, ${server.slice(0, 40)}`}`;
      const done = () => resolve({ body, what });
      reply.setEncoding("utf8");
      reply.on("data", (piece: string) => {
        body += piece;
        if (body.length <= MAX_ANSWER_CHARS) return;
        done();
        reply.destroy();
      });
      reply.on("end", done);
      reply.on("error", done);
      reply.on("close", done);
    });
    // A connection that was made and not answered in HTTP is somebody too.
    let isConnected = false;
    request.on("socket", (socket) => socket.once("connect", () => void (isConnected = true)));
    request.on("error", () => resolve(isConnected ? { body: "", what: "it does not speak HTTP" } : "nobody"));
  });
}

function bind(at: { readonly host: string; readonly port: number }): Promise<PortFact> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      const code = codeOf(error);
      if (code === "EADDRINUSE") resolve({ kind: "taken", what: "" });
      else resolve(code === "EACCES" ? { kind: "forbidden" } : { kind: "unknown", code });
    });
    server.listen(at.port, at.host, () => server.close(() => resolve({ kind: "free" })));
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";
}

/** Gathers facts of the way out: whether the proxies take connections. */
import { connect } from "node:net";
import type { Config } from "../../config/config.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { OutgoingFacts } from "./outgoing.ts";

const LIMIT_MS = 5_000;

/** `network`: whether connections may be tried. */
export async function lookAtOutgoing(
  { config: { upstreamProxy }, providers, network }: {
    readonly config: Pick<Config, "upstreamProxy">;
    readonly providers: OutgoingFacts["providers"];
    readonly network: "online" | "offline";
  },
): Promise<OutgoingFacts> {
  const named: readonly (readonly [string, Secret | null])[] = [["HTTPS_PROXY", upstreamProxy.https], ["HTTP_PROXY", upstreamProxy.http]];
  const proxies = await Promise.all(named.flatMap(([variable, secret]) => secret === null ? [] : [proxyFact(variable, secret, network)]));
  return { proxies, noProxy: upstreamProxy.noProxy, providers };
}

async function proxyFact(variable: string, secret: Secret, network: "online" | "offline"): Promise<OutgoingFacts["proxies"][number]> {
  const { protocol, host, hostname, port } = new URL(secret.reveal());
  if (network === "offline") return { variable, host, problem: null };
  const at = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
  return { variable, host, problem: await connectionProblem(at) };
}

/** Why no connection can be made; null when one can. */
function connectionProblem(at: { readonly host: string; readonly port: number }): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(at);
    const end = (problem: string | null) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(LIMIT_MS, () => end(`no answer within ${LIMIT_MS / 1000} s`));
    socket.once("connect", () => end(null));
    socket.once("error", (error) => end("code" in error && typeof error.code === "string" ? error.code : error.message));
  });
}

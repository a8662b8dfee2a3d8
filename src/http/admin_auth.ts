/**
 * Who may look at and steer the server: whoever has an admin key, from anywhere; while none is set, programs on this
 * machine that have the proxy key, and no web page. What is open by its place alone trusts nothing that a browser or
 * another machine could bring about.
 */
import type { IncomingMessage } from "node:http";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../kernel/address.ts";
import { type Failure, failure } from "../kernel/failure.ts";
import { checkClient, checkKey } from "./client_auth.ts";

/** Set by proxies in front: behind one, everybody's connection comes from this machine. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/** Undefined when the request may go on, else a 401 or 403 that says what to do. */
export function checkAdmin(
  incoming: { readonly headers: IncomingMessage["headers"]; readonly socket: Pick<IncomingMessage["socket"], "remoteAddress"> },
  { adminKeys, proxyKeys }: Pick<Config, "adminKeys" | "proxyKeys">,
): Failure | undefined {
  const { headers } = incoming;
  if (adminKeys.length > 0) return checkKey(headers, { accepted: adminKeys, variable: "KEYPROXY_ADMIN_KEY", what: "admin key" });
  if (!isLoopback(incoming.socket.remoteAddress ?? "")) return forbidden("are open to this machine only");
  if (FORWARDED.some((name) => headers[name] !== undefined)) return forbidden("are not open to requests that come through another proxy");
  return checkPage(headers) ?? checkClient(headers, proxyKeys);
}

/** Web pages reach this machine too: by a name that was made to lead here, or by sending from a page of somewhere else. */
function checkPage(headers: IncomingMessage["headers"]): Failure | undefined {
  const { host = "", origin } = headers;
  if (!isLoopback(hostName(host))) return forbidden(`are open under 127.0.0.1 and localhost only, not under "${host.slice(0, 100)}"`);
  const isOwn = origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`;
  const site = headers["sec-fetch-site"] ?? "none";
  return isOwn && (site === "none" || site === "same-origin") ? undefined : forbidden("are not open to other web pages");
}

/** The name in a `Host` header, without its port. */
function hostName(host: string): string {
  const name = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(host);
  return (name?.[1] ?? name?.[2] ?? "").toLowerCase();
}

function forbidden(why: string): Failure {
  return failure({
    scope: "gateway",
    kind: "unauthorized",
    status: 403,
    code: "admin_forbidden",
    message: `The admin routes ${why}; to open them, set KEYPROXY_ADMIN_KEY and send it as "Authorization: Bearer <key>"`,
  });
}

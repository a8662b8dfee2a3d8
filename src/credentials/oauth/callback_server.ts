/**
 * The callback of a browser login: a server on this machine that accepts one path, answers the browser when
 * the outcome is known, and is gone afterwards. A stray or foreign call never ends the login.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readQuery, type Returned } from "./pasted.ts";
import type { CodeFlow } from "./row.ts";

export interface CallbackOptions {
  readonly flow: CodeFlow;
  /** 0 = any free one. */
  readonly port: number;
  /** Where to listen instead of the loopback addresses, for containers. */
  readonly bindHost?: string;
  readonly state: string;
  /** A browser came back; `finish` answers it once the outcome is known. */
  readonly onReturn: (returned: Exclude<Returned, { kind: "unusable" }>, finish: (outcome: Outcome) => void) => void;
  /** Somebody called who does not count. */
  readonly onStray: (why: string) => void;
}

/** How the login ended, for the page the browser shows. */
export type Outcome = { readonly kind: "ok" } | { readonly kind: "failed"; readonly reason: string };

export interface Callback {
  readonly redirectUri: string;
  close(): Promise<void>;
}

/** Listens; rejects with node's error when it cannot. */
export async function openCallback(options: CallbackOptions): Promise<Callback> {
  const { flow, bindHost } = options;
  const first = await listen(options, bindHost ?? "127.0.0.1", options.port);
  const servers = [first.server];
  // Browsers may take `localhost` for either address; without IPv6 there is only the one.
  if (bindHost === undefined && flow.callbackHost === "localhost") {
    const second = await listen(options, "::1", first.port).catch(() => undefined);
    if (second !== undefined) servers.push(second.server);
  }
  return {
    redirectUri: `http://${flow.callbackHost}:${first.port}${flow.callbackPath}`,
    close: async () => {
      await Promise.all(servers.map((server) => closed(server)));
    },
  };
}

async function listen(options: CallbackOptions, host: string, port: number): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((incoming, out) => answer(incoming, out, options));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => resolve());
  });
  const address = server.address();
  return { server, port: isAddress(address) ? address.port : port };
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Pages under way are let finish; browsers keep connections open for more.
    server.closeIdleConnections();
  });
}

function answer(incoming: IncomingMessage, out: ServerResponse, { flow, state, onReturn, onStray }: CallbackOptions): void {
  out.setHeader("connection", "close");
  const url = new URL(incoming.url ?? "/", "http://localhost");
  if (url.pathname === "/favicon.ico") return void out.writeHead(204).end();
  if (url.pathname !== flow.callbackPath || incoming.method !== "GET") return void out.writeHead(404).end();
  const returned = readQuery(url.searchParams, state, "state_required");
  if (returned.kind === "unusable") {
    onStray(returned.why);
    return page(out, { status: 400, title: "Not this login", text: `This page was not used: ${returned.why}.` });
  }
  onReturn(returned, (outcome) => finish(out, flow, outcome));
}

function finish(out: ServerResponse, flow: CodeFlow, outcome: Outcome): void {
  const target = outcome.kind === "ok" ? flow.successUrl : flow.failureUrl;
  if (target !== null) return void out.writeHead(302, { location: target }).end();
  if (outcome.kind === "ok") {
    return page(out, { status: 200, title: "Logged in", text: "You can close this page and go back to the terminal." });
  }
  page(out, { status: 200, title: "Not logged in", text: `${outcome.reason}. The terminal says what to do.` });
}

function page(
  out: ServerResponse,
  { status, title, text }: { readonly status: number; readonly title: string; readonly text: string },
): void {
  out.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
  });
  out.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${
      escaped(title)
    }</title>` +
      `<body style="font:16px/1.5 system-ui;max-width:32em;margin:15vh auto;padding:0 1em"><h1 style="font-size:1.4em">${
        escaped(title)
      }</h1>` +
      `<p>${escaped(text)}</p></body></html>`,
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

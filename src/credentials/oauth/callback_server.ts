/**
 * The callback of a browser login: a server on this machine that accepts one path, answers the browser when
 * the outcome is known, and is gone afterwards. A stray or foreign call never ends the login.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "../../kernel/clock.ts";
import { readQuery, type Returned } from "./pasted.ts";
import type { CodeFlow } from "./row.ts";

/** What counts: a code, or the provider's no. */
export type GoodReturn = Exclude<Returned, { kind: "unusable" }>;

export interface CallbackOptions {
  readonly flow: CodeFlow;
  /** 0 = any free one. */
  readonly port: number;
  /** Where to listen instead of the loopback addresses, for containers. */
  readonly bindHost?: string;
  readonly state: string;
  readonly clock: Clock;
  /** A browser came back; `finish` answers it once the outcome is known. `too_late`: it is not waited for any more. */
  readonly onReturn: (returned: GoodReturn, finish: (outcome: Outcome) => void) => "taken" | "too_late";
  /** Somebody called who does not count. */
  readonly onStray: (why: string) => void;
}

/** How the login ended, for the page the browser shows. */
export type Outcome = { readonly kind: "ok" } | { readonly kind: "failed"; readonly reason: string };

export interface Callback {
  readonly redirectUri: string;
  /** Lets pages under way reach the browser, within a second, and ends every connection. */
  close(): Promise<void>;
}

const LAST_PAGE_MS = 1_000;
/** A browser needs one or two. */
const MAX_CONNECTION_COUNT = 32;

/** Listens; rejects with node's error when it cannot. */
export async function openCallback(options: CallbackOptions): Promise<Callback> {
  const { flow, port, bindHost } = options;
  const first = new Listener(options);
  const listeners = [first];
  await first.listen(bindHost ?? "127.0.0.1", port);
  // Browsers may take `localhost` for either address; without IPv6 there is only the one.
  if (bindHost === undefined && flow.callbackHost === "localhost") {
    const second = new Listener(options);
    try {
      await second.listen("::1", first.port);
      listeners.push(second);
    } catch (error) {
      // Then the browser would come back to somebody else.
      if (isInUse(error)) {
        await first.close();
        throw error;
      }
    }
  }
  return {
    redirectUri: `http://${flow.callbackHost}:${first.port}${flow.callbackPath}`,
    close: async () => {
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

/** True when an address is taken by another program. */
export function isInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

class Listener {
  readonly #options: CallbackOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Answers that are written but may not have left yet. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: CallbackOptions) {
    this.#options = options;
    this.#server = createServer((incoming, out) => this.#answer(incoming, out));
    this.#server.maxConnections = MAX_CONNECTION_COUNT;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    const address = this.#server.address();
    return isAddress(address) ? address.port : 0;
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      // It stays: one connection that cannot be taken is not the end of the login.
      this.#server.on("error", reject);
      this.#server.listen({ host, port }, resolve);
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    let cancel = () => {};
    const limit = new Promise<void>((resolve) => cancel = this.#options.clock.after(LAST_PAGE_MS, resolve));
    await Promise.race([Promise.all(this.#leaving), limit]);
    cancel();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #answer(incoming: IncomingMessage, out: ServerResponse): void {
    const { flow, state, onReturn, onStray } = this.#options;
    const [path = "", query = ""] = (incoming.url ?? "").split("?", 2);
    if (path === "/favicon.ico") return this.#send(out, { status: 204 });
    if (path !== flow.callbackPath || incoming.method !== "GET") return this.#send(out, { status: 404 });
    const returned = readQuery(new URLSearchParams(query), state, "state_required");
    if (returned.kind === "unusable") {
      onStray(returned.why);
      return this.#send(out, page(400, "Not this login", `This page was not used: ${returned.why}. The login still waits.`));
    }
    const taken = onReturn(returned, (outcome) => this.#send(out, lastPage(flow, outcome)));
    if (taken === "too_late") this.#send(out, page(409, "Not used", "This login already has an answer. The terminal says which."));
  }

  #send(out: ServerResponse, { status, headers = {}, text = "" }: Page): void {
    const left = new Promise<void>((resolve) => out.once("close", resolve));
    this.#leaving.add(left);
    void left.then(() => this.#leaving.delete(left));
    out.writeHead(status, { connection: "close", ...headers }).end(text);
  }
}

interface Page {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

function lastPage(flow: CodeFlow, outcome: Outcome): Page {
  const target = outcome.kind === "ok" ? flow.successUrl : flow.failureUrl;
  if (target !== null) return { status: 302, headers: { location: target } };
  return outcome.kind === "ok"
    ? page(200, "Logged in", "You can close this page and go back to the terminal.")
    : page(200, "Not logged in", `${outcome.reason}. The terminal says what to do.`);
}

function page(status: number, title: string, words: string): Page {
  const [heading, text] = [escaped(title), escaped(words)];
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
    text:
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${heading}</title>` +
      `<body style="font:16px/1.5 system-ui;max-width:32em;margin:15vh auto;padding:0 1em">` +
      `<h1 style="font-size:1.4em">${heading}</h1><p>${text}</p></body></html>`,
  };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

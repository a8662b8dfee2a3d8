/** A socket for the application: binds, tells the address, and closes without cutting answers short. */
import { createAdaptorServer } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import type { buildServer } from "./server.ts";

export interface Listening {
  /** As bound; the port is the real one when 0 was asked for. */
  readonly host: string;
  readonly port: number;
  /** Takes no new connections and closes idle ones. Resolves when the last one is gone. */
  close(): Promise<void>;
  /** Cuts every connection. */
  destroy(): void;
}

/** Rejects with node's error (`EADDRINUSE`, `EACCES`, `ENOTFOUND`, …) when the address cannot be bound. */
export function listen(app: ReturnType<typeof buildServer>, at: { readonly host: string; readonly port: number }): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(at.port, at.host, () => {
      server.off("error", reject);
      resolve(listeningOn(server as Server));
    });
  });
}

function listeningOn(server: Server): Listening {
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
    destroy: () => server.closeAllConnections(),
  };
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** The base URL a client on this machine would use. */
export function clientUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}

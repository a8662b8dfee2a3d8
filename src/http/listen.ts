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

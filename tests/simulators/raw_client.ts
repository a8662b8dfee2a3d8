/**
 * A client on a bare socket: it shows exactly which bytes came and how the connection ended, which an HTTP
 * client would hide.
 */
import { Buffer } from "node:buffer";
import { connect } from "node:net";

/** A connection under observation. */
export interface RawClient {
  /** Everything received, as text. */
  readonly received: string;
  /** What each read from the socket gave. */
  readonly reads: readonly Uint8Array[];
  /** Writes to the connection. */
  send(text: string): void;
  /** Resolves when what was received includes `text`; rejects when the connection ends before that. */
  sees(text: string): Promise<void>;
  /** Resolves when the other side ended the connection: FIN or RST. */
  readonly ended: Promise<"fin" | "reset">;
  /** Leaves with FIN; resolves when the socket is gone. */
  close(): Promise<void>;
}

/** Connects to a port of 127.0.0.1. */
export async function connectRaw(port: number): Promise<RawClient> {
  const reads: Uint8Array[] = [];
  const received = () => Buffer.concat(reads).toString();
  const ended = Promise.withResolvers<"fin" | "reset">();
  const closed = Promise.withResolvers<void>();
  const connected = Promise.withResolvers<void>();
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, connected.resolve);
  const watchers = new Set<() => void>();
  socket.on("data", (bytes) => {
    reads.push(Buffer.from(bytes));
    for (const watcher of watchers) watcher();
  });
  socket.on("end", () => ended.resolve("fin"));
  socket.on("error", (error) => {
    connected.reject(error);
    ended.resolve("reset");
  });
  socket.on("close", () => closed.resolve());
  await connected.promise;
  return {
    get received() {
      return received();
    },
    reads,
    send: (text) => void socket.write(text),
    async sees(text) {
      const seen = Promise.withResolvers<void>();
      const look = () => received().includes(text) && seen.resolve();
      watchers.add(look);
      look();
      const early = ended.promise.then(() => {
        if (!received().includes(text)) {
          throw new Error(`Cannot see ${JSON.stringify(text)}: the connection ended after ${JSON.stringify(received())}`);
        }
      });
      await Promise.race([seen.promise, early]).finally(() => watchers.delete(look));
    },
    ended: ended.promise,
    close() {
      socket.destroy();
      return closed.promise;
    },
  };
}

/** The text of a POST with a JSON body. */
export function postText(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({
    host: "simulator",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
  });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${text}`;
}

/**
 * The record of one call to a provider whose traffic is kept by itself, beside the log of the request: what
 * was sent and the raw bytes that came back, masked. Listens only; the answer is not held up by it.
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "../../kernel/clock.ts";
import { parseJson } from "../../kernel/json.ts";
import type { HeaderFields, Redactor } from "../redact.ts";
import { ChunkMasker } from "./chunk_masker.ts";
import type { DiskQueue } from "./disk_queue.ts";
import { RequestDirectory } from "./request_directory.ts";

const CHUNK_OVERHEAD_BYTES = 64;

/** A call as it left. */
export interface SentCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: HeaderFields;
  readonly body: string | undefined;
}

/** A reply whose body nobody has begun to read. */
export interface SeenReply {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: IncomingMessage;
}

export interface TrafficLog {
  /** Call it before the body is read. */
  reply(reply: SeenReply): void;
}

export interface TrafficOptions {
  readonly dataDir: string;
  readonly provider: string;
  /** Name of the request's directory, with the number of the call. */
  readonly name: string;
  readonly queue: DiskQueue;
  readonly clock: Clock;
  readonly redactor: Redactor;
}

/** Begins the record at `<dataDir>/logs/<provider>_logs/<name>/`. */
export function openTraffic(call: SentCall, options: TrafficOptions): TrafficLog {
  const { dataDir, provider, name, queue, clock, redactor } = options;
  const directory = new RequestDirectory({ root: join(dataDir, "logs", `${provider}_logs`), name });
  const write = (file: string, value: object, bytes: number) => {
    const text = () => `${JSON.stringify(redactor.value({ timestamp_utc: new Date(clock.now()).toISOString(), ...value }), null, 2)}\n`;
    queue.offer({ bytes, weight: "bulk", run: () => directory.write(file, text()), drop() {} });
  };
  const { method, headers, body = "" } = call;
  const sent = { method, url: redactor.path(call.url.href), headers: redactor.headers(headers) };
  write("request.json", { ...sent, body: parseJson(body) ?? body }, body.length);
  return {
    reply({ status, headers, body }) {
      write("response.json", { status, headers: redactor.headers(headers) }, 0);
      const masker = new ChunkMasker(redactor);
      const decoder = new StringDecoder("utf8");
      const append = (text: string, isLast: "more" | "last") => {
        const run = () => {
          const settled = [...masker.push([{ atMs: 0, text }]), ...(isLast === "last" ? masker.finish() : [])];
          return directory.append("response.txt", settled.map((chunk) => chunk.text).join(""));
        };
        queue.offer({ bytes: text.length + CHUNK_OVERHEAD_BYTES, weight: "bulk", run, drop() {} });
      };
      body.on(
        "data",
        (piece: Buffer | string) => append(decoder.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece), "more"),
      );
      body.once("close", () => append(decoder.end(), "last"));
    },
  };
}

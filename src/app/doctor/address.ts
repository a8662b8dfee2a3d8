/** Where the server is to listen: whether the host is one of ours and the port is to be had. Pure. */
import { clientUrl } from "../../kernel/address.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, note, error } = findingsOf("address");

/** What a name stands for. `local`: an address of this machine. */
export type HostFact =
  | { readonly kind: "local" }
  | { readonly kind: "foreign"; readonly address: string }
  | { readonly kind: "unresolved"; readonly code: string }
  | { readonly kind: "not_asked" };

/** What is at the port. */
export type PortFact =
  | { readonly kind: "free" }
  | { readonly kind: "any" }
  | { readonly kind: "ours"; readonly version: string }
  /** Somebody listens; `what` says what answered, where anything did. */
  | { readonly kind: "taken"; readonly what: string }
  | { readonly kind: "forbidden" }
  | { readonly kind: "unknown"; readonly code: string };

export interface AddressFacts {
  readonly host: string;
  readonly port: number;
  readonly hostFact: HostFact;
  /** Null: not looked at, because the host is not ours. */
  readonly portFact: PortFact | null;
}

export function judgeAddress({ host, port, hostFact, portFact }: AddressFacts): Finding[] {
  return [...ofHost(host, hostFact), ...portFact === null ? [] : [ofPort(portFact, { host, port })]];
}

function ofHost(host: string, fact: HostFact): Finding[] {
  switch (fact.kind) {
    case "local":
      return [];
    case "not_asked":
      return [note(`HOST ${host} was not looked up`)];
    case "unresolved":
      return [error(`HOST ${host} does not resolve (${fact.code})`, "HOST=127.0.0.1")];
    case "foreign":
      return [error(`HOST ${host}${fact.address === host ? "" : ` (${fact.address})`} is no address of this machine`, "HOST=127.0.0.1")];
  }
}

function ofPort(fact: PortFact, at: { readonly host: string; readonly port: number }): Finding {
  const { port } = at;
  switch (fact.kind) {
    case "any":
      return ok("PORT is 0: a free port is chosen and printed at start");
    case "free":
      return ok(`Port ${port} is free: the server will be at ${clientUrl(at)}/v1`);
    case "ours":
      return ok(`keyproxy ${fact.version} is running at ${clientUrl(at)}/v1`);
    case "taken":
      return error(
        `Port ${port} is taken by another program${fact.what === "" ? "" : ` (${fact.what})`}`,
        `PORT=${port < 65_535 ? port + 1 : 8000}`,
      );
    case "forbidden":
      return error(`Port ${port} may not be opened by this user: ports below 1024 need privileges`, "PORT=8000");
    case "unknown":
      return error(`Port ${port} cannot be opened (${fact.code})`, "PORT=8000");
  }
}

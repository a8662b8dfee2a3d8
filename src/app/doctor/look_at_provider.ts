/** Gathers what a provider answers: at its address without a key, then to each credential. Every wait has a limit and obeys its signal. */
import { getProxyForUrl } from "proxy-from-env";
import { createSender, type Sender } from "../../gateway/send.ts";
import { isLoopback } from "../../kernel/address.ts";
import type { Clock } from "../../kernel/clock.ts";
import { failure, isFailure } from "../../kernel/failure.ts";
import type { FullReading } from "../../config/load.ts";
import { NAME, VERSION } from "../../kernel/version.ts";
import { findRow } from "../../providers/catalog.ts";
import { loginStatus } from "../../providers/login_status.ts";
import type { ProviderRow } from "../../providers/row.ts";
import { type Checker, openChecker } from "../check.ts";
import { rowInForce } from "../row_in_force.ts";
import type { DatedAnswer } from "./clock.ts";
import type { CredentialFact, ProviderFact, Reach } from "./providers.ts";
import type { UsableCredential, UsableCredentials } from "./usable_credentials.ts";

const REACH_LIMIT_MS = 12_000;
/** How the sender begins; the finding begins by itself. */
const PHASE = /^(Cannot connect to|No answer from) the provider: /;
/** A provider sees no burst. */
const PARALLEL_COUNT = 4;

export interface ProviderPlaces {
  readonly reading: Pick<FullReading, "config" | "variables">;
  readonly found: UsableCredentials["found"];
  readonly network: "online" | "offline";
  readonly clock: Clock;
  /** Told of every answer that came with a date. */
  readonly onDate: (answer: DatedAnswer) => void;
}

/** Looks at one provider and its credentials. */
export async function lookAtProvider(
  { id, own, signal }: { readonly id: string; readonly own: readonly UsableCredential[]; readonly signal: AbortSignal },
  places: ProviderPlaces,
): Promise<ProviderFact> {
  const { reading: { variables }, found, network, clock } = places;
  const row = rowInForce(id, { found, variables });
  const login = own.some(({ isVendorLogin }) => isVendorLogin) ? loginStatus(id) ?? null : null;
  const untried = own.map(({ view }): CredentialFact => ({ view, verdict: null }));
  const bare = {
    id,
    baseUrl: "",
    baseVariable: `${findRow(id)?.prefixes[0] ?? id.toUpperCase()}_API_BASE`,
    isLocal: false,
    isProxied: false,
    credentials: untried,
    login,
  };
  if (row === undefined) return { ...bare, reach: { kind: "not_asked" } };
  if ("missing" in row) return { ...bare, reach: { kind: "no_address", variable: row.missing } };
  const known = { ...bare, ...routeOf(row) };
  if (network === "offline") return { ...known, reach: { kind: "not_asked" } };
  const sender = createSender(clock);
  const checker = openChecker(clock);
  try {
    const reach = await knock(row, { sender, signal, places });
    if (reach.kind === "failed") return { ...known, reach };
    return { ...known, reach, credentials: await tryAll(own, { row, checker, signal, places }) };
  } finally {
    sender.close();
    checker.close();
  }
}

/** Where calls to a provider go. */
export function routeOf(row: Pick<ProviderRow, "baseUrl" | "isLocal">) {
  const { hostname } = new URL(row.baseUrl);
  return {
    baseUrl: row.baseUrl,
    hostname,
    isLocal: row.isLocal === true || isLoopback(hostname.replace(/^\[|\]$/g, "")),
    isProxied: getProxyForUrl(row.baseUrl) !== "",
  };
}

/** Any answer in HTTP will do: what it says is about the path, not about the way there. */
async function knock(
  row: ProviderRow,
  { sender, signal, places: { clock, onDate } }: { readonly sender: Sender; readonly signal: AbortSignal; readonly places: ProviderPlaces },
): Promise<Reach> {
  const stop = new AbortController();
  const give = () =>
    stop.abort(failure({ scope: "transport", kind: "read_timeout", status: 504, message: `No answer within ${REACH_LIMIT_MS / 1000} s` }));
  const cancel = clock.after(REACH_LIMIT_MS, give);
  signal.addEventListener("abort", give, { once: true });
  const startedAt = clock.now();
  try {
    const url = new URL(row.baseUrl);
    const headers = { accept: "*/*", "user-agent": `${NAME}/${VERSION}` };
    const reply = await sender.send({ url, method: "GET", headers, body: undefined }, {
      connectTimeoutMs: REACH_LIMIT_MS,
      signal: stop.signal,
    });
    if (isFailure(reply)) return { kind: "failed", reason: reply.message.replace(PHASE, "") };
    reply.body.destroy();
    const dateAt = Date.parse(reply.headers["date"] ?? "");
    if (!Number.isNaN(dateAt)) onDate({ from: url.hostname, dateAt, receivedAt: clock.now() });
    return { kind: "answered", status: reply.status, tookMs: clock.now() - startedAt };
  } finally {
    cancel();
    signal.removeEventListener("abort", give);
  }
}

interface Trying {
  readonly row: ProviderRow;
  readonly checker: Checker;
  readonly signal: AbortSignal;
  readonly places: ProviderPlaces;
}

async function tryAll(own: readonly UsableCredential[], { row, checker, signal, places: { reading } }: Trying): Promise<CredentialFact[]> {
  const facts: CredentialFact[] = [];
  const waiting = own.entries();
  const model = reading.config.providers.get(row.id)?.models[0]?.id ?? findRow(row.id)?.models?.[0];
  const work = async () => {
    for (const [at, { view, credential }] of waiting) {
      if (signal.aborted) return;
      const verdict = credential === null ? null : await checker.check({ row, credential, model, depth: "call", signal });
      facts[at] = { view, verdict };
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_COUNT, own.length) }, work));
  return facts;
}

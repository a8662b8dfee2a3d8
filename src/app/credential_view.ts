/**
 * Every credential as a person asks about it: what it is, where it came from, how it stands, what it was used
 * for today. Reads only: neither the state of a running server nor any login is changed, and no provider is called.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { closest } from "../config/suggest.ts";
import { type Credential, credentialId, type LoginCredential } from "../credentials/credential.ts";
import { credentialsFromEnv, type EnvCredentials } from "../credentials/from_env.ts";
import { identityOf } from "../credentials/grant.ts";
import { findGrants, type FoundGrant } from "../credentials/oauth/discovery.ts";
import { OAUTH_ROWS, oauthRow } from "../credentials/oauth/rows.ts";
import { dueAt, tokenLife } from "../credentials/oauth/token_life.ts";
import { systemClock } from "../kernel/clock.ts";
import type { DayCounters } from "../kernel/day_counters.ts";
import type { Variables } from "../kernel/variables.ts";
import { describe, stands, usableAt } from "../pool/health.ts";
import { dayName } from "../pool/quota.ts";
import { CATALOG, findRow } from "../providers/catalog.ts";
import { DATABASE_NAME } from "../store/open.ts";
import { readSqliteState } from "../store/sqlite.ts";
import { ServiceAccounts } from "./service_accounts.ts";
import type { RestRow, StoredState } from "../store/store.ts";

/** How a credential stands. `untilAt`: epoch ms at which that ends by itself; null = unknown, or never. */
export interface Standing {
  readonly word: "ready" | "due" | "expired" | "needs_login" | "resting" | "quarantined" | "disabled";
  /** Why, for a person; empty when there is nothing to say. */
  readonly reason: string;
  readonly untilAt: number | null;
}

export interface CredentialView {
  readonly id: string;
  readonly provider: string;
  readonly providerName: string;
  /** From 1 within its provider, logins first: `provider:n` names it. */
  readonly number: number;
  readonly display: string;
  readonly kind: Credential["kind"];
  /** Variable or file. */
  readonly source: string;
  /** Where the variable stands: `environment` or a path; null for logins that lie in files. */
  readonly origin: string | null;
  readonly priority: number;
  /** Only of logins that a person made; service accounts have none. */
  readonly login: FoundGrant | null;
  /** Of the credential as a whole. */
  readonly standing: Standing;
  /** Models it cannot serve now. */
  readonly resting: readonly { readonly model: string; readonly reason: string; readonly untilAt: number }[];
  readonly today: Readonly<DayCounters>;
}

export interface CredentialViews {
  /** By provider. */
  readonly views: readonly CredentialView[];
  readonly warnings: readonly string[];
  /** What the environment says, for addresses. */
  readonly found: EnvCredentials;
  /** Service accounts, ready to be used. */
  readonly accounts: readonly LoginCredential[];
}

export interface ViewPlaces {
  readonly config: Config;
  readonly variables: Variables;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Epoch ms. */
  readonly now: number;
}

/** Looks at everything. Never rejects: what cannot be read is a warning. */
export async function viewCredentials(places: ViewPlaces): Promise<CredentialViews> {
  const { config, variables, cwd, env, now } = places;
  const found = credentialsFromEnv({ variables, rows: CATALOG, mentioned: config.providers.keys(), closest });
  const logins = await findGrants({
    dataDir: config.dataDir,
    home: env.HOME ?? env.USERPROFILE ?? null,
    variables,
    rows: OAUTH_ROWS,
    cwd,
    toolFiles: "leave",
  });
  const accounts = await new ServiceAccounts({ clock: systemClock, fetch, learn: () => {} }).find({ variables, cwd });
  const { state, warnings } = storedState(config, now);
  const memory = memoryOf(state);
  const numbers = new Map<string, number>();
  const number = (provider: string) => {
    numbers.set(provider, (numbers.get(provider) ?? 0) + 1);
    return numbers.get(provider) ?? 1;
  };
  const nameOf = (provider: string) => oauthRow(provider)?.name ?? findRow(provider)?.name ?? provider;
  const views = [
    ...logins.found.map((it) => loginView(it, { memory, now, number: number(it.provider), providerName: nameOf(it.provider), variables })),
    ...[...accounts.credentials, ...found.credentials].map((it) => {
      const origin = variables.get(it.source)?.origin ?? null;
      return { ...viewOf(it, { memory, now }), number: number(it.provider), providerName: nameOf(it.provider), origin, login: null };
    }),
  ];
  return {
    views: byProvider(views),
    warnings: [...found.warnings, ...logins.warnings, ...accounts.warnings, ...warnings],
    found,
    accounts: accounts.credentials,
  };
}

/** In the order in which providers first appear, so that the credentials of one stand together. */
function byProvider(views: readonly CredentialView[]): CredentialView[] {
  return [...Map.groupBy(views, ({ provider }) => provider).values()].flat();
}

/** What the store says, by credential. */
interface Memory {
  readonly usage: ReadonlyMap<string, StoredState["usage"]>;
  readonly rests: ReadonlyMap<string, StoredState["rests"]>;
}

function memoryOf(state: StoredState): Memory {
  return {
    usage: Map.groupBy(state.usage, (row) => row.credential),
    rests: Map.groupBy(state.rests, (row) => row.credential),
  };
}

const NOTHING: StoredState = { usage: [], rests: [], lastResetAt: null };

function storedState({ dataDir, dailyResetMinute }: Config, now: number): { readonly state: StoredState; readonly warnings: string[] } {
  const path = join(dataDir, DATABASE_NAME);
  // Nothing was served from here yet.
  if (!existsSync(path)) return { state: NOTHING, warnings: [] };
  try {
    return { state: readSqliteState({ path, sinceDay: dayName(now, dailyResetMinute) }), warnings: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { state: NOTHING, warnings: [`Cannot read what was used and what rests from ${path}: ${why}`] };
  }
}

interface Seen {
  readonly memory: Memory;
  readonly now: number;
}

type Own = Pick<Credential, "id" | "provider" | "display" | "kind" | "source" | "priority">;

/** The part that keys and logins have in common. */
function viewOf({ id, provider, display, kind, source, priority }: Own, { memory, now }: Seen) {
  const rests = (memory.rests.get(id) ?? []).filter((rest) => stands(rest, now));
  const whole = rests.find(({ model }) => model === null);
  return {
    id,
    provider,
    display,
    kind,
    source,
    priority,
    standing: whole === undefined ? READY : restStanding(whole, now),
    resting: rests.flatMap((rest) => rest.model === null ? [] : [{ ...wordsOf(rest, now), model: rest.model }]),
    today: countersOf(memory.usage.get(id) ?? []),
  };
}

const READY: Standing = { word: "ready", reason: "", untilAt: null };

function restStanding(rest: RestRow, now: number): Standing {
  const { reason, untilAt } = wordsOf(rest, now);
  switch (describe(rest).state) {
    case "disabled":
      return { word: "disabled", reason, untilAt: null };
    case "quarantined":
      return { word: "quarantined", reason, untilAt };
    default:
      return { word: "resting", reason, untilAt };
  }
}

function wordsOf(rest: RestRow, now: number): { readonly reason: string; readonly untilAt: number } {
  return { reason: describe(rest).reason, untilAt: Math.max(usableAt(rest, now), now) };
}

function countersOf(rows: StoredState["usage"]): DayCounters {
  const total = { requestCount: 0, failureCount: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0 };
  for (const row of rows) {
    total.requestCount += row.requestCount;
    total.failureCount += row.failureCount;
    total.inputTokens += row.inputTokens;
    total.cachedTokens += row.cachedTokens;
    total.outputTokens += row.outputTokens;
    total.costUsd += row.costUsd;
  }
  return total;
}

function loginView(
  found: FoundGrant,
  { variables, number, providerName, ...seen }: Seen & {
    readonly number: number;
    readonly providerName: string;
    readonly variables: Variables;
  },
): CredentialView {
  const { provider, grant, source, priority, label } = found;
  const id = credentialId(provider, identityOf(grant));
  const display = label ?? grant.account ?? `login ${id.slice(-6)}`;
  const view = viewOf({ id, provider, display, kind: "oauth", source, priority }, seen);
  const standing = view.standing.word === "ready" ? loginStanding(found, seen.now) : view.standing;
  const origin = found.kind === "env" ? variables.get(source)?.origin ?? null : null;
  return { ...view, number, providerName, origin, login: found, standing };
}

/** From the grant alone: what a running server knows beyond it shows as a rest. */
function loginStanding({ provider, grant }: FoundGrant, now: number): Standing {
  const life = tokenLife(grant, undefined);
  const untilAt = grant.expiresAt;
  if (grant.refreshToken === null) {
    const isOver = now >= life.endsAt;
    return isOver
      ? { word: "needs_login", reason: "it has ended and cannot be renewed", untilAt: null }
      : { word: "ready", reason: "cannot be renewed", untilAt };
  }
  if (grant.expiresAt === null) return { word: "due", reason: "is renewed at its first use", untilAt };
  if (now >= grant.expiresAt) return { word: "expired", reason: "is renewed at its next use", untilAt };
  const aheadMs = oauthRow(provider)?.refreshAheadMs ?? 0;
  return now < dueAt(life, aheadMs) ? { word: "ready", reason: "", untilAt } : { word: "due", reason: "is renewed soon", untilAt };
}

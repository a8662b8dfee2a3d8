/**
 * Every credential with its standing, fit to be tried without changing anything: logins are used as they lie on
 * disk and never renewed, and those of the vendors' tools are not copied.
 */
import type { FullReading, Sources } from "../../config/load.ts";
import { type Credential, loginCredential } from "../../credentials/credential.ts";
import type { EnvCredentials } from "../../credentials/from_env.ts";
import type { Grant } from "../../credentials/grant.ts";
import type { FoundGrant } from "../../credentials/oauth/discovery.ts";
import type { Login } from "../../credentials/login.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Secret } from "../../kernel/secret.ts";
import { viewCredentials } from "../credential_view.ts";
import { ServiceAccounts } from "../service_accounts.ts";
import type { CredentialFact } from "./providers.ts";

export interface UsableCredential {
  readonly view: CredentialFact["view"];
  /** Null: it can only be tried after a renewal or a new login. */
  readonly credential: Credential | null;
  /** It comes from a login with the vendor, not from a key or a service account. */
  readonly isVendorLogin: boolean;
}

export interface UsableCredentials {
  readonly usable: readonly UsableCredential[];
  readonly warnings: readonly string[];
  /** For addresses. */
  readonly found: EnvCredentials;
}

/** `learn` is told of every secret, so that none is printed. */
export async function usableCredentials(
  { sources, reading, clock, learn }: {
    readonly sources: Pick<Sources, "cwd" | "env">;
    readonly reading: Pick<FullReading, "config" | "variables">;
    readonly clock: Clock;
    readonly learn: (secrets: readonly Secret[]) => void;
  },
): Promise<UsableCredentials> {
  const { cwd, env } = sources;
  const { config, variables } = reading;
  const now = clock.now();
  const { views, warnings, found } = await viewCredentials({ config, variables, cwd, env, now });
  const keys = new Map(found.credentials.map((it) => [it.id, it]));
  learn(found.credentials.flatMap((it) => it.kind === "oauth" ? [] : [it.secret]));
  learn(views.flatMap(({ login }) => login === null ? [] : secretsOf(login.grant)));
  const accounts = await new ServiceAccounts({ clock, fetch, learn }).find({ variables, cwd });
  const counts = Map.groupBy(views, ({ provider }) => provider);
  const serviceLogins = accounts.credentials.map((credential, at): UsableCredential => ({
    view: {
      ...credential,
      number: (counts.get(credential.provider)?.length ?? 0) + at + 1,
      standing: { word: "ready", reason: "", untilAt: null },
    },
    credential,
    isVendorLogin: false,
  }));
  const usable = views.map((view): UsableCredential => ({
    view,
    credential: view.login === null ? keys.get(view.id) ?? null : asItLies(view.login, now),
    isVendorLogin: view.login !== null,
  }));
  return { usable: [...usable, ...serviceLogins], warnings: [...warnings, ...accounts.warnings], found };
}

/** The login as a credential while its token is known to be good; null otherwise. */
function asItLies({ provider, grant, source, priority, label }: FoundGrant, now: number): Credential | null {
  if (grant.expiresAt === null || now >= grant.expiresAt) return null;
  const login: Login = {
    current: () => grant,
    state: () => ({ kind: "ok" }),
    access: () => Promise.resolve(grant),
    markWithdrawn: () => {},
  };
  return loginCredential({ provider, login, source, priority, ...(label === null ? {} : { label }) });
}

function secretsOf(grant: Grant): Secret[] {
  return [grant.accessToken, grant.refreshToken, grant.idToken, grant.apiKey, grant.clientSecret].filter((it) => it !== null);
}

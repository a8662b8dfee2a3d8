/**
 * The OAuth logins of a running application: found in all their places, kept alive over reloads, renewed in
 * the background. A login that is known keeps its tokens; only what was changed from outside replaces them.
 */
import type { Config } from "../config/config.ts";
import { credentialId, type LoginCredential, loginCredential } from "../credentials/credential.ts";
import { type Grant, identityOf } from "../credentials/grant.ts";
import { findClient } from "../credentials/oauth/client.ts";
import { completionOf } from "../credentials/oauth/completions.ts";
import { findGrants, type FoundGrant } from "../credentials/oauth/discovery.ts";
import { oauthEndpoints } from "../credentials/oauth/endpoints.ts";
import { LiveLogin } from "../credentials/oauth/live_login.ts";
import { type Refresher, startRefresher } from "../credentials/oauth/refresher.ts";
import type { OAuthRow } from "../credentials/oauth/row.ts";
import { OAUTH_ROWS } from "../credentials/oauth/rows.ts";
import { refreshGrant } from "../credentials/oauth/token_endpoint.ts";
import type { Random } from "../kernel/clock.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Variables } from "../kernel/variables.ts";
import type { Told } from "./told.ts";

export interface LoginsOptions {
  readonly told: Told;
  readonly random: Random;
  readonly fetch: typeof fetch;
  /** Told of every secret that appears, so that none is ever written down. */
  readonly learn: (secrets: readonly Secret[]) => void;
  /** A login has new tokens. */
  readonly onRenewed: (credential: { readonly provider: string; readonly id: string }) => void;
}

/** Where logins are looked for. */
export interface LoginPlaces {
  readonly config: Config;
  readonly variables: Variables;
  /** Absolute; relative paths in variables start here. */
  readonly cwd: string;
  /** The process's own environment: home directory and search path. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Known {
  readonly live: LiveLogin;
  readonly place: string;
  /** The tokens that were found last: others were put there by somebody else. */
  found: string;
}

export class Logins {
  readonly #options: LoginsOptions;
  readonly #known = new Map<string, Known>();
  #refresher: Refresher | undefined;
  #lastPlaces: LoginPlaces | undefined;

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** Looks at all places anew. Warnings name places, never tokens. */
  async find(places: LoginPlaces): Promise<{ readonly credentials: readonly LoginCredential[]; readonly warnings: readonly string[] }> {
    const { config, variables, cwd, env } = places;
    this.#lastPlaces = places;
    const { found, warnings } = await findGrants({
      dataDir: config.dataDir,
      home: env.HOME ?? env.USERPROFILE ?? null,
      variables,
      rows: OAUTH_ROWS,
      cwd,
      toolFiles: "copy",
    });
    const credentials = found.flatMap((it) => this.#credential(it) ?? []);
    const ids = new Set(credentials.map(({ id }) => id));
    for (const [id, { live }] of this.#known) {
      if (ids.has(id)) continue;
      this.#known.delete(id);
      // Requests under way may still use it; what it has not saved is saved now.
      void live.close();
    }
    return { credentials, warnings };
  }

  /** Begins to renew logins ahead of their end. */
  start(intervalMs: () => number, firstScan: "soon" | "after_interval"): void {
    const { told: { clock }, random } = this.#options;
    this.#refresher = startRefresher({ logins: () => this.#live(), intervalMs, firstScan, clock, random });
  }

  /** Ends renewing; one that is under way is finished first, since its tokens would be lost. */
  async close(): Promise<void> {
    await this.#refresher?.close();
  }

  *#live(): Iterable<LiveLogin> {
    for (const { live } of this.#known.values()) yield live;
  }

  #credential(found: FoundGrant): LoginCredential | undefined {
    const { provider, grant, source, priority, label } = found;
    const row = OAUTH_ROWS.find((it) => it.provider === provider);
    if (row === undefined) return undefined;
    const id = credentialId(provider, identityOf(grant));
    const live = this.#login(id, found, row);
    this.#options.learn(secretsOf(live.current()));
    return loginCredential({ provider, login: live, source, priority, ...(label === null ? {} : { label }) });
  }

  #login(id: string, { provider, grant, keeper }: FoundGrant, row: OAuthRow): LiveLogin {
    const { told, random, fetch, learn, onRenewed } = this.#options;
    const known = this.#known.get(id);
    if (known?.place === keeper.place) {
      if (known.found !== tokensOf(grant)) known.live.replace(grant);
      known.found = tokensOf(grant);
      return known.live;
    }
    const live = new LiveLogin({
      label: grant.account ?? id,
      endpoints: () => oauthEndpoints(row, this.#places().variables),
      grant,
      keeper,
      completion: completionOf(provider),
      client: (current) => {
        const places = this.#places();
        return findClient({ endpoints: oauthEndpoints(row, places.variables), grant: current, path: places.env.PATH ?? "" });
      },
      refresh: refreshGrant,
      fetch,
      clock: told.clock,
      random,
      warn: told.warn,
      note: told.note,
    });
    live.onChange(() => {
      learn(secretsOf(live.current()));
      onRenewed({ provider, id });
    });
    this.#known.set(id, { live, place: keeper.place, found: tokensOf(grant) });
    return live;
  }

  /** Where was looked last: a reload changes clients and addresses of logins that live on. */
  #places(): LoginPlaces {
    if (this.#lastPlaces === undefined) throw new Error("Cannot renew a login before any was looked for");
    return this.#lastPlaces;
  }
}

function secretsOf(grant: Grant): Secret[] {
  return [grant.accessToken, grant.refreshToken, grant.idToken, grant.apiKey, grant.clientSecret].filter((it) => it !== null);
}

function tokensOf(grant: Grant): string {
  return secretsOf(grant).map((it) => it.reveal()).join("\n");
}

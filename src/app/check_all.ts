/** Every credential with what it takes to try it: the row in force, a model that is known, a login that can renew itself. */
import type { Credential } from "../credentials/credential.ts";
import { systemRandom } from "../kernel/clock.ts";
import { findRow } from "../providers/catalog.ts";
import { openChecker, type Verdict } from "./check.ts";
import { type CredentialView, viewCredentials, type ViewPlaces } from "./credential_view.ts";
import { Logins } from "./logins.ts";
import { rowInForce } from "./row_in_force.ts";
import type { Told } from "./told.ts";

export interface Checks {
  readonly views: readonly CredentialView[];
  readonly warnings: readonly string[];
  /** Tries the credential of a view. Never rejects. */
  check(view: CredentialView, signal: AbortSignal): Promise<Verdict>;
  close(): Promise<void>;
}

/** Finds all credentials as a server at its start would; logins of the vendors' tools are copied as there. */
export async function openChecks(places: ViewPlaces, told: Told): Promise<Checks> {
  const { config, variables } = places;
  const logins = new Logins({ told, random: systemRandom, fetch, learn: () => {}, onRenewed: () => {} });
  const live = await logins.find(places);
  const { views, warnings, found, accounts } = await viewCredentials(places);
  const credentials = new Map<string, Credential>([...found.credentials, ...accounts, ...live.credentials].map((it) => [it.id, it]));
  const checker = openChecker(told.clock);
  return {
    views,
    warnings: [...new Set([...live.warnings, ...warnings])],
    async check({ id, provider }, signal) {
      const credential = credentials.get(id);
      const row = rowInForce(provider, { found, variables });
      if (credential === undefined || row === undefined) return { kind: "not_checkable", reason: "it cannot be used" };
      if ("missing" in row) return { kind: "not_checkable", reason: `its address needs ${row.missing}` };
      const model = config.providers.get(provider)?.models[0]?.id ?? findRow(provider)?.models?.[0];
      return await checker.check({ row, credential, model, depth: "call", signal });
    },
    async close() {
      await logins.close();
      checker.close();
    },
  };
}

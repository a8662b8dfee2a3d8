/**
 * Which OAuth client a login is made and renewed with. Id and secret belong together and come from one place:
 * the environment, the grant, or the vendor's own tool on this machine. None is part of this program.
 */
import type { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";
import type { OAuthEndpoints } from "./endpoints.ts";
import type { OAuthClient } from "./flow.ts";
import { secretOfTool } from "./tool_secret.ts";

export interface ClientSearch {
  readonly endpoints: OAuthEndpoints;
  /** What is to be renewed. */
  readonly grant?: Grant;
  /** The search path for commands, as `PATH` has it. */
  readonly path: string;
}

/** The client, or one sentence that says what to set. */
export async function findClient({ endpoints, grant, path }: ClientSearch): Promise<OAuthClient | { readonly missing: string }> {
  const { row } = endpoints;
  const id = idOf(endpoints, grant);
  if (row.clientAuth === "none") return { id, secret: null };
  const secret = givenSecret(id, { endpoints, grant }) ?? (id === row.clientId ? await secretOfTool(row, path) : undefined);
  return secret === undefined ? { missing: missingSecret(id, endpoints) } : { id, secret };
}

/** `P_CLIENT_ID`, unless the grant came with a whole client of its own: its tokens are good for no other. */
function idOf({ row, clientId }: OAuthEndpoints, grant: Grant | undefined): string {
  const own = grant?.clientId ?? null;
  if (own !== null && (row.clientAuth === "none" || grant?.clientSecret !== null)) return own;
  return clientId ?? own ?? row.clientId;
}

/** The secret that goes with `id`: from `P_CLIENT_SECRET` when that is about the same client, else from the grant. */
function givenSecret(
  id: string,
  { endpoints: { row, clientId, clientSecret }, grant }: { readonly endpoints: OAuthEndpoints; readonly grant: Grant | undefined },
): Secret | undefined {
  if (clientSecret !== null && id === (clientId ?? row.clientId)) return clientSecret;
  if (grant !== undefined && grant.clientSecret !== null && id === (grant.clientId ?? row.clientId)) return grant.clientSecret;
  // A login that names its client but not its secret: nothing else can be meant.
  return clientId === null ? clientSecret ?? undefined : undefined;
}

function missingSecret(id: string, { row, clientId }: OAuthEndpoints): string {
  const variable = `${row.prefix}_CLIENT_SECRET`;
  if (id === clientId && id !== row.clientId) {
    return `${row.prefix}_CLIENT_ID is set, but not the secret that goes with it: set ${variable}`;
  }
  if (id !== row.clientId) {
    return `The login belongs to an OAuth client whose secret is not known: set ${row.prefix}_CLIENT_ID and ${variable}`;
  }
  return `The secret of the OAuth client of ${row.toolName} is not known: set ${variable}, or install ${row.toolName} on this machine, ` +
    `which brings it along`;
}

/** The routes that tell what can be called: models, providers, and how many tokens a text has. */
import type { IncomingMessage } from "node:http";
import { isOffered, unknownModel } from "../gateway/route.ts";
import type { ServedProvider } from "../gateway/snapshot.ts";
import { countTokens } from "../gateway/tokens.ts";
import { countersJson } from "../kernel/day_counters.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asString } from "../kernel/json.ts";
import { NAME } from "../kernel/version.ts";
import type { ModelFacts } from "../providers/model_facts.ts";
import type { HttpDeps } from "./deps.ts";
import { readJsonBody } from "./ingress.ts";

/** One row of `GET /v1/models`. Facts that nobody knows are absent. */
export interface ModelRow {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly context_length?: number | undefined;
  readonly max_output_tokens?: number | undefined;
  /** US dollars per token, as text. */
  readonly pricing?:
    | { readonly prompt?: string | undefined; readonly completion?: string | undefined; readonly input_cache_read?: string | undefined }
    | undefined;
  readonly architecture?:
    | { readonly input_modalities?: readonly string[] | undefined; readonly output_modalities?: readonly string[] | undefined }
    | undefined;
}

/** `GET /v1/models`: defined models first, then what each provider lists, hidden ones left out. */
export async function modelList(deps: HttpDeps, form: "bare" | "enriched") {
  const providers = [...deps.snapshot().providers.values()];
  await deps.listings.ensure(providers.map((provider) => provider.row.id));
  return { object: "list", data: [...ownNames(deps), ...providers.flatMap((provider) => rowsOf(provider, deps, form))] };
}

/** Aliases and groups, under the names clients write. */
function ownNames(deps: HttpDeps): ModelRow[] {
  const names = [...deps.snapshot().config.modelNames.groups.keys()];
  return names.map((name) => ({ id: name.toLowerCase().replaceAll("_", "-"), object: "model", created: 0, owned_by: NAME }));
}

/** `GET /v1/models/{id}` */
export async function modelById(deps: HttpDeps, id: string): Promise<ModelRow | Failure> {
  const own = ownNames(deps).find((row) => row.id === id);
  if (own !== undefined) return own;
  const provider = deps.snapshot().providers.get(id.slice(0, Math.max(id.indexOf("/"), 0)));
  if (provider === undefined) return unknownModel(id);
  await deps.listings.ensure([provider.row.id]);
  return rowsOf(provider, deps, "enriched").find((row) => row.id === id) ?? unknownModel(id);
}

function rowsOf(provider: ServedProvider, deps: HttpDeps, form: "bare" | "enriched"): ModelRow[] {
  const { row, settings } = provider;
  const upstream = new Map(settings.models.map((model) => [model.name, model.id]));
  for (const model of deps.listings.models(row.id)) if (!upstream.has(model.id)) upstream.set(model.id, model.id);
  return [...upstream]
    .filter(([name]) => isOffered(provider, name))
    .map(([name, id]) => ({
      id: `${row.id}/${name}`,
      object: "model",
      created: 0,
      owned_by: row.id,
      ...(form === "bare" ? {} : shownFacts(deps.factsOf({ provider: row.id, id }))),
    }));
}

/** Facts under the names that clients of model lists look for; prices in US dollars per token, as text. */
function shownFacts(
  facts: ModelFacts | undefined,
): Pick<ModelRow, "context_length" | "max_output_tokens" | "pricing" | "architecture"> {
  if (facts === undefined) return {};
  const { contextTokens, maxOutputTokens, prices, inputModalities, outputModalities } = facts;
  const perToken = (perMillion: number | undefined) =>
    perMillion === undefined ? undefined : String(Number((perMillion / 1e6).toPrecision(12)));
  return {
    context_length: contextTokens,
    max_output_tokens: maxOutputTokens,
    pricing: prices === undefined ? undefined : {
      prompt: perToken(prices.inputPerMillion),
      completion: perToken(prices.outputPerMillion),
      input_cache_read: perToken(prices.cachedInputPerMillion),
    },
    architecture: inputModalities === undefined && outputModalities === undefined
      ? undefined
      : { input_modalities: inputModalities, output_modalities: outputModalities },
  };
}

/** `GET /v1/providers`: where requests go, and how the credentials of each provider are. */
export function providerList(deps: HttpDeps) {
  const data = [...deps.snapshot().providers.values()].map((provider) => {
    const members = provider.pool.report();
    const logins = loginsById(provider);
    const states: Record<string, number> = {};
    for (const member of members) states[member.state] = (states[member.state] ?? 0) + 1;
    return {
      id: provider.row.id,
      name: provider.row.name,
      base_url: provider.row.baseUrl,
      rotation_mode: provider.settings.rotation,
      circuit: provider.pool.circuit,
      queued: provider.pool.queuedCount,
      in_flight: provider.pool.inFlightCount,
      credential_count: members.length,
      credentials_by_state: states,
      credentials: members.map(({ id, display, state, reason, until, inFlightCount, today }) => ({
        id,
        display,
        state,
        reason,
        until,
        ...(logins.has(id) ? { login: logins.get(id) } : {}),
        in_flight: inFlightCount,
        today: countersJson(today),
      })),
    };
  });
  return { object: "list", data };
}

/** How the logins among the credentials are: `state` is `ok`, `due`, `failing`, `needs_login`, `misconfigured` or `withdrawn`. */
function loginsById({ pool }: ServedProvider): ReadonlyMap<string, object> {
  return new Map(
    pool.credentials().flatMap((credential) => {
      if (credential.kind !== "oauth") return [];
      const state = credential.login.state();
      const { expiresAt } = credential.login.current();
      const shown = {
        state: state.kind,
        reason: "reason" in state ? state.reason : "",
        expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
      };
      return [[credential.id, shown]];
    }),
  );
}

/** `POST /v1/token-count`: exact for OpenAI's models, an estimate for others, and it says which. */
export async function tokenCount(incoming: IncomingMessage, deps: HttpDeps) {
  const body = await readJsonBody(incoming, deps.snapshot().config.maxBodyBytes);
  if (isFailure(body)) return body;
  const model = asString(body.model);
  if (model === undefined || model === "") return wrongField("model", "a model name is required");
  if (body.messages === undefined && body.text === undefined && body.input === undefined) {
    return wrongField("messages", 'one of "messages", "text" or "input" is required');
  }
  const { count, isEstimate, encoding } = await countTokens({ ...body, model });
  return { token_count: count, is_estimate: isEstimate, encoding };
}

function wrongField(param: string, what: string): Failure {
  return failure({
    scope: "request",
    kind: "invalid_request",
    status: 400,
    message: `Invalid request field "${param}": ${what}`,
    param,
  });
}

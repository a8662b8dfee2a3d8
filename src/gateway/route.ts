/**
 * From the model a client named to the targets that may serve it, in fallback order. Pure, but for the
 * cached model lists it looks at for names without a provider.
 */
import type { Operation } from "../canonical/request.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";
import { nameOfId } from "../kernel/variables.ts";
import { definitionOf, upstreamId, withDefaults } from "../providers/definitions.ts";
import { isVisible, matchesPattern } from "../providers/visibility.ts";
import type { ServedProvider, Snapshot } from "./snapshot.ts";

/** A provider and the model to ask it for. */
export interface Target {
  readonly provider: ServedProvider;
  /** The model as the provider knows it. */
  readonly model: string;
  /** `provider/name`, as listed. */
  readonly id: string;
  /** The request body for this target: defaults laid under it, the provider's model in it. */
  body(native: JsonObject): JsonObject;
}

/** The names a provider offers, as far as they are known now. */
export type OfferedNames = (provider: ServedProvider) => readonly string[];

/** The targets for a model, or the failure that says why there is none. */
export function route(
  snapshot: Snapshot,
  wanted: { readonly model: string; readonly operation: Operation },
  offered: OfferedNames,
): readonly Target[] | Failure {
  const { operation } = wanted;
  const group = standsFor(snapshot, wanted.model);
  const found = (group ?? [wanted.model]).map((model) => targetsOf(snapshot, { model, operation }, offered));
  const targets = found.flatMap((it) => isFailure(it) ? [] : it);
  const [first] = found;
  if (targets.length > 0 || first === undefined) return targets;
  // Of a group nobody can serve, its members are named: the client does not know them.
  return group === undefined && isFailure(first) ? first : unknownModel(wanted.model, noneOf(wanted.model, group ?? []));
}

function noneOf(name: string, members: readonly string[]): string {
  return `None of the models that "${name}" stands for can be reached here: ${members.join(", ")}`;
}

/** What a name of this gateway's own stands for; undefined when it is the name of a provider's model. */
function standsFor({ config, providers }: Snapshot, model: string): readonly string[] | undefined {
  const slash = model.indexOf("/");
  if (slash > 0 && providers.has(model.slice(0, slash).toLowerCase())) return undefined;
  const { groups, patterns } = config.modelNames;
  const group = slash < 0 ? groups.get(nameOfId(model)) : undefined;
  if (group !== undefined) return group;
  const mapped = patterns.find(({ pattern }) => matchesPattern(pattern, model));
  return mapped === undefined ? undefined : [mapped.target.replaceAll("*", () => model)];
}

function targetsOf(
  snapshot: Snapshot,
  wanted: { readonly model: string; readonly operation: Operation },
  offered: OfferedNames,
): readonly Target[] | Failure {
  const named = splitId(snapshot, wanted.model);
  const found = named ?? bareModel(snapshot, wanted.model, offered);
  if ("kind" in found) return found;
  const { provider, name } = found;
  const { row } = provider;
  if (name === "" || (wanted.operation !== "owned" && !isOffered(provider, name))) return unknownModel(wanted.model);
  if (wanted.operation !== "raw" && wanted.operation !== "owned" && !row.operations.includes(wanted.operation)) {
    return unknownModel(wanted.model, `Provider "${row.id}" does not offer ${wanted.operation}`);
  }
  return withFallbacks(provider, name).map((it) => target(provider, it));
}

/** Longest chain of fallbacks, so that one that runs in a circle ends. */
const MOST_FALLBACKS = 4;

/** The model, then what the configuration names in its place, each once. */
function withFallbacks({ settings }: ServedProvider, name: string): string[] {
  const names = [name];
  while (names.length <= MOST_FALLBACKS) {
    const next = settings.fallbacks.get(nameOfId(names.at(-1) ?? name));
    if (next === undefined || names.includes(next)) break;
    names.push(next);
  }
  return names;
}

/** False for a model that the provider's filters hide. */
export function isOffered({ row, settings }: ServedProvider, name: string): boolean {
  return isVisible({ provider: row.id, name }, { whitelist: settings.whitelistModels, ignore: settings.ignoreModels });
}

function target(provider: ServedProvider, name: string): Target {
  const { models } = provider.settings;
  const model = upstreamId(models, name);
  const definition = definitionOf(models, name);
  return {
    provider,
    model,
    id: `${provider.row.id}/${name}`,
    body: (native) => ({ ...(definition === undefined ? native : withDefaults(native, definition)), model }),
  };
}

interface Named {
  readonly provider: ServedProvider;
  readonly name: string;
}

function splitId(snapshot: Snapshot, id: string): Named | Failure | undefined {
  const slash = id.indexOf("/");
  if (slash < 0) return undefined;
  const provider = snapshot.providers.get(id.slice(0, slash).toLowerCase());
  return provider === undefined ? undefined : { provider, name: id.slice(slash + 1) };
}

/** A model id without a configured provider in front: fine when exactly one provider offers it. */
function bareModel(snapshot: Snapshot, model: string, offered: OfferedNames): Named | Failure {
  const owners = [...snapshot.providers.values()].filter((provider) => offered(provider).includes(model));
  const [owner] = owners;
  if (owners.length === 1 && owner !== undefined) return { provider: owner, name: model };
  if (owners.length > 1) {
    const ids = owners.map((provider) => `${provider.row.id}/${model}`).join(", ");
    return unknownModel(model, `Several providers offer "${model}"; name one of: ${ids}`);
  }
  const slash = model.indexOf("/");
  if (slash > 0) {
    const configured = [...snapshot.providers.keys()].join(", ") || "none";
    return unknownModel(model, `Provider "${model.slice(0, slash)}" is not configured; configured are: ${configured}`);
  }
  return unknownModel(model, `No configured provider lists "${model}"; name it as "provider/${model}"`);
}

/** A 404 that does not say whether the model exists but is hidden. */
export function unknownModel(model: string, message = `The model "${model}" does not exist`): Failure {
  return failure({ scope: "request", kind: "unknown_model", status: 404, message, code: "model_not_found", param: "model" });
}

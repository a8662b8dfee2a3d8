/**
 * Models a user defined for a provider: a name of their own for an upstream id, with defaults. Defaults lie
 * under the request and never replace what the client sent, except the reasoning effort, which is the point of such a name.
 */
import { isObject, type JsonObject } from "../kernel/json.ts";

/** A model as the configuration gives it. */
export interface DefinedModel {
  /** The name clients use, after `provider/`. */
  readonly name: string;
  /** The id the provider knows. */
  readonly id: string;
  /** Request fields laid under the client's. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** These make the request what it is; a definition cannot set them. */
const NOT_DEFAULTABLE: ReadonlySet<string> = new Set(["model", "stream"]);

/** The definition of a client's model name; names are compared as they are, since upstream ids have case. */
export function definitionOf(definitions: readonly DefinedModel[], name: string): DefinedModel | undefined {
  return definitions.find((it) => it.name === name);
}

/** What the provider calls the model: the definition's id, or the name itself. */
export function upstreamId(definitions: readonly DefinedModel[], name: string): string {
  return definitionOf(definitions, name)?.id ?? name;
}

/**
 * The request with a definition's defaults under it. Where both give an object (`extra_body`,
 * `chat_template_kwargs`, …) the two are merged one level deep. `model` is left as the client wrote it.
 */
export function withDefaults(body: JsonObject, definition: DefinedModel): JsonObject {
  const merged: Record<string, unknown> = { ...body };
  for (const [key, value] of Object.entries(definition.options)) {
    if (NOT_DEFAULTABLE.has(key)) continue;
    const given = body[key];
    if (given === undefined || key === "reasoning_effort") merged[key] = value;
    else if (isObject(given) && isObject(value)) merged[key] = { ...value, ...given };
  }
  return isObject(merged) ? merged : body;
}

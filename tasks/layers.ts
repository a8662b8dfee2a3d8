/**
 * Who may import whom, as data: the lint plugin refuses what is not here and the architecture test reads the
 * same table. A new edge is a decision; write it here first.
 */

/** What one layer may import: whole layers, and layers or files of which only types. */
export interface Layer {
  /** Layers, or single files of a layer, that may be imported for their values. */
  readonly uses: readonly string[];
  /** Layers, or single files of a layer, of which only types may be imported. */
  readonly types?: readonly string[];
}

/** A layer is a folder of `src/`, or a file directly in it (named without `.ts`). Every layer may import itself. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  kernel: { uses: [] },
  canonical: { uses: ["kernel"] },
  wire: { uses: ["kernel"] },
  dialects: { uses: ["canonical", "wire", "kernel"] },
  store: { uses: ["kernel"] },
  credentials: { uses: ["kernel"], types: ["store", "providers/row"] },
  providers: { uses: ["dialects", "canonical", "wire", "credentials", "kernel"] },
  config: { uses: ["providers/row", "kernel"] },
  pool: { uses: ["credentials", "store", "kernel"], types: ["config"] },
  gateway: { uses: ["pool", "providers", "dialects", "canonical", "wire", "kernel"], types: ["store", "config", "credentials"] },
  http: { uses: ["gateway", "dialects", "wire", "kernel"], types: ["config", "pool", "providers"] },
  terminal: { uses: ["kernel"] },
  tui: { uses: ["app", "config", "credentials", "providers", "terminal", "kernel"], types: ["gateway"] },
  cli: { uses: ["app", "config", "credentials", "providers", "tui", "terminal", "kernel"], types: ["gateway"] },
  runtime: { uses: ["kernel"] },
  app: {
    uses: ["kernel", "canonical", "wire", "dialects", "store", "credentials", "providers", "config", "pool", "gateway", "http", "runtime"],
  },
  lib: { uses: ["pool", "kernel", "credentials", "providers", "store"], types: ["config"] },
  main: { uses: ["cli", "terminal", "runtime"] },
};

/** Packages that only some folders of `src/` may import, in any form. */
export const OWNED_PACKAGES: readonly { readonly name: string; readonly by: readonly string[] }[] = [
  { name: "hono", by: ["http"] },
  { name: "@hono/node-server", by: ["http"] },
  { name: "commander", by: ["cli"] },
  { name: "@commander-js/extra-typings", by: ["cli"] },
  { name: "@clack/prompts", by: ["cli", "tui", "terminal"] },
  { name: "@clack/core", by: ["terminal"] },
];

/** An import from one file of the project to another; paths from the project's root, with `/`. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: "type" | "value";
}

/** The layer a file belongs to; undefined for files outside `src/` other than `main.ts`. */
export function layerOf(path: string): string | undefined {
  if (path === "main.ts") return "main";
  if (!path.startsWith("src/")) return undefined;
  return path.slice("src/".length).split("/")[0]?.replace(/\.ts$/, "");
}

/** Why an import is refused, as a sentence for the person who wrote it; undefined when it is allowed. */
export function clearance({ from, to, kind }: Edge): string | undefined {
  if (to === "deno.json") return undefined;
  const source = layerOf(from);
  const target = layerOf(to);
  if (source === undefined) return undefined;
  const layer = LAYERS[source];
  if (layer === undefined) return `src/${source} is not a layer yet: give it a line in tasks/layers.ts.`;
  if (target === undefined) return `${source} may not import "${to}": it is not part of the program.`;
  if (target === source) return undefined;
  const file = to.replace(/^src\//, "").replace(/\.ts$/, "");
  const allows = (entries: readonly string[]) => entries.includes(target) || entries.includes(file);
  if (allows(layer.uses)) return undefined;
  const types = layer.types ?? [];
  if (!allows(types)) {
    return `${source} may not import ${target}: it may use ${list([...layer.uses, ...types.map((it) => `${it} (types)`)])}.`;
  }
  return kind === "type" ? undefined : `${source} may import only types of ${target}: write "import type".`;
}

function list(entries: readonly string[]): string {
  return entries.length === 0 ? "nothing but itself" : entries.join(", ");
}

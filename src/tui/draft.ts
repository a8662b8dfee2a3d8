/** One visit to the settings: the configuration as it was read, the changes not saved yet, and lists of models once asked for. */
import { type KnownModels, knownModels } from "../app/known_models.ts";
import { type Origin, originOfVariable } from "../app/origin.ts";
import { fileValue, NOTHING_PENDING, type Pending, shownValue, withChange, withPending } from "../app/pending.ts";
import type { BrokenSetup, Setup } from "../app/setup.ts";
import { mergeVariables, parseConfig } from "../config/load.ts";
import { CATALOG } from "../providers/catalog.ts";
import { type ProviderNames, providerNames, type Variables } from "../kernel/variables.ts";
import type { LauncherReading } from "../config/launcher_config.ts";
import { launcherFlags } from "../config/launcher_config.ts";
import { flagKey, SETTINGS } from "../config/schema.ts";
import { type Line, line } from "../terminal/frame.ts";
import { counted } from "../terminal/words.ts";
import { type Editable, providerEditables } from "./editable.ts";
import { withProxyVariables } from "./outgoing.ts";
import { pendingLines } from "./pending_lines.ts";
import { look, type Room, type Standing } from "./room.ts";

const MOST_SHOWN = 5;

export class Draft {
  readonly room: Room;
  #standing: Standing;
  #pending: Pending = NOTHING_PENDING;
  readonly #models = new Map<string, Promise<KnownModels>>();

  private constructor(room: Room, standing: Standing) {
    this.room = room;
    this.#standing = standing;
  }

  static async open(room: Room): Promise<Draft> {
    return new Draft(room, await look(room));
  }

  get setup(): Setup | BrokenSetup {
    return this.#standing.setup;
  }

  get launcher(): LauncherReading {
    return this.#standing.launcher;
  }

  get pending(): Pending {
    return this.#pending;
  }

  /** Everything as it would be after saving. */
  get variables(): Variables {
    return this.#pending.size === 0 ? this.setup.variables : mergeVariables(this.sources());
  }

  get names(): ProviderNames {
    return providerNames(CATALOG, this.variables);
  }

  sources() {
    return withPending(this.setup.sources, this.setup.envFile, this.#pending);
  }

  set(name: string, value: string | null): void {
    this.#pending = withChange(this.#pending, { name, value, before: this.#before(name) });
  }

  discard(): void {
    this.#pending = NOTHING_PENDING;
  }

  /** Reads everything again and keeps the changes: others may have written meanwhile. */
  async refresh(): Promise<void> {
    this.#standing = await look(this.room);
  }

  /** Forgets the changes, which are in the file now, and reads it again. */
  async reread(): Promise<void> {
    this.discard();
    this.#models.clear();
    await this.refresh();
  }

  /** All models of a provider with the changes in force; asked for once a visit and address. */
  models(provider: string): Promise<KnownModels> {
    const reading = parseConfig(this.sources(), { rows: CATALOG });
    if ("problems" in reading) return Promise.resolve({ names: [], isListed: false });
    const { variables } = reading;
    const { address, models } = providerEditables(provider, undefined, { names: this.names, variables });
    const key = JSON.stringify([provider, this.text(address), this.text(models)]);
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const asked = withProxyVariables(variables, () => knownModels(provider, reading));
    this.#models.set(key, asked);
    return asked;
  }

  /** Value and place as they are now, before saving. */
  origin({ name, aliases, fallback }: Pick<Editable, "name" | "aliases" | "fallback">): Origin {
    return originOfVariable([name, ...aliases], { setup: this.setup, room: this.room, fallback });
  }

  /** Why an edit of `.env` would change nothing; undefined when it would. */
  obstacle({ name }: Pick<Editable, "name">): string | undefined {
    const found = this.setup.variables.get(name);
    if (found?.origin === "environment" && found.value.trim() !== "") {
      return `${name} comes from the environment, which is stronger than .env: an edit here would have no effect. Change it there.`;
    }
    const flags = this.launcher.kind === "read" ? launcherFlags(this.launcher.config) : {};
    const setting = [SETTINGS.host, SETTINGS.port, SETTINGS.isRequestLogOn].find((it) => it.env === name);
    if (setting?.flag === undefined || flags[flagKey(setting.flag)] === undefined) return undefined;
    return `${name} comes from launcher_config.json, which is stronger than .env. Change it in the proxy settings.`;
  }

  /** Where a value comes from that taking the variable out of `.env` would not take away; undefined when it would. */
  elsewhere(editable: Editable): string | undefined {
    const { place, variable } = this.origin(editable);
    const isInFile = variable === editable.name && this.#before(editable.name) !== undefined;
    return place === "default" || isInFile ? undefined : `${variable} in ${place}`;
  }

  /** The present value, or `old → new` while a change waits. */
  note(editable: Editable): { readonly note: string; readonly noteStyle: "yellow" | "dim" } {
    const { text, place } = this.origin(editable);
    const { name } = editable;
    const now = place === "default" ? text : shownValue(name, text);
    // A default in words says so by itself.
    const isPhrase = place === "default" && text.includes(" ");
    if (!this.#pending.has(name)) return { note: `${now === "" ? "-" : now}${isPhrase ? "" : `  (${place})`}`, noteStyle: "dim" };
    const next = this.#pending.get(name) ?? null;
    return {
      note: `${now === "" ? "-" : now} → ${next === null ? editable.fallback || "-" : shownValue(name, next)}`,
      noteStyle: "yellow",
    };
  }

  /** The text that stands in a field: the change, else what is set. */
  text({ name, aliases }: Pick<Editable, "name" | "aliases">): string {
    const { pending } = this;
    if (pending.has(name)) return pending.get(name) ?? "";
    const { text, place } = this.origin({ name, aliases, fallback: "" });
    return place === "default" ? "" : text;
  }

  pendingLines(): Line[] {
    return pendingLines(this.#pending, (name) => this.#before(name));
  }

  /** Head of every settings screen while changes wait. */
  head(): Line[] {
    const lines = this.pendingLines();
    if (lines.length === 0) return [];
    const more = lines.length - MOST_SHOWN;
    return [
      line(""),
      line(`  ${counted(lines.length, "change")} not saved:`, "yellow"),
      ...lines.slice(0, MOST_SHOWN),
      ...(more > 0 ? [line(`  … and ${more} more`, "dim")] : []),
    ];
  }

  #before(name: string): string | undefined {
    return fileValue(this.setup.sources, this.setup.envFile, name);
  }
}

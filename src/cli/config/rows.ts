/** Settings and variables of providers as they stand: value, place, group. Pure; a value is whole here, and masked by whoever shows it. */
import { type KnownVariable, knownVariable } from "../../app/known_variables.ts";
import { type Origin, originOf, originOfVariable } from "../../app/origin.ts";
import { isSecretVariable, shownValue } from "../../app/pending.ts";
import type { BrokenSetup, Setup } from "../../app/setup.ts";
import { ALL_SETTINGS, type GroupId, GROUPS } from "../../config/schema.ts";
import { naturalOrder } from "../../kernel/variables.ts";

export interface SettingRow {
  readonly name: string;
  /** `providers` for what is no setting: variables of providers, names of models. */
  readonly group: GroupId | "providers";
  readonly origin: Origin;
}

export const PROVIDERS_TITLE = "Providers and names of models";

/** A row for every setting in the order of its groups, and for every other variable that is known and set. */
export function settingRows(setup: Setup | BrokenSetup): SettingRow[] {
  const room = setup.sources;
  const settings = Object.keys(GROUPS).flatMap((group) =>
    ALL_SETTINGS.filter((it) => it.group === group).map((it): SettingRow => {
      const origin = originOf(it, { setup, room });
      return { name: origin.variable, group: it.group, origin };
    })
  );
  const others = [...setup.variables].flatMap(([name, { value }]): SettingRow[] => {
    if (value.trim() === "" || knownVariable(name, setup.names)?.kind !== "family") return [];
    return [{ name, group: "providers", origin: originOfVariable([name], { setup, room, fallback: "" }) }];
  });
  return [...settings, ...others.toSorted((left, right) => naturalOrder(left.name, right.name))];
}

/** One variable as it is in force. */
export function settingRow(name: string, known: KnownVariable, setup: Setup | BrokenSetup): SettingRow {
  const room = setup.sources;
  if (known.kind === "setting") {
    const origin = originOf(known.setting, { setup, room });
    return { name: origin.variable, group: known.setting.group, origin };
  }
  return { name, group: "providers", origin: originOfVariable([name], { setup, room, fallback: known.fallback }) };
}

/** The value as it may be shown; blank when there is none. */
export function shownText({ name, origin: { text } }: SettingRow): string {
  return text === "" ? "" : shownValue(name, text);
}

/** As `--json` prints it. `file`: null unless it stands in one. */
export function asJson(row: SettingRow, value = shownText(row)) {
  const { name, group, origin: { place } } = row;
  const source = place === "default" || place === "environment" ? place : "file";
  return { name, group, value, source, file: source === "file" ? place : null, is_secret: isSecretVariable(name) };
}

/** Where the present value of a variable comes from, in words. Pure. */
import { relative } from "node:path";
import type { BrokenSetup, Setup } from "./setup.ts";
import type { Setting } from "../config/schema.ts";

export interface Origin {
  /** As it was written; the default when nothing was. */
  readonly text: string;
  /** The name it was found under. */
  readonly variable: string;
  /** `default`, `environment` or the name of a file. */
  readonly place: string;
  /** An edit of `.env` changes what is in force. */
  readonly isEditable: boolean;
}

/** Of one variable; `fallback` is in force while nobody sets it. */
export function originOfVariable(
  names: readonly string[],
  { setup, room, fallback }: { readonly setup: Setup | BrokenSetup; readonly room: { readonly cwd: string }; readonly fallback: string },
): Origin {
  for (const name of names) {
    const found = setup.variables.get(name);
    if (found === undefined || found.value.trim() === "") continue;
    const isOutside = found.origin === "environment";
    const place = isOutside ? "environment" : relative(room.cwd, found.origin) || found.origin;
    return { text: found.value.trim(), variable: name, place, isEditable: !isOutside };
  }
  return { text: fallback, variable: names[0] ?? "", place: "default", isEditable: true };
}

/** Of a setting of the schema; flags are not looked at. */
export function originOf(
  setting: Pick<Setting<unknown>, "env" | "aliases" | "default">,
  { setup, room }: { readonly setup: Setup | BrokenSetup; readonly room: { readonly cwd: string } },
): Origin {
  return originOfVariable([setting.env, ...setting.aliases ?? []], { setup, room, fallback: setting.default });
}

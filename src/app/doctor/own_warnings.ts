/**
 * The warnings that the program gives at its start, as findings: what is wrong on one side, what to do on the
 * other. Pure. A warning of a form that is not here keeps its words and gets a general fix.
 */
import type { Variables } from "../../kernel/variables.ts";
import { type Finding, findingsOf, quoted } from "./finding.ts";

/** What stands before the advice, and the advice. `place`: where the variable is set, such as ` in /srv/.env`. */
type Form = readonly [form: RegExp, fix: (parts: readonly string[], about: { readonly name: string; readonly place: string }) => string];

/** The first that fits decides. The first group is what is wrong. */
const FORMS: readonly Form[] = [
  [/^(.*): run (\S.*)$/, ([command = ""]) => command],
  [/^(.*?)[.:;] If .* login: (keyproxy .*)$/, ([command = ""]) => command],
  [/^(.*?)\.? Did you mean (\w+)\?/, ([meant = ""], { name, place }) => `Rename ${name} to ${meant}${place}, or remove it`],
  [/^(.*?)\. For a provider of your own (set .*)$/, ([advice = ""]) => `${capital(advice)}, if it is a provider of your own`],
  [/^(.*?)\. (A new provider needs .*)$/, ([advice = ""]) => advice],
  [/^(.*): (set [A-Z].*)$/, ([advice = ""]) => capital(advice)],
  [/^(.* is ignored): a further key is called (\w+)$/, ([meant = ""], { name, place }) => `Rename ${name} to ${meant}${place}`],
  [/^(.*text of an example)$/, (_, { name, place }) => `Put the real key into ${name}${place}, or remove it`],
  [/^(The login .* is ignored: it lacks (.*))$/, ([parts = ""]) => `Set ${parts}`],
  [/^(The login .* is ignored.*)$/, () => "Correct that login, or move it away"],
  [/^("(.*)" is ignored.*)$/, ([path = ""]) => `Rename or remove ${path}`],
  [/^(Cannot look for logins in (.*): ENOTDIR)$/, ([path = ""]) => `mv ${quoted(path)} ${quoted(`${path}.old`)}`],
  [/^(.*: its name is not .*)$/, () => "Rename that file, or move it away"],
];

/** A warning as a finding. */
export function ofWarning(
  text: string,
  { area, variables }: { readonly area: "configuration" | "providers"; readonly variables: Variables },
): Finding {
  const { warning } = findingsOf(area);
  const message = text.replace(/\.$/, "");
  const name = /^[A-Z][A-Z0-9_]*(?=\s)/.exec(message)?.[0] ?? "";
  const origin = variables.get(name)?.origin;
  const place = origin === undefined ? "" : origin === "environment" ? " in the environment" : ` in ${origin}`;
  for (const [form, fix] of FORMS) {
    const [, what, ...parts] = form.exec(message) ?? [];
    if (what !== undefined) return warning(what, fix(parts, { name, place }));
  }
  return warning(
    message,
    origin === undefined ? "Correct what it names, then run keyproxy doctor again" : `Correct or remove ${name}${place}`,
  );
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

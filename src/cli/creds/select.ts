/** Which credential an argument means: its id, `provider:n`, the variable or file it is from, or the account. */
import { basename } from "node:path";
import type { CredentialView } from "../../app/credential_view.ts";
import { closest } from "../../config/suggest.ts";
import { search } from "../../terminal/prompts.ts";
import { missing, usage } from "../../terminal/stop.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** Finds the one that is meant, or says what is wrong with the argument. */
export function findView(text: string, views: readonly CredentialView[]): CredentialView {
  const named = views.filter((view) => namesOf(view).includes(text.toLowerCase()));
  const found = named.length > 0 ? named : views.filter(({ provider }) => provider === text);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first !== undefined) throw usage(`"${text}" could mean several credentials; name one of ${found.map(shortName).join(", ")}`);
  const near = closest(text, views.flatMap((view) => [shortName(view), view.provider]));
  throw usage(`No credential is called "${text}".${near === undefined ? "" : ` Did you mean ${near}?`} keyproxy creds list shows them all`);
}

/** Asks for one when none was named. */
export async function chooseView(
  text: string | undefined,
  { views, terminal, question }: { readonly views: readonly CredentialView[]; readonly terminal: Terminal; readonly question: string },
): Promise<CredentialView> {
  if (text !== undefined) return findView(text, views);
  if (!terminal.isInteractive) throw missing("The credential", "its id or provider:n, as keyproxy creds list shows them");
  if (views.length === 0) throw usage("There are no credentials yet");
  const options = views.map((view) => ({
    value: shortName(view),
    label: `${shortName(view)}  ${view.display}`,
    hint: basename(view.source),
  }));
  const name = await search(question, {
    options,
    matches: (it, { label, hint }) => `${label} ${hint ?? ""}`.toLowerCase().includes(it.toLowerCase()),
  });
  return findView(name, views);
}

/** `provider:n`. */
export function shortName({ provider, number }: CredentialView): string {
  return `${provider}:${number}`;
}

function namesOf(view: CredentialView): string[] {
  const { id, display, source, login } = view;
  const account = login?.grant.account ?? display;
  return [id, shortName(view), source, basename(source), account, display].map((name) => name.toLowerCase());
}

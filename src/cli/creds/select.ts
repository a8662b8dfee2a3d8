/** Which credential an argument means: its id, `provider:n`, the variable or file it is from, or the account. */
import { basename } from "node:path";
import type { CredentialView } from "../../app/credential_view.ts";
import { closest } from "../../config/suggest.ts";
import { search } from "../../terminal/prompts.ts";
import { missing, usage } from "../../terminal/stop.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** What a credential is known by, here or at a server. */
export interface Named extends Pick<CredentialView, "id" | "provider" | "number" | "display" | "source"> {
  /** Only of logins. */
  readonly login: { readonly grant: { readonly account: string | null } } | null;
}

/** All that the argument could mean. */
export function meantBy<View extends Named>(text: string, views: readonly View[]): readonly View[] {
  const named = views.filter((view) => namesOf(view).includes(text.toLowerCase()));
  return named.length > 0 ? named : views.filter(({ provider }) => provider === text);
}

/** Finds the one that is meant, or says what is wrong with the argument. */
export function findView<View extends Named>(text: string, views: readonly View[]): View {
  const found = meantBy(text, views);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first !== undefined) throw usage(`"${text}" could mean several credentials; name one of ${found.map(shortName).join(", ")}`);
  const near = closest(text, views.flatMap((view) => [shortName(view), view.provider]));
  throw usage(`No credential is called "${text}".${near === undefined ? "" : ` Did you mean ${near}?`} keyproxy creds list shows them all`);
}

/** Asks for one when none was named. */
export async function chooseView<View extends Named>(
  text: string | undefined,
  { views, terminal, question }: { readonly views: readonly View[]; readonly terminal: Terminal; readonly question: string },
): Promise<View> {
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
export function shortName({ provider, number }: Pick<Named, "provider" | "number">): string {
  return `${provider}:${number}`;
}

function namesOf(view: Named): string[] {
  const { id, display, source, login } = view;
  const account = login?.grant.account ?? display;
  return [id, shortName(view), source, basename(source), account, display].map((name) => name.toLowerCase());
}

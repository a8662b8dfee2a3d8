/**
 * What the person at the status screen chose to see: pane, selection, filter, page. Selections are ids, so they
 * stay with their thing while reports come and go; one that is gone falls back to the first. Pure.
 */
import type { CredentialStatus, ProviderStatus, RequestReport, StatusReport } from "../../gateway/status_report.ts";

export type Pane = "credentials" | "requests";

/** What may be asked of the server about one credential. */
export type ChangeAction = "reset" | "disable" | "enable";

export type Page =
  | { readonly kind: "list" }
  | { readonly kind: "credential"; readonly id: string; readonly top: number }
  /** A copy: the server forgets old requests. */
  | { readonly kind: "request"; readonly request: RequestReport; readonly top: number }
  | { readonly kind: "problems"; readonly problems: readonly string[]; readonly top: number }
  | { readonly kind: "help"; readonly top: number };

/** What the next key answers. */
export type Asking =
  | { readonly kind: "filter"; readonly before: string }
  | { readonly kind: "confirm"; readonly action: ChangeAction; readonly credential: string; readonly name: string };

export interface Notice {
  readonly tone: "good" | "bad" | "plain";
  readonly text: string;
}

export interface View {
  readonly pane: Pane;
  /** Ids; null = the first. */
  readonly selected: Readonly<Record<Pane, string | null>>;
  readonly filter: string;
  readonly page: Page;
  readonly asking: Asking | null;
  readonly notice: Notice | null;
  /** An action is under way. */
  readonly isBusy: boolean;
}

export const FIRST_VIEW: View = {
  pane: "credentials",
  selected: { credentials: null, requests: null },
  filter: "",
  page: { kind: "list" },
  asking: null,
  notice: null,
  isBusy: false,
};

export interface Member {
  readonly provider: ProviderStatus;
  readonly credential: CredentialStatus;
}

/** The credentials that the filter lets through, in the order of the report. */
export function membersOf(report: StatusReport, filter: string): Member[] {
  return report.providers.flatMap((provider) =>
    provider.credentials.filter((credential) => {
      const { id, display, state, reason, source, resting } = credential;
      return contains(filter, [provider.id, provider.name, id, display, state, reason, source, ...resting.map((it) => it.model)]);
    }).map((credential) => ({ provider, credential }))
  );
}

/** The finished requests that the filter lets through, newest first. */
export function requestsOf(report: StatusReport, filter: string): RequestReport[] {
  return report.recent.filter(({ id, model, provider, status, failure, attempts }) =>
    contains(filter, [
      id,
      model,
      provider ?? "",
      `${status}`,
      failure ?? "",
      ...attempts.flatMap((it) => [it.provider, it.credential, it.failure?.kind ?? ""]),
    ])
  ).toReversed();
}

function contains(filter: string, texts: readonly string[]): boolean {
  const wanted = filter.toLowerCase();
  return wanted === "" || texts.some((text) => text.toLowerCase().includes(wanted));
}

/** Ids of a pane, in the order in which they are shown. */
export function idsOf(pane: Pane, report: StatusReport, filter: string): string[] {
  return pane === "credentials"
    ? membersOf(report, filter).map(({ credential }) => credential.id)
    : requestsOf(report, filter).map(({ id }) => id);
}

/** Position of the selected thing; 0 when it is gone or nothing was chosen. */
export function positionOf(ids: readonly string[], selected: string | null): number {
  return selected === null ? 0 : Math.max(0, ids.indexOf(selected));
}

/** The credential that an action would be about: of its own page, else the selected one. */
export function memberAtHand({ page, selected, filter }: View, report: StatusReport): Member | undefined {
  if (page.kind === "credential") return findMember(report, page.id);
  const members = membersOf(report, filter);
  return members[positionOf(members.map(({ credential }) => credential.id), selected.credentials)];
}

export function findMember(report: StatusReport, id: string): Member | undefined {
  for (const provider of report.providers) {
    const credential = provider.credentials.find((it) => it.id === id);
    if (credential !== undefined) return { provider, credential };
  }
  return undefined;
}

/** How people name it: `openai:2 sk-a…1234`. */
export function nameOf({ provider, credential }: Member): string {
  return `${provider.id}:${credential.number} ${displayOf(credential)}`;
}

/** Its display form; for a key so short that nothing of it may be shown, where it came from. */
export function displayOf({ display, source }: CredentialStatus): string {
  return /[\p{L}\p{N}]/u.test(display) ? display : source;
}

/** A credential as it was looked at here, in the words of a server's own report. Pure. */
import type { CredentialStatus } from "../gateway/status_report.ts";
import { countersJson } from "../kernel/day_counters.ts";
import type { CredentialView } from "./credential_view.ts";

/** As a server would report it that has just begun. */
export function statusOf(view: CredentialView): CredentialStatus {
  const { id, number, display, kind, source, priority, standing, resting, today } = view;
  const { state, isAboutLogin } = stateOf(standing.word);
  return {
    id,
    number,
    display,
    kind,
    source,
    priority,
    state,
    reason: isAboutLogin ? "" : standing.reason,
    // That a token ends is no rest.
    until_at: isAboutLogin || state === "ready" ? null : standing.untilAt,
    in_flight: 0,
    resting: resting.map(({ model, reason, untilAt }) => ({ model, reason, until_at: untilAt })),
    login: view.login === null ? null : {
      state: isAboutLogin ? standing.word : "ok",
      reason: isAboutLogin ? standing.reason : "",
      expires_at: view.login.grant.expiresAt,
    },
    today: countersJson(today),
    latencies_ms: [],
  };
}

/** A server's words for the states a view knows. */
function stateOf(word: CredentialView["standing"]["word"]): { readonly state: string; readonly isAboutLogin: boolean } {
  switch (word) {
    case "ready":
      return { state: "ready", isAboutLogin: false };
    case "due":
    case "expired":
      return { state: "ready", isAboutLogin: true };
    case "needs_login":
      return { state: "quarantined", isAboutLogin: true };
    case "resting":
      return { state: "cooling", isAboutLogin: false };
    case "quarantined":
    case "disabled":
      return { state: word, isAboutLogin: false };
  }
}

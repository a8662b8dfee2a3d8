/** The head of the launcher: where the proxy is, what it has, and what is missing before it can be used. Pure. */
import { clientUrl, isLoopback } from "../kernel/address.ts";
import { mask } from "../kernel/secret.ts";
import type { Problem } from "../config/problem.ts";
import { describeProblem } from "../config/problem.ts";
import { type Line, line, READABLE_COLUMNS } from "../terminal/frame.ts";
import { wrapped } from "../terminal/width.ts";
import { counted, span } from "../terminal/words.ts";

/** Whether a server runs at the configured address. */
export type ServerState =
  | { readonly kind: "asking" }
  | { readonly kind: "absent" }
  | { readonly kind: "running"; readonly url: string; readonly sinceMs: number; readonly inFlight: number }
  | { readonly kind: "other"; readonly why: string };

export interface HeaderFacts {
  readonly host: string;
  readonly port: number;
  /** The first proxy key as it may be shown; null = none. */
  readonly proxyKey: string | null;
  readonly isRequestLogOn: boolean;
  readonly providerCount: number;
  readonly credentialCount: number;
  readonly server: ServerState;
  readonly problems: readonly Problem[];
  /** Of the screen; longer warnings are broken into lines. */
  readonly columns: number;
  /** What is wrong with launcher_config.json. */
  readonly launcherProblem: string | null;
}

/** Numbers of the menu's items that a warning points at. */
export interface Places {
  readonly proxySettings: number;
  readonly credentials: number;
  readonly settings: number;
}

/** First 3 and last 4 characters. */
export function shownProxyKey(key: string): string {
  return mask(key, { head: 3, tail: 4 });
}

const NAME_COLUMNS = 13;
/** The rest of a long list stands in the settings. */
const SHOWN_PROBLEMS = 3;

export function headerLines(facts: HeaderFacts, places: Places): Line[] {
  const row = (name: string, value: Line): Line => [{ text: `  ${name.padEnd(NAME_COLUMNS)}`, style: "dim" }, ...value];
  const reach = isLoopback(facts.host) ? "this machine only" : `listens on ${facts.host}`;
  return [
    line(""),
    row("address", [{ text: facts.port === 0 ? "any free port" : `${clientUrl(facts)}/v1` }, { text: `   ${reach}`, style: "dim" }]),
    row("proxy key", facts.proxyKey === null ? [{ text: "none", style: "yellow" }] : [{ text: facts.proxyKey }]),
    row("request log", [{ text: facts.isRequestLogOn ? "on" : "off" }]),
    row("credentials", credentialsCell(facts)),
    row("server", serverCell(facts.server, clientUrl(facts))),
    ...warningLines(facts, places),
  ];
}

function credentialsCell({ providerCount, credentialCount, problems }: HeaderFacts): Line {
  if (problems.length > 0) return [{ text: "not counted: the configuration has problems", style: "yellow" }];
  if (credentialCount === 0) return [{ text: "none", style: "yellow" }];
  return [{ text: `${credentialCount}` }, { text: ` (${counted(providerCount, "provider")})`, style: "dim" }];
}

function serverCell(server: ServerState, configuredUrl: string): Line {
  switch (server.kind) {
    case "asking":
      return [{ text: "…", style: "dim" }];
    case "absent":
      return [{ text: "not running" }];
    case "running":
      return [
        { text: server.url === configuredUrl ? "running" : `running at ${server.url}`, style: "green" },
        { text: ` for ${span(server.sinceMs)}, ${counted(server.inFlight, "request")} under way` },
      ];
    case "other":
      return [{ text: server.why, style: "yellow" }];
  }
}

function warningLines({ columns, proxyKey, credentialCount, host, problems, launcherProblem }: HeaderFacts, places: Places): Line[] {
  const warnings: string[] = [];
  if (launcherProblem !== null) {
    warnings.push(`launcher_config.json is left alone: ${launcherProblem} → ${places.proxySettings}`);
  }
  for (const problem of problems.slice(0, SHOWN_PROBLEMS)) warnings.push(`${describeProblem(problem)} → ${places.settings}`);
  if (problems.length > SHOWN_PROBLEMS) {
    warnings.push(`… and ${counted(problems.length - SHOWN_PROBLEMS, "problem")} more → ${places.settings}`);
  }
  if (proxyKey === null) {
    const why = isLoopback(host) ? "every program on this machine may use it" : "it will not start";
    warnings.push(`No proxy key: ${why} → ${places.proxySettings}`);
  }
  if (credentialCount === 0 && problems.length === 0) warnings.push(`No credentials yet: add a key or a login → ${places.credentials}`);
  if (warnings.length === 0) return [];
  // The number at the end is what the warning is for: it must not be cut off.
  return [line(""), ...warnings.flatMap((it) => warningLine(it, columns))];
}

function warningLine(text: string, columns: number): Line[] {
  return wrapped(text, Math.min(columns - 1, READABLE_COLUMNS) - 4).split("\n").map((it, at) =>
    line(`  ${at === 0 ? "!" : " "} ${it}`, "yellow")
  );
}

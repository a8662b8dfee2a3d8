/** What the screens can have done by commands, given to them from outside: a screen knows no command. */
import type { FlagValues } from "../config/load.ts";
import type { ExitCode } from "../terminal/exit.ts";

/** A tool that can be pointed at the proxy. */
export interface ConnectableTool {
  readonly id: string;
  readonly name: string;
  /** File below the home directory that can be written; null: it is only shown how. */
  readonly file: string | null;
}

/** Each runs on the ordinary screen, asks what it needs and says how it went. */
export interface Actions {
  /** Serves until Ctrl-C. */
  serve(flags: FlagValues): Promise<ExitCode>;
  /** The live status of a running server, on a full screen of its own. */
  dashboard(): Promise<ExitCode>;
  /** The status as a server left it. */
  status(): Promise<ExitCode>;
  models(): Promise<ExitCode>;
  readonly tools: readonly ConnectableTool[];
  connect(tool: string, mode: "show" | "write"): Promise<ExitCode>;
  addCredential(): Promise<ExitCode>;
  listCredentials(): Promise<ExitCode>;
  checkCredentials(): Promise<ExitCode>;
  removeCredential(): Promise<ExitCode>;
  editCredential(): Promise<ExitCode>;
  importCredentials(): Promise<ExitCode>;
  exportLogins(): Promise<ExitCode>;
  /** A new random proxy key. */
  newProxyKey(): string;
}

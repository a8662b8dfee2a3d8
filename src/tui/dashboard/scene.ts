/** All that a screen is drawn from. What was heard last stays here when the server is gone, with its age. */
import type { Unreachable } from "../../app/admin_client.ts";
import type { StatusReport } from "../../gateway/status_report.ts";
import type { Look } from "./line.ts";
import type { View } from "./view.ts";

/** How it stands with the server. Instants by this machine's clock, epoch ms. */
export type Link =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "lost"; readonly trouble: Unreachable; readonly retryAt: number };

export interface Heard {
  readonly report: StatusReport;
  /** By this machine's clock, epoch ms. */
  readonly heardAt: number;
}

export interface Scene {
  readonly view: View;
  readonly link: Link;
  /** Undefined before the first report. */
  readonly heard: Heard | undefined;
  /** Address of the server. */
  readonly url: string;
  /** By this machine's clock, epoch ms. */
  readonly now: number;
}

/** The server's own time: its instants are compared with this, so that two clocks that differ make no wrong countdown. */
export function serverNow({ report, heardAt }: Heard, now: number): number {
  return report.at + Math.max(0, now - heardAt);
}

/** What the parts of the screen need to draw what the server told. */
export interface Drawing {
  readonly report: StatusReport;
  /** By the server's clock, epoch ms. */
  readonly at: number;
  readonly view: View;
  readonly look: Look;
}

/** What is asked of the server, and how it ended in words. Never rejects: what went wrong is what is said. */
import type { AdminClient } from "../../app/admin_client.ts";
import { counted } from "../../terminal/words.ts";
import type { Effect } from "./step.ts";
import type { Notice, Page } from "./view.ts";

export type ServerEffect = Extract<Effect, { kind: "change" | "reload" }>;

/** A page is opened when there is more to say than a line holds. */
export interface Done {
  readonly notice: Notice;
  readonly page?: Page;
}

/** While it is under way. */
export function beginning(effect: ServerEffect): Notice {
  if (effect.kind === "reload") return { tone: "plain", text: "The server reads its configuration …" };
  const verb = { reset: "Resetting", disable: "Disabling", enable: "Enabling" }[effect.action];
  return { tone: "plain", text: `${verb} ${effect.name} …` };
}

export async function perform(effect: ServerEffect, server: AdminClient): Promise<Done> {
  try {
    if (effect.kind === "reload") return reloaded(await server.reload());
    await server.change(effect.credential, effect.action);
    return { notice: { tone: "good", text: `${effect.name} ${OUTCOMES[effect.action]}` } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const what = effect.kind === "reload" ? "Cannot reload the configuration" : `Cannot ${effect.action} ${effect.name}`;
    return { notice: { tone: "bad", text: `${what}: ${why}` } };
  }
}

const OUTCOMES = {
  reset: "was reset: it rests no more",
  disable: "is disabled: it serves no request until e enables it",
  enable: "is enabled",
};

function reloaded(problems: readonly string[]): Done {
  if (problems.length === 0) return { notice: { tone: "good", text: "The configuration was read again and is in force" } };
  return {
    notice: { tone: "bad", text: `The configuration was not taken: ${counted(problems.length, "problem")}` },
    page: { kind: "problems", problems, top: 0 },
  };
}

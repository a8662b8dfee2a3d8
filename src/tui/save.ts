/** Saving: all changes in one atomic write, after the configuration they make was read; or none. */
import { needRestart } from "../app/pending.ts";
import { newProblems, openness, problemsOf } from "../app/save_check.ts";
import { writeEnvFile } from "../config/env_file.ts";
import { SETTINGS } from "../config/schema.ts";
import { writeFault } from "../kernel/write_fault.ts";
import { line } from "../terminal/frame.ts";
import { counted } from "../terminal/words.ts";
import type { Draft } from "./draft.ts";
import { reloaded } from "./reload.ts";
import { isSure, pick, prose, tell } from "./room.ts";

/** Saves what waits and says what came of it. */
export async function save(draft: Draft): Promise<"saved" | "kept"> {
  const { room, pending } = draft;
  if (pending.size === 0) return "saved";
  const known = problemsOf(draft.setup);
  await draft.refresh();
  const { setup } = draft;
  const problems = newProblems(draft.sources(), known);
  if (problems.length > 0) {
    await tell(room, "Nothing was saved", [
      ...prose(room, `With ${counted(pending.size, "change")} the configuration could not be used:`),
      line(""),
      ...problems.flatMap((it) => prose(room, it)),
    ]);
    return "kept";
  }
  if (await mayLockOut(draft) === "no") return "kept";
  try {
    await writeEnvFile(setup.envFile, Object.fromEntries(pending));
  } catch (error) {
    await tell(room, "Nothing was saved", prose(room, `Cannot write ${setup.envFile}: ${writeFault(error)}`));
    return "kept";
  }
  const lines = draft.pendingLines();
  const later = needRestart(pending.keys());
  const news = "problems" in setup ? "The running server, if there is one, sees it by itself." : await reloaded(room, setup);
  await draft.reread();
  await tell(room, "Saved", [
    ...lines,
    line(""),
    ...prose(room, news),
    ...(later.length === 0 ? [] : prose(room, `Only at the next start: ${later.join(", ")}.`)),
  ]);
  return "saved";
}

/** Asks before an address that everybody reaches is saved without a key for it. */
async function mayLockOut(draft: Draft): Promise<"yes" | "no"> {
  const text = draft.pending.has(SETTINGS.host.env) ? openness(draft.sources()) : undefined;
  if (text === undefined) return "yes";
  return await isSure(draft.room, { title: "No proxy key is set", text, yes: "Save it nevertheless" }) ? "yes" : "no";
}

/** Asks what shall become of changes that wait; `stay`: the person wants to go on with them. */
export async function mayLeave(draft: Draft): Promise<"leave" | "stay"> {
  if (draft.pending.size === 0) return "leave";
  const result = await pick(draft.room, {
    title: "Leave the settings?",
    head: draft.head(),
    items: [
      { value: "save" as const, label: "Save and leave" },
      { value: "discard" as const, label: "Leave without saving" },
      { value: "stay" as const, label: "Stay here" },
    ],
  });
  if (result.kind !== "chosen" || result.value === "stay") return "stay";
  if (result.value === "save") return await save(draft) === "saved" ? "leave" : "stay";
  draft.discard();
  return "leave";
}

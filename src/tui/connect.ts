/** Tools to point at the proxy: shown how, or written into their own settings. */
import { pick, type Room, run } from "./room.ts";

export async function connectATool(room: Room): Promise<void> {
  let at = 0;
  while (true) {
    const result = await pick(room, {
      title: "Connect a tool",
      items: room.actions.tools.map((tool) => ({
        value: tool,
        label: tool.name,
        note: tool.file === null ? "" : `~/${tool.file}`,
        help: tool.file === null ? "Shows what to set." : `Shows what to set, or writes it into ~/${tool.file} after a backup.`,
      })),
      at,
    });
    if (result.kind !== "chosen") return;
    at = result.at;
    const { id, name, file } = result.value;
    if (file === null) {
      await run(room, () => room.actions.connect(id, "show"));
      continue;
    }
    const how = await pick(room, {
      title: name,
      items: [
        { value: "show" as const, label: "Show what to set" },
        { value: "write" as const, label: `Write it into ~/${file}`, help: "A copy of the file as it was is kept beside it." },
      ],
    });
    if (how.kind === "chosen") await run(room, () => room.actions.connect(id, how.value));
  }
}

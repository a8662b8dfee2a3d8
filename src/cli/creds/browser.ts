/** Opening an address in the user's browser, where there is a screen to show it on. */
import process from "node:process";

/** False where a browser would open elsewhere or nowhere: over SSH, in a container, without a display. */
export function hasBrowser(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  if (env["SSH_CONNECTION"] !== undefined || env["SSH_TTY"] !== undefined) return false;
  if (platform === "win32" || platform === "darwin") return true;
  return [env["DISPLAY"], env["WAYLAND_DISPLAY"], env["WSL_DISTRO_NAME"]].some((it) => it !== undefined && it !== "");
}

/** Opens it if it can. Never rejects: the address was printed as well. */
export async function openBrowser(url: string): Promise<void> {
  if (!hasBrowser(process.env, process.platform)) return;
  try {
    const { default: open } = await import("open");
    const child = await open(url);
    child.on("error", () => {});
  } catch {
    // Whoever cannot have a browser opened has the printed address.
  }
}

/** The machines that executables are made for, and what each compiler calls them. A further one is one more entry. */
import process from "node:process";

/** One kind of machine. */
export interface Target {
  /** `<os>-<arch>`, as in the file's name and after `--target`. */
  readonly name: string;
  readonly os: "linux" | "macos" | "windows";
  readonly arch: "x64" | "arm64";
  /** For `deno compile --target`. */
  readonly deno: string;
  readonly bun: string;
}

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", os: "linux", arch: "x64", deno: "x86_64-unknown-linux-gnu", bun: "bun-linux-x64" },
  { name: "linux-arm64", os: "linux", arch: "arm64", deno: "aarch64-unknown-linux-gnu", bun: "bun-linux-arm64" },
  { name: "macos-x64", os: "macos", arch: "x64", deno: "x86_64-apple-darwin", bun: "bun-darwin-x64" },
  { name: "macos-arm64", os: "macos", arch: "arm64", deno: "aarch64-apple-darwin", bun: "bun-darwin-arm64" },
  { name: "windows-x64", os: "windows", arch: "x64", deno: "x86_64-pc-windows-msvc", bun: "bun-windows-x64" },
];

/** `<os>-<arch>` of the machine this runs on, whether or not there is a target for it. */
export function thisMachine(): string {
  const os = { darwin: "macos", win32: "windows" }[process.platform as string] ?? process.platform;
  return `${os}-${process.arch}`;
}

export function executableName({ name, os }: Target): string {
  return `keyproxy-${name}${os === "windows" ? ".exe" : ""}`;
}

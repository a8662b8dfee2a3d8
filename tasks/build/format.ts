/** What kind of machine an executable is for, read from its first bytes. Pure; knows only what the targets need. */
import { Buffer } from "node:buffer";
import type { Target } from "./targets.ts";

type Kind = Pick<Target, "os" | "arch">;

/** Enough of a file to find the machine in any of the three formats. */
export const HEAD_BYTES = 4096;

const ELF_MACHINES = new Map<number, Kind["arch"]>([[62, "x64"], [183, "arm64"]]);
const MACH_O_MACHINES = new Map<number, Kind["arch"]>([[0x0100_0007, "x64"], [0x0100_000c, "arm64"]]);
const PE_MACHINES = new Map<number, Kind["arch"]>([[0x8664, "x64"], [0xaa64, "arm64"]]);

/** The operating system's format and the processor; undefined for anything else, 32-bit programs and other processors too. */
export function kindOf(head: Uint8Array): Kind | undefined {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.set(head.subarray(0, HEAD_BYTES));
  if (bytes.readUInt32BE(0) === 0x7f45_4c46) return kind("linux", bytes[4] === 2 ? ELF_MACHINES.get(bytes.readUInt16LE(18)) : undefined);
  if (bytes.readUInt32LE(0) === 0xfeed_facf) return kind("macos", MACH_O_MACHINES.get(bytes.readUInt32LE(4)));
  if (bytes.toString("latin1", 0, 2) !== "MZ") return undefined;
  const at = bytes.readUInt32LE(0x3c);
  if (at > HEAD_BYTES - 6 || bytes.toString("latin1", at, at + 4) !== "PE\0\0") return undefined;
  return kind("windows", PE_MACHINES.get(bytes.readUInt16LE(at + 4)));
}

function kind(os: Kind["os"], arch: Kind["arch"] | undefined): Kind | undefined {
  return arch === undefined ? undefined : { os, arch };
}

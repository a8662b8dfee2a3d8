/** New keys for clients of this proxy: `kp-` and 32 base62 characters, 190 bits of chance. */
import { randomInt } from "node:crypto";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH = 32;

export function newProxyKey(): string {
  return `kp-${Array.from({ length: LENGTH }, () => BASE62[randomInt(BASE62.length)]).join("")}`;
}

/** Name, version and origin of this program, as shown to people, clients and providers. */
export const NAME = "keyproxy";
export const VERSION = "0.1.0";

/** The commit that an executable was built from, as the build wrote it down; undefined when run from source. */
export function commit(): string | undefined {
  const stamp: unknown = Reflect.get(globalThis, "KEYPROXY_COMMIT");
  return typeof stamp === "string" ? stamp : undefined;
}

/** `keyproxy 0.1.0 (abc1234)`; without the commit when run from source. */
export function versionLine(): string {
  const built = commit();
  return `${NAME} ${VERSION}${built === undefined ? "" : ` (${built})`}`;
}

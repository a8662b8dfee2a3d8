/** Every store driver against the one contract. */
import { join } from "node:path";
import { systemClock } from "../../src/kernel/clock.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { storeContract } from "./store_contract.ts";

storeContract("memory", () =>
  Promise.resolve({
    store: memoryStore(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));

storeContract("sqlite", async () => {
  const directory = await Deno.makeTempDir();
  const store = openSqliteStore({ path: join(directory, "state.db"), clock: systemClock, warn: (message) => console.error(message) });
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
});

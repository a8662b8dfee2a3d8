/** Asking the running server for something that nobody else can do: what goes wrong ends the action, with what to do about it. */
import { type AdminClient, AdminError } from "../app/admin_client.ts";
import { serverOf } from "../app/server_place.ts";
import { failed, type Stop } from "../terminal/stop.ts";
import type { Desk } from "./desk.ts";
import { checkedUrl } from "./server_address.ts";

export interface Asking<Told> {
  /** As given with `--url`. */
  readonly url: string | undefined;
  /** Why a server is needed: a sentence, shown where none answers. */
  readonly need: string;
  readonly ask: (server: AdminClient) => Promise<Told>;
}

/** What the server tells. Exit code 1 where none answers, where it refuses the key and where it fails. */
export async function askServer<Told>(desk: Desk, { url, need, ask }: Asking<Told>): Promise<Told> {
  try {
    return await ask(serverOf(desk, { url: checkedUrl(url) }));
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    switch (error.kind) {
      case "refused":
        throw refusedKey(error);
      case "absent":
        throw failed(`${error.message}\n${need}: keyproxy serve starts one, --url names one elsewhere`);
      case "failed":
        throw failed(error.message);
    }
  }
}

/** Where the key that was refused is from. */
export function refusedKey({ message }: AdminError): Stop {
  return failed(`${message}\nThe key is taken from KEYPROXY_ADMIN_KEY, else from PROXY_API_KEY`);
}

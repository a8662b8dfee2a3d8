/** Service accounts of Google Cloud: found in variables, as JSON or as the path of a key file, and kept over reloads. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type LoginCredential, loginCredential } from "../credentials/credential.ts";
import { readServiceAccount, type ServiceAccount } from "../credentials/service_account.ts";
import { ServiceLogin } from "../credentials/service_login.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Secret } from "../kernel/secret.ts";
import { naturalOrder, type Variables } from "../kernel/variables.ts";

const PROVIDER = "vertex_ai";
/** Named like the variable of Google's own libraries, or like the provider, with a number for each further one. */
const NAMES = /^(?:GOOGLE_APPLICATION_CREDENTIALS|(?:VERTEX_AI|VERTEXAI|GOOGLE_VERTEX)_CREDENTIALS(?:_\d+)?)$/;

export interface ServiceAccountsOptions {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly learn: (secrets: readonly Secret[]) => void;
}

export class ServiceAccounts {
  readonly #options: ServiceAccountsOptions;
  /** By address and key. */
  readonly #known = new Map<string, ServiceLogin>();

  constructor(options: ServiceAccountsOptions) {
    this.#options = options;
  }

  /** Reads every account that the variables name. Warnings name variables and what is wrong, never a secret. */
  async find(
    { variables, cwd }: { readonly variables: Variables; readonly cwd: string },
  ): Promise<{ readonly credentials: readonly LoginCredential[]; readonly warnings: readonly string[] }> {
    const warnings: string[] = [];
    const found = new Map<string, LoginCredential>();
    for (const name of [...variables.keys()].filter((it) => NAMES.test(it)).toSorted(naturalOrder)) {
      const value = variables.get(name)?.value.trim() ?? "";
      const account = value === "" ? undefined : await this.#read(value, cwd);
      if (account === undefined) continue;
      if ("fault" in account) {
        warnings.push(`${name} is ignored: ${account.fault}.`);
        continue;
      }
      const credential = loginCredential({ provider: PROVIDER, login: this.#login(account), source: name, priority: 0 });
      if (found.has(credential.id)) warnings.push(`${name} is ignored: it names the same account as ${found.get(credential.id)?.source}.`);
      else found.set(credential.id, credential);
    }
    return { credentials: [...found.values()], warnings };
  }

  async #read(value: string, cwd: string): Promise<ServiceAccount | { readonly fault: string }> {
    if (value.startsWith("{")) return readServiceAccount(value);
    try {
      const path = resolve(cwd, value);
      // Reading a pipe would wait for somebody to write, and every reload to come with it.
      if (!(await stat(path)).isFile()) return { fault: "what it names is not a file" };
      return readServiceAccount(await readFile(path, "utf8"));
    } catch {
      return { fault: "the key file it names cannot be read" };
    }
  }

  #login(account: ServiceAccount): ServiceLogin {
    const key = `${account.email} ${account.privateKey.reveal()}`;
    const known = this.#known.get(key) ?? new ServiceLogin({ account, ...this.#options });
    this.#options.learn([account.privateKey]);
    this.#known.set(key, known);
    return known;
  }
}

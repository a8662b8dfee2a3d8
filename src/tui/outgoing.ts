/**
 * Proxies for calls to providers, which a library reads from the process's own environment. Commands put those of
 * `.env` there; what they put is taken away again, or the next screen would take it for a variable of the environment.
 */
import process from "node:process";
import { SETTINGS } from "../config/schema.ts";
import type { Variables } from "../kernel/variables.ts";

const NAMES = [SETTINGS.httpsProxy.env, SETTINGS.httpProxy.env, SETTINGS.noProxy.env];

/** Runs something and has the variables afterwards as they were before. */
export async function keepingProxyVariables<T>(work: () => Promise<T>): Promise<T> {
  const before = NAMES.map((name) => [name, process.env[name]] as const);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Runs something that calls providers the way these variables say. */
export function withProxyVariables<T>(variables: Variables, work: () => Promise<T>): Promise<T> {
  return keepingProxyVariables(() => {
    for (const name of NAMES) {
      const value = variables.get(name)?.value.trim() ?? "";
      if (value !== "") process.env[name] = value;
    }
    return work();
  });
}

/** The way out of this machine, for commands that call providers. */
import process from "node:process";
import type { Sources } from "../config/load.ts";

/** Proxy settings in `.env` count like exported ones; the library that reads them looks at the process only. */
export function useProxyVariables(sources: Sources): void {
  for (const name of ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]) {
    const value = process.env[name] ?? sources.files.map((file) => file.variables[name]).find((found) => found !== undefined);
    if (value !== undefined) process.env[name] = value;
  }
}

/** The routes that machines ask: alive, ready, and what this is. Open to everybody, so they say little. */
import { NAME, VERSION } from "../kernel/version.ts";
import type { HttpDeps } from "./deps.ts";

export function welcome() {
  return {
    name: NAME,
    version: VERSION,
    links: {
      models: "/v1/models",
      providers: "/v1/providers",
      chat: "/v1/chat/completions",
      health: "/healthz",
      ready: "/readyz",
      admin: "/admin/status",
    },
  };
}

export function health() {
  return { status: "ok" };
}

/** 503 while stopping and until some credential could be used. */
export function readiness(deps: HttpDeps): readonly [{ readonly status: string }, 200 | 503] {
  if (deps.isStopping()) return [{ status: "stopping" }, 503];
  const isUsable = [...deps.snapshot().providers.values()].some((provider) => provider.pool.isUsable);
  return isUsable ? [{ status: "ready" }, 200] : [{ status: "no usable credential" }, 503];
}

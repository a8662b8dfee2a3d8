/**
 * The HTTP surface: one line per route. Every answer carries a request id; every error has the
 * error shape of the route's dialect; nothing is decided here that the gateway could decide.
 */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { DIALECTS } from "../dialects/table.ts";
import { type Failure, isFailure } from "../kernel/failure.ts";
import { logger } from "../kernel/log.ts";
import { checkClient } from "./client_auth.ts";
import { allowOrigin } from "./cors.ts";
import type { HttpDeps } from "./deps.ts";
import { failed, internal, notFound } from "./errors.ts";
import { readExchange, requestIdOf } from "./ingress.ts";
import { modelById, modelList, providerList, tokenCount } from "./listings.ts";
import { health, readiness, welcome } from "./probes.ts";

type Env = { Bindings: HttpBindings };
const OPEN_PATHS: ReadonlySet<string> = new Set(["/", "/healthz", "/readyz"]);

/** The application; it needs no socket to be tested. */
export function buildServer(deps: HttpDeps): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    const { incoming, outgoing } = c.env;
    const requestId = requestIdOf(incoming);
    incoming.headers["x-request-id"] = requestId;
    outgoing.setHeader("x-request-id", requestId);
    if (allowOrigin(incoming, outgoing, deps.snapshot().config.corsOrigins) === "preflight") return c.body(null, 204);
    const refused = OPEN_PATHS.has(c.req.path) ? undefined : checkClient(incoming.headers, deps.snapshot().config.proxyKeys);
    return refused === undefined ? await next() : failed(refused, c.req.path);
  });

  app.get("/", (c) => c.json(welcome()));
  app.get("/healthz", (c) => c.json(health()));
  app.get("/readyz", (c) => c.json(...readiness(deps)));
  for (const prefix of ["/v1", ""]) {
    app.post(`${prefix}/chat/completions`, (c) => serve(c, "openai_chat", deps));
    app.post(`${prefix}/messages`, (c) => serve(c, "anthropic_messages", deps));
    app.post(`${prefix}/completions`, (c) => serve(c, "openai_completions", deps));
    app.post(`${prefix}/embeddings`, (c) => serve(c, "openai_embeddings", deps));
    app.post(`${prefix}/token-count`, async (c) => answer(c, await tokenCount(c.env.incoming, deps)));
    app.get(`${prefix}/models`, async (c) => answer(c, await modelList(deps, c.req.query("enriched") === "false" ? "bare" : "enriched")));
    app.get(`${prefix}/models/:id{.+}`, async (c) => answer(c, await modelById(deps, c.req.param("id"))));
    app.get(`${prefix}/providers`, (c) => answer(c, providerList(deps)));
  }
  app.notFound((c) => failed(notFound(`${c.req.method} ${c.req.path}`), c.req.path));
  app.onError((error, c) => {
    logger("http").error("Unexpected error: {error}", { error: error.stack ?? String(error) });
    return failed(internal(), c.req.path);
  });
  return app;
}

/** Runs one request of a dialect through the gateway, which writes the answer itself. */
async function serve(c: Context<Env>, name: keyof typeof DIALECTS, deps: HttpDeps): Promise<Response> {
  const { incoming, outgoing } = c.env;
  const dialect = DIALECTS[name];
  const exchange = await readExchange({ ...deps, incoming, out: outgoing, path: c.req.path, dialect, snapshot: deps.snapshot() });
  if (isFailure(exchange)) {
    // What is left of an unread body would be taken for the next request.
    if (!incoming.complete) outgoing.setHeader("connection", "close");
    return failed(exchange, c.req.path);
  }
  try {
    await deps.handle(exchange);
  } catch (error) {
    logger("http").error("Request {requestId} failed unexpectedly: {error}", {
      requestId: exchange.requestId,
      error: error instanceof Error ? error.stack ?? error.message : String(error),
    });
    if (!outgoing.headersSent) return failed(internal(), c.req.path);
    outgoing.destroy();
  }
  return RESPONSE_ALREADY_SENT;
}

function answer(c: Context<Env>, result: object | Failure): Response {
  return isFailure(result) ? failed(result, c.req.path) : c.json(result);
}

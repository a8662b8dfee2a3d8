/**
 * The HTTP surface: one line per route. Every answer carries a request id; every error has the
 * error shape of the route's dialect; nothing is decided here that the gateway could decide.
 */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { DIALECTS } from "../dialects/table.ts";
import { type Failure, isFailure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";
import { logger } from "../kernel/log.ts";
import { Secret } from "../kernel/secret.ts";
import { changeCredential, isAdminPath, reload } from "./admin.ts";
import { checkAdmin } from "./admin_auth.ts";
import { checkClient, clientKey } from "./client_auth.ts";
import { allowOrigin } from "./cors.ts";
import type { HttpDeps } from "./deps.ts";
import { countRequest } from "./counting.ts";
import { failed, internal, notFound } from "./errors.ts";
import { anthropicModel, anthropicModels } from "./anthropic.ts";
import { cacheRequest, CACHES } from "./gemini_caches.ts";
import { geminiCall, geminiModel, geminiModels, unknownMethod } from "./gemini.ts";
import { LISTED_PATHS, ownedList } from "./owned_list.ts";
import { jsonRequest, readExchange, type ReadRequest, requestIdOf } from "./ingress.ts";
import { MODEL_PATHS, modelRequest, ownedRequest } from "./raw.ts";
import { modelById, modelList, providerList, tokenCount } from "./listings.ts";
import { cancelResponse, continued, deleteResponse, inputItems, keptResponse } from "./responses.ts";
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
    const { config } = deps.snapshot();
    const isAdmin = isAdminPath(c.req.path);
    if (!isAdmin && allowOrigin(incoming, outgoing, config.corsOrigins) === "preflight") return c.body(null, 204);
    const isOpen = OPEN_PATHS.has(c.req.path);
    const refused = isAdmin ? checkAdmin(incoming, config) : isOpen ? undefined : checkClient(incoming.headers, config.proxyKeys);
    return refused === undefined ? await next() : failed(refused, c.req.path);
  });

  app.get("/", (c) => c.json(welcome()));
  app.get("/healthz", (c) => c.json(health()));
  app.get("/readyz", (c) => c.json(...readiness(deps)));
  for (const prefix of ["/v1", ""]) {
    app.post(`${prefix}/chat/completions`, (c) => serve(c, "openai_chat", deps));
    app.post(`${prefix}/responses`, (c) => serve(c, "openai_responses", deps));
    app.get(`${prefix}/responses/:id`, (c) => answer(c, keptResponse(c.req.param("id"), deps.responses, clientOf(c))));
    app.delete(`${prefix}/responses/:id`, (c) => answer(c, deleteResponse(c.req.param("id"), deps.responses, clientOf(c))));
    app.get(`${prefix}/responses/:id/input_items`, (c) => answer(c, inputItems(c.req.param("id"), deps.responses, clientOf(c))));
    app.post(`${prefix}/responses/:id/cancel`, (c) => answer(c, cancelResponse(c.req.param("id"), deps.responses, clientOf(c))));
    app.post(`${prefix}/messages`, (c) => serve(c, "anthropic_messages", deps));
    app.post(
      `${prefix}/messages/count_tokens`,
      (c) => run(c, { name: "anthropic_messages", read: countRequest("anthropic_messages") }, deps),
    );
    app.post(`${prefix}/completions`, (c) => serve(c, "openai_completions", deps));
    app.post(`${prefix}/embeddings`, (c) => serve(c, "openai_embeddings", deps));
    for (const path of MODEL_PATHS) app.post(`${prefix}${path}`, (c) => run(c, { name: "openai_raw", read: modelRequest(path) }, deps));
    for (const place of ["/files", "/batches"]) app.all(`${prefix}${place}/*`, (c) => serveOwned(c, prefix, deps));
    app.post(`${prefix}/token-count`, async (c) => answer(c, await tokenCount(c.env.incoming, deps)));
    app.get(`${prefix}/models`, async (c) => c.json(await modelsFor(c, deps)));
    app.get(`${prefix}/models/:id{.+}`, async (c) => answer(c, await modelFor(c, c.req.param("id"), deps)));
    app.get(`${prefix}/providers`, (c) => answer(c, providerList(deps)));
  }
  for (const version of ["/v1beta", "/v1"]) app.all(`${version}${CACHES}/*`, (c) => serveCaches(c, deps));
  // Some clients leave "models/" out of the address when a model's name has a slash of its own.
  for (const place of ["/v1beta", "/v1/models"]) app.post(`${place}/:call{.+}`, (c) => serveGemini(c, deps));
  app.get("/v1beta/models", async (c) => c.json(await modelsFor(c, deps)));
  app.get("/v1beta/models/:id{.+}", async (c) => answer(c, await modelFor(c, c.req.param("id"), deps)));
  app.get("/admin/status", (c) => c.json(deps.admin.status(), 200, { "cache-control": "no-store" }));
  app.get("/admin/events", (c) => listenIn(c, deps));
  app.post("/admin/credentials/:id/:action", (c) => answer(c, changeCredential(c.req.param("id"), c.req.param("action"), deps.snapshot())));
  app.post("/admin/reload", async (c) => c.json(await reload(deps.admin)));
  app.notFound((c) => failed(notFound(`${c.req.method} ${c.req.path}`), c.req.path));
  app.onError((error, c) => {
    logger("http").error("Unexpected error: {error}", { error: error.stack ?? String(error) });
    return failed(internal(), c.req.path);
  });
  return app;
}

/** Runs one request of a dialect through the gateway, which writes the answer itself. */
function serve(c: Context<Env>, name: keyof typeof DIALECTS, deps: HttpDeps, overlay: JsonObject = {}): Promise<Response> {
  const isContinuable = name === "openai_responses";
  const read = jsonRequest({
    dialect: DIALECTS[name],
    overlay,
    ...(isContinuable ? { continued: (body, client) => continued(body, { store: deps.responses, client }) } : {}),
  });
  return run(c, { name, read }, deps);
}

async function run(
  c: Context<Env>,
  { name, read }: { readonly name: keyof typeof DIALECTS; readonly read: ReadRequest },
  deps: HttpDeps,
): Promise<Response> {
  const { incoming, outgoing } = c.env;
  const dialect = DIALECTS[name];
  const exchange = await readExchange({
    ...deps,
    incoming,
    out: outgoing,
    path: c.req.path,
    dialect,
    snapshot: deps.snapshot(),
    read,
  });
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

/** The events go to node's response; a question about the head alone gets no stream. */
function listenIn(c: Context<Env>, { admin }: HttpDeps): Response {
  const refused = c.env.incoming.method === "GET" ? admin.events.open(c.env.outgoing) : notFound(`HEAD ${c.req.path}`);
  return refused === undefined ? RESPONSE_ALREADY_SENT : failed(refused, c.req.path);
}

function answer(c: Context<Env>, result: object | Failure): Response {
  return isFailure(result) ? failed(result, c.req.path) : c.json(result);
}

/** Requests about files and batches go to the credential that made them. */
async function serveOwned(c: Context<Env>, prefix: string, deps: HttpDeps): Promise<Response> {
  const { method } = c.req;
  if (method !== "GET" && method !== "POST" && method !== "DELETE") return failed(notFound(`${method} ${c.req.path}`), c.req.path);
  const { pathname, search } = new URL(c.req.url);
  const target = pathname.slice(prefix.length);
  const isList = method === "GET" && LISTED_PATHS.has(target);
  const read = isList ? ownedList(`${target}${search}`, deps.snapshot()) : ownedRequest(method, `${target}${search}`, deps.snapshot());
  return await run(c, { name: "openai_raw", read }, deps);
}

/** Requests about cached contents go to the credential that made them. */
async function serveCaches(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const { method } = c.req;
  const isKnown = method === "GET" || method === "POST" || method === "PATCH" || method === "DELETE";
  if (!isKnown) return failed(notFound(`${method} ${c.req.path}`), c.req.path);
  return await run(c, { name: "gemini_raw", read: cacheRequest(method, new URL(c.req.url), deps.snapshot()) }, deps);
}

/** Google's calls name model and method in the address. */
async function serveGemini(c: Context<Env>, deps: HttpDeps): Promise<Response> {
  const call = geminiCall(c.req.param("call") ?? "");
  switch (call.method) {
    case "generateContent":
      return await serve(c, "gemini_generate", deps, { model: call.model, stream: false });
    case "streamGenerateContent": {
      const name = c.req.query("alt") === "sse" ? "gemini_generate" : "gemini_array";
      return await serve(c, name, deps, { model: call.model, stream: true });
    }
    case "countTokens": {
      const read = countRequest({ dialect: "gemini_generate", model: call.model });
      return await run(c, { name: "gemini_generate", read }, deps);
    }
    case "embedContent":
      return await serve(c, "gemini_embed", deps, { model: call.model });
    case "batchEmbedContents":
      return await serve(c, "gemini_embed_batch", deps, { model: call.model });
    default:
      return answer(c, unknownMethod(call));
  }
}

/** The list in the shape its reader knows: clients of three vendors ask at the same address. */
async function modelsFor(c: Context<Env>, deps: HttpDeps): Promise<object> {
  const list = await modelList(deps, c.req.query("enriched") === "false" ? "bare" : "enriched");
  const vendor = vendorOf(c);
  return vendor === "google" ? geminiModels(list.data) : vendor === "anthropic" ? anthropicModels(list.data) : list;
}

async function modelFor(c: Context<Env>, id: string, deps: HttpDeps): Promise<object | Failure> {
  const row = await modelById(deps, id);
  if (isFailure(row)) return row;
  const vendor = vendorOf(c);
  return vendor === "google" ? geminiModel(row) : vendor === "anthropic" ? anthropicModel(row) : row;
}

/** Whose client asks, by the headers only that vendor's clients send. */
function vendorOf(c: Context<Env>): "google" | "anthropic" | "openai" {
  if (c.req.path.startsWith("/v1beta/") || c.req.header("x-goog-api-client") !== undefined) return "google";
  return c.req.header("anthropic-version") === undefined ? "openai" : "anthropic";
}

function clientOf(c: Context<Env>): Secret {
  return new Secret(clientKey(c.env.incoming.headers));
}

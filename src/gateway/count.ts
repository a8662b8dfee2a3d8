/**
 * How many tokens a request has. Providers that speak the client's dialect are asked, with a lease whose limits are
 * counted apart from the model's; in place of others, and of those that fail or take too long, it is counted here.
 */
import { Buffer } from "node:buffer";
import { NO_RECALL } from "../dialects/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../dialects/openai_upstream/codec.ts";
import type { RawRequest } from "../canonical/request.ts";
import { type Failure, isFailure } from "../kernel/failure.ts";
import { asNumber, asObject, type JsonObject } from "../kernel/json.ts";
import { type AskedJson, askJson } from "./ask_json.ts";
import type { Deps } from "./deps.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { commitAt } from "./handle.ts";
import { refuse } from "./refuse.ts";
import { ownHeaders } from "./reply_headers.ts";
import { route, type Target } from "./route.ts";
import { reasonOf } from "./send.ts";
import { countTokens } from "./tokens.ts";

/** Counting is a question on the side: it waits for no credential for long. */
const MOST_WAIT_MS = 5_000;

interface Way {
  readonly speaks: NonNullable<RawRequest["speaks"]>;
  path(model: string): string;
  /** The client's body with the provider's name of the model in it. */
  body(body: JsonObject, model: string): JsonObject;
  readonly field: string;
}

const WAYS: Readonly<Partial<Record<string, Way>>> = {
  anthropic_messages: {
    speaks: "anthropic",
    path: () => "/messages/count_tokens",
    body: (body, model) => ({ ...body, model }),
    field: "input_tokens",
  },
  gemini_generate: {
    speaks: "gemini",
    path: (model) => `/models/${encodeURIComponent(model.replace(/^models\//, ""))}:countTokens`,
    body({ model: _model, ...body }, model) {
      const wrapped = asObject(body.generateContentRequest);
      return wrapped === undefined ? body : { ...body, generateContentRequest: { ...wrapped, model: `models/${model}` } };
    },
    field: "totalTokens",
  },
};

/** Answers a request to count. */
export async function count(exchange: Exchange, deps: Deps): Promise<Ending> {
  const way = WAYS[exchange.dialect.name];
  const told = way === undefined ? undefined : await tell(exchange, way, deps);
  if (exchange.signal.aborted) return refuse(exchange, reasonOf(exchange.signal));
  const body = told?.body ?? await counted(exchange, way);
  if (isFailure(body)) return refuse(exchange, body);
  const text = JSON.stringify(body);
  exchange.out.writeHead(200, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...ownHeaders(exchange, told?.target),
  });
  exchange.out.end(text);
  return { status: 200, body: text };
}

/** What a provider says; undefined when none can be asked, or it says no number. */
async function tell(exchange: Exchange, way: Way, deps: Deps): Promise<{ readonly body: JsonObject; readonly target: Target } | undefined> {
  const target = targetOf(exchange, { way, deps });
  const asked = target === undefined ? undefined : await ask(exchange, { way, target, deps });
  if (target === undefined || asked === undefined || isFailure(asked)) return undefined;
  return asNumber(asked.body[way.field]) === undefined ? undefined : { body: asked.body, target };
}

/** The first target of the model, when it can be asked. */
function targetOf({ snapshot, request }: Exchange, { way, deps }: { readonly way: Way; readonly deps: Deps }): Target | undefined {
  const targets = route(snapshot, { model: request.model, operation: "chat" }, deps.offered);
  const [first] = isFailure(targets) ? [] : targets;
  const isAble = first?.provider.row.protocol === way.speaks && first.provider.row.adapter === undefined;
  return isAble ? first : undefined;
}

async function ask(
  exchange: Exchange,
  { way, target, deps }: { readonly way: Way; readonly target: Target; readonly deps: Deps },
): Promise<AskedJson | Failure> {
  const { request } = exchange;
  const raw: RawRequest = { method: "POST", path: way.path(target.model), isOwned: false, speaks: way.speaks };
  // A limit on counting is none on the model, and a long answer under way does not hold counting up.
  const apart: Target = { ...target, model: `count:${target.model}`, body: (body) => way.body(body, target.model) };
  const part: Exchange = {
    ...exchange,
    request: { ...request, native: { ...request.native, raw } },
    deadlineAt: Math.min(exchange.deadlineAt, deps.clock.now() + MOST_WAIT_MS),
  };
  const asked = await askJson(part, { clock: deps.clock, commit: (it) => commitAt({ exchange: it, target: apart, deps, isLast: true }) });
  exchange.waitedMs = part.waitedMs;
  return asked;
}

/** Read into the canonical form, then counted as chat messages. */
async function counted({ dialect, request }: Exchange, way: Way | undefined): Promise<JsonObject | Failure> {
  const { model, native: { body } } = request;
  const decoded = dialect.codec?.decode({ ...body, ...asObject(body.generateContentRequest), model });
  if (decoded === undefined || isFailure(decoded)) return decoded ?? {};
  const crossing = OPENAI_UPSTREAM_CODEC.cross(decoded, { model, recall: NO_RECALL, newId: () => "call" });
  if (isFailure(crossing)) return crossing;
  const { messages, tools } = crossing.body;
  return { [way?.field ?? "input_tokens"]: (await countTokens({ model, messages, tools })).count };
}

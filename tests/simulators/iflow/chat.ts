/**
 * iFlow's API: chat and the list of models. Calls are signed with their key; nearly every refusal is a 200
 * with an envelope, also where a stream was asked for.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { asObject, asString, type JsonObject, parseJson } from "../../../src/kernel/json.ts";
import { chatReply, toolsFault, withChoice, withChunks } from "../chat_reply.ts";
import type { Asked } from "../oauth/asked.ts";
import { jsonReply, type Reply } from "../reply.ts";
import type { StreamForm } from "./effects.ts";
import { effectOf, endKey, type IflowState, ownerOfKey } from "./state.ts";

const MAX_SKEW_MS = 300_000;
const AGENT = "iFlow-Cli";
export const IFLOW_MODELS: readonly string[] = ["glm-5", "minimax-m2.5", "qwen3-max", "kimi-k2.5", "deepseek-v3.2"];
/** What agents other than the vendor's own are shown. */
const FEW_MODELS = IFLOW_MODELS.slice(2, 3);

/** `POST /v1/chat/completions` */
export function chat(state: IflowState, asked: Asked): Reply {
  const refused = denial(state, asked) ?? envelopeOf(state, asked);
  if (refused !== undefined) return refused;
  const body = asObject(asked.body);
  if (body === undefined) return jsonReply(400, { error: { message: "the body is not a JSON object" } });
  const isStream = body.stream === true;
  if ("stream_options" in body) return jsonReply(406, { message: "Not Acceptable" });
  if (isStream && effectOf(state, asked, "no_stream") !== undefined) return jsonReply(406, { message: "Not Acceptable" });
  const fault = state.strictness === "strict" ? toolsFault(body) : undefined;
  if (fault !== undefined) return jsonReply(400, { error: { message: fault, type: "invalid_request_error" } });
  const shape = effectOf(state, asked, "content")?.shape;
  if (isStream) return streamReply(state, asked, chatReply(asked, { ...body, stream_options: { include_usage: true } }, shape));
  const reply = chatReply(asked, body, shape);
  return effectOf(state, asked, "wrapped_answer") === undefined ? reply : wrapped(reply);
}

/** `GET /v1/models` */
export function models(state: IflowState, asked: Asked): Reply {
  const ids = asked.headers["user-agent"] === AGENT ? IFLOW_MODELS : FEW_MODELS;
  const data = ids.map((id) => ({ id, object: "model", created: 1_750_000_000, owned_by: "iflow" }));
  return keyDenial(state, asked) ?? jsonReply(200, { object: "list", data });
}

function denial(state: IflowState, asked: Asked): Reply | undefined {
  const dead = effectOf(state, asked, "dead_key");
  const owner = ownerOfKey(state, asked.bearer ?? "");
  if (dead !== undefined && owner !== undefined && state.keys.get(owner) === asked.bearer) endKey(state, owner);
  return keyDenial(state, asked) ?? signatureDenial(state, asked);
}

function keyDenial(state: IflowState, asked: Asked): Reply | undefined {
  const key = asked.bearer ?? "";
  if (state.apiKeys.has(key) || [...state.keys.values()].includes(key)) return undefined;
  if (state.deadKeys.has(key)) return jsonReply(200, { status: "439", msg: "Your API Token has expired.", body: null });
  return jsonReply(401, { message: "Unauthorized" });
}

function signatureDenial(state: IflowState, asked: Asked): Reply | undefined {
  if (state.signature === "optional") return undefined;
  const verdict = signatureOf(state, asked);
  const isRefused = verdict === "wrong" || (verdict === "missing" && state.signature === "required");
  return isRefused ? jsonReply(403, { message: `signature is ${verdict}` }) : undefined;
}

function signatureOf(state: IflowState, asked: Asked): "good" | "wrong" | "missing" {
  const { headers } = asked;
  const signature = asString(headers["x-iflow-signature"]);
  if (signature === undefined) return "missing";
  const session = asString(headers["session-id"]) ?? "";
  const at = asString(headers["x-iflow-timestamp"]) ?? "";
  if (!/^session-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(session)) return "wrong";
  if (!/^\d{13}$/.test(at) || Math.abs(Number(at) - state.clock.now()) > MAX_SKEW_MS) return "wrong";
  const wanted = createHmac("sha256", asked.bearer ?? "").update(`${headers["user-agent"]}:${session}:${at}`).digest("hex");
  const isGood = signature.length === wanted.length && timingSafeEqual(Buffer.from(signature), Buffer.from(wanted));
  return isGood ? "good" : "wrong";
}

function envelopeOf(state: IflowState, asked: Asked): Reply | undefined {
  const effect = effectOf(state, asked, "envelope");
  return effect && jsonReply(effect.http ?? 200, { status: effect.status, msg: effect.msg, body: null });
}

function wrapped(reply: Reply): Reply {
  const data = parseJson(Buffer.concat(reply.pieces).toString()) ?? null;
  return jsonReply(200, { success: true, code: "200", message: null, data });
}

/** Usage stands in the last chunk of the answer, not in one of its own. */
function streamReply(state: IflowState, asked: Asked, reply: Reply): Reply {
  const form = effectOf(state, asked, "stream")?.form;
  const edited = withChunks(reply, (chunks) => shaped(chunks, form));
  if (form === "no_space") {
    return {
      ...edited,
      pieces: edited.pieces.map((piece) => Buffer.from(Buffer.from(piece).toString().replace("data: ", "data:"))),
    };
  }
  return form === "blank_event" ? { ...edited, pieces: [Buffer.from("data: \n\n"), ...edited.pieces] } : edited;
}

function shaped(chunks: readonly JsonObject[], form: StreamForm | undefined): readonly JsonObject[] {
  const usage = chunks.at(-1)?.usage;
  const said = chunks.slice(0, -1).map(({ usage: _none, ...chunk }): JsonObject => chunk);
  const last = said.at(-1);
  if (last === undefined) return chunks;
  switch (form) {
    case "no_finish":
      return said.map((chunk) => withChoice(chunk, (choice) => ({ ...choice, finish_reason: null })));
    case "no_usage":
      return said;
    case "empty_usage":
      return [...said.slice(0, -1), { ...last, usage: {} }];
    default:
      return [...said.slice(0, -1), { ...last, ...(usage === undefined ? {} : { usage }) }];
  }
}

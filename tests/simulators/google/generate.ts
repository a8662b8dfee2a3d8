/**
 * generateContent, streamGenerateContent and countTokens. A call is first checked as the real service checks
 * it (strict mode), then a rule may refuse or shape it, and only then it is answered and counted.
 */
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../../src/kernel/json.ts";
import type { Asked } from "../oauth/asked.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { tokensOf } from "../tokens.ts";
import { type AccountState, mayUse, spend } from "./accounts.ts";
import { contentOf, naturalContent, type Prompt, type Said } from "./content.ts";
import { isRefusing, type Refusing } from "./effects.ts";
import {
  googleError,
  invalidArgument,
  modelNotFound,
  notEligible,
  projectDenied,
  subscriptionRequired,
  validationRequired,
} from "./errors.ts";
import { limitReply } from "./limits.ts";
import { type GoogleModel, googleModel } from "./models.ts";
import { UNSUPPORTED_CLIENT_MESSAGE } from "./setup.ts";
import { effectOf, type GoogleState } from "./state.ts";
import { arrayStream, eventStream, mergedResponse, responsesOf } from "./stream.ts";
import { normalized } from "./strict_fields.ts";
import { historyMistakeIn } from "./strict_history.ts";
import { settingMistakeIn } from "./strict_request.ts";

/** `POST /v1internal:generateContent`. */
export function generateContent(state: GoogleState, account: AccountState, asked: Asked): Reply {
  const call = admitted(state, account, asked);
  if ("pieces" in call) return call;
  const { responses } = answered(state, asked, call);
  const last = mergedResponse(responses);
  const error = asObject(last.error);
  if (error !== undefined) return jsonReply(asNumber(error.code) ?? 500, { error });
  return jsonReply(200, envelope(state, asked, last));
}

/** `POST /v1internal:streamGenerateContent`. */
export function streamGenerateContent(state: GoogleState, account: AccountState, asked: Asked): Reply {
  const isSse = asked.query.get("alt") === "sse";
  const call = admitted(state, account, asked);
  // The array that a stream without `alt=sse` is holds its error, too.
  if ("pieces" in call) return isSse ? call : inArray(call);
  const { responses, shape } = answered(state, asked, call);
  const values = responses.map((response) => "error" in response ? response : envelope(state, asked, response));
  return isSse ? eventStream(values, shape) : arrayStream(values);
}

/** `POST /v1internal:countTokens`. */
export function countTokens(state: GoogleState, account: AccountState, asked: Asked): Reply {
  const denial = standingDenial(account);
  if (denial !== undefined) return denial;
  const request = asObject(normalized("countTokens", asked.body).request) ?? {};
  const name = asString(request.model) ?? "";
  if (state.strictness === "strict" && !name.startsWith("models/")) {
    return invalidArgument("* CountTokensRequest.model: unexpected model name format", "request.model");
  }
  const model = googleModel(name.replace(/^models\//, ""));
  if (model === undefined || account.seed.hiddenModels?.includes(model.id) === true) return modelNotFound();
  const parts = asArray(request.contents).flatMap((content) => asArray(asObject(content)?.parts));
  if (state.strictness === "strict" && parts.some((part) => asObject(part)?.thought === true)) {
    return invalidArgument("Thought parts cannot be counted.", "request.contents");
  }
  const effect = state.faults.take(asked, isRefusing);
  if (effect !== undefined) return refusalOf(effect, account, model.id);
  const totalTokens = countIn(request);
  return jsonReply(200, totalTokens === 0 ? {} : { totalTokens });
}

/** A call that may be answered. */
interface Call {
  readonly model: GoogleModel;
  readonly request: JsonObject;
}

function admitted(state: GoogleState, account: AccountState, asked: Asked): Call | Reply {
  const body = normalized("generateContent", asked.body);
  const request = asObject(body.request) ?? {};
  const denial = standingDenial(account);
  if (denial !== undefined) return denial;
  const model = googleModel(asString(body.model) ?? "");
  if (model === undefined || account.seed.hiddenModels?.includes(model.id) === true) return modelNotFound();
  if (state.strictness === "strict") {
    const project = asString(body.project);
    if (project === undefined || project === "") return invalidArgument("Invalid project resource name projects/", "project");
    if (!mayUse(account, project)) return projectDenied(project);
    const mistake = settingMistakeIn(request, model) ?? historyMistakeIn(request.contents, model);
    if (mistake !== undefined) return invalidArgument(mistake.message, mistake.field);
  }
  const effect = state.faults.take(asked, isRefusing);
  if (effect !== undefined) return refusalOf(effect, account, model.id);
  return spent(state, account, model) ?? { model, request };
}

/** The refusal of an account that may not call at all. */
function standingDenial(account: AccountState): Reply | undefined {
  const { standing } = account;
  if (standing.startsWith("ineligible:")) {
    return notEligible(standing.slice("ineligible:".length), "Your current account is not eligible for Gemini Code Assist.");
  }
  switch (standing) {
    case "validation_required":
      return validationRequired(account.validationUrl);
    case "unsupported_client":
      return notEligible("UNSUPPORTED_CLIENT", UNSUPPORTED_CLIENT_MESSAGE);
    case "subscription":
      return subscriptionRequired();
    default:
      return undefined;
  }
}

/** The refusal a rule asks for. */
export function refusalOf(effect: Refusing, account: AccountState, model: string): Reply {
  switch (effect.kind) {
    case "limit":
      return limitReply(effect.limit, model);
    case "error":
      return googleError(effect.error);
    case "denial":
      switch (effect.denial) {
        case "model":
          return modelNotFound();
        case "subscription":
          return subscriptionRequired();
        case "validation":
          return validationRequired(account.validationUrl);
        case "unsupported_client":
          return notEligible("UNSUPPORTED_CLIENT", UNSUPPORTED_CLIENT_MESSAGE);
      }
  }
}

function spent(state: GoogleState, account: AccountState, model: GoogleModel): Reply | undefined {
  const exhausted = spend(account, model.group, state.clock);
  if (exhausted === undefined) return undefined;
  const leftS = Math.ceil((exhausted.exhaustedUntil - state.clock.now()) / 1000);
  const delay = `${Math.floor(leftS / 3600)}h${Math.floor(leftS / 60) % 60}m${leftS % 60}s`;
  const quotaResetAt = new Date(exhausted.exhaustedUntil).toISOString().replace(/\.\d+Z$/, "Z");
  return limitReply(
    { reason: "QUOTA_EXHAUSTED", quotaResetDelay: delay, quotaResetAt, retryInfo: `${leftS}s`, messageDelay: delay },
    model.id,
  );
}

function answered(state: GoogleState, asked: Asked, call: Call) {
  const shape = effectOf(state, asked, "stream")?.stream;
  const effect = effectOf(state, asked, "content", "parts", "responses");
  if (effect?.kind === "responses") return { responses: effect.responses, shape };
  const prompt: Prompt = { ...call, tokens: state.tokens };
  const said: Said = effect === undefined
    ? naturalContent(prompt)
    : effect.kind === "content"
    ? contentOf(effect.content, prompt)
    : { steps: effect.parts.map((part) => [part]), finishReason: effect.finishReason ?? "STOP" };
  const frame = {
    modelVersion: call.model.id,
    responseId: state.tokens.text("response", 22),
    createTime: new Date(state.clock.now()).toISOString(),
    promptTokenCount: countIn(call.request),
    candidateCount: asNumber(asObject(call.request.generationConfig)?.candidateCount) ?? 1,
  };
  return { responses: responsesOf(said, frame, shape), shape };
}

function envelope(state: GoogleState, asked: Asked, response: JsonObject): JsonObject {
  const credits = effectOf(state, asked, "credits");
  const amount = (creditAmount: string) => [{ creditType: "GOOGLE_ONE_AI", creditAmount }];
  return {
    response,
    traceId: asked.index.toString(16).padStart(16, "0"),
    ...(credits === undefined ? {} : { consumedCredits: amount(credits.consumed), remainingCredits: amount(credits.remaining) }),
  };
}

function inArray(reply: Reply): Reply {
  return { ...reply, pieces: [new TextEncoder().encode("["), ...reply.pieces, new TextEncoder().encode("]")] };
}

/** One token a word of every text in the conversation and the instructions. */
function countIn(request: JsonObject): number {
  const contents: readonly (Json | undefined)[] = [request.systemInstruction, ...asArray(request.contents)];
  const parts = contents.flatMap((content) => asArray(asObject(content)?.parts).filter(isObject));
  return parts.reduce((sum, part) => sum + tokensOf(asString(part.text) ?? JSON.stringify(part)), 0);
}

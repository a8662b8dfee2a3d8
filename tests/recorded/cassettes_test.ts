/**
 * Cassettes (VCR's YAML): what clients really sent to OpenAI's interface and what came back. A request is accepted in the
 * dialect of its path, and one that was refused as wrong is refused here too or known by the provider's answer as the
 * request's own fault; an answer is read, with its tokens. See recorded_test.ts for the folder.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import type { Reading } from "../../src/canonical/answer.ts";
import type { ChatEvent } from "../../src/canonical/chat.ts";
import type { DialectName } from "../../src/canonical/request.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { OPENAI_UPSTREAM_CODEC } from "../../src/dialects/openai_upstream/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../../src/dialects/responses_upstream/codec.ts";
import { DIALECTS } from "../../src/dialects/table.ts";
import { classifyReply } from "../../src/gateway/classify.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { findRow } from "../../src/providers/catalog.ts";
import { eventData, splitEvents } from "../../src/wire/sse.ts";
import { recordedFiles } from "./files.ts";
import { checkStream, checkWhole } from "./reading.ts";

/** Other paths are passed on as they are. */
const PATHS: readonly (readonly [ending: RegExp, name: DialectName])[] = [
  [/\/chat\/completions$/, "openai_chat"],
  [/\/completions$/, "openai_completions"],
  [/\/embeddings$/, "openai_embeddings"],
  [/\/responses$/, "openai_responses"],
];

const CODECS = { openai_chat: OPENAI_UPSTREAM_CODEC, openai_responses: RESPONSES_UPSTREAM_CODEC };

for (const { name, text } of recordedFiles(".yaml")) {
  const interactions = asArray(asObject(parse(text))?.interactions).filter(isObject);
  for (const [index, { request, response }] of interactions.entries()) {
    if (!isObject(request) || !isObject(response)) continue;
    Deno.test(`cassette ${name} ${index}`, () => checkInteraction(request, response));
  }
}

function checkInteraction(request: JsonObject, response: JsonObject): void {
  const path = new URL(asString(request.url) ?? "").pathname;
  const dialect = DIALECTS[PATHS.find(([ending]) => ending.test(path))?.[1] ?? "openai_raw"];
  const sent = asObject(parseJson(asString(request.body) ?? ""));
  const answered = asString(response.body) ?? "";
  const status = asNumber(response.code) ?? 0;
  // Forms are left out of cassettes.
  const isAccepted = sent === undefined || checkRequest(dialect, sent, status);
  if (status < 400) checkAnswer(dialect, answered);
  else if (isAccepted) checkFailure(answered, status);
}

/** Whether it is accepted. Only what the provider refused may be refused, as wrong. */
function checkRequest(dialect: Dialect, sent: JsonObject, status: number): boolean {
  const decoded = dialect.decodeRequest(sent);
  const read = isFailure(decoded) ? decoded : dialect.codec?.decode(sent);
  if (read === undefined || !isFailure(read)) return true;
  assert.equal(read.status, status, read.message);
  assert.equal(read.scope, "request");
  return false;
}

function checkFailure(answered: string, status: number): void {
  const row = findRow("openai");
  assert.ok(row !== undefined);
  const failed = classifyReply({ status, headers: {}, body: answered }, { row, model: "m", now: 0 });
  assert.notEqual(failed.scope, "credential", "no other key would do better");
  assert.equal(failed.status, status);
}

function checkAnswer(dialect: Dialect, answered: string): void {
  const whole = asObject(parseJson(answered));
  const bodies = whole === undefined ? eventsOf(answered) : [whole];
  assert.ok(bodies.length > 0, "it is JSON or a stream of JSON");
  const readings = bodies.map((body) => whole === undefined ? dialect.readEvent(body) : dialect.readAnswer(body));
  assert.ok(readings.some(({ isMeaningful }) => isMeaningful), "it says something");
  if (dialect.name === "openai_raw") return;
  const counted = bodies.map((body) => asObject(body.usage) ?? asObject(asObject(body.response)?.usage)).findLast((it) => it !== undefined);
  checkUsage(readings, counted);
  const codec = dialect.name === "openai_chat" || dialect.name === "openai_responses" ? CODECS[dialect.name] : undefined;
  if (codec !== undefined) checkEventUsage(whole === undefined ? checkStream(codec, bodies) : checkWhole(codec, whole), counted);
}

function eventsOf(stream: string): readonly JsonObject[] {
  return splitEvents(stream).map((event) => parseJson(eventData(event) ?? "")).filter(isObject);
}

function checkUsage(readings: readonly Reading[], counted: JsonObject | undefined): void {
  const usage = readings.map((reading) => reading.usage).findLast((it) => it !== undefined);
  assert.equal(usage?.inputTokens, counted?.prompt_tokens ?? counted?.input_tokens);
  if (counted === undefined) return;
  assert.equal(usage?.outputTokens, counted.completion_tokens ?? counted.output_tokens ?? 0);
  assert.equal(usage?.cachedTokens, asObject(counted.prompt_tokens_details ?? counted.input_tokens_details)?.cached_tokens ?? 0);
}

function checkEventUsage(events: readonly ChatEvent[], counted: JsonObject | undefined): void {
  const usage = events.flatMap((event) => event.kind === "usage" ? event.usage : []).at(-1);
  assert.equal(usage?.totalTokens, counted?.total_tokens);
  if (counted === undefined) return;
  const details = asObject(counted.completion_tokens_details ?? counted.output_tokens_details);
  assert.equal(usage?.reasoningTokens, details?.reasoning_tokens ?? 0);
}

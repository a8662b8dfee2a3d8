/** A request crosses into the envelope and its answer comes back out of it; what cannot cross is said before it is sent. */
import { NO_RECALL } from "../../dialects/codec.ts";
import assert from "node:assert/strict";
import type { ChatEvent, ChatRequest } from "../../canonical/chat.ts";
import { grantOf } from "../../credentials/grant.ts";
import type { ClientCodec, ProviderCodec } from "../../dialects/codec.ts";
import { openaiChat } from "../../dialects/openai_chat.ts";
import { failure, isFailure } from "../../kernel/failure.ts";
import { asString, type JsonObject, parseJson } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { accessOfGrant } from "../access.ts";
import type { PrepareInput } from "../adapter.ts";
import { findRow } from "../catalog.ts";
import { prepareThrough } from "./prepare.ts";
import { sessionIdOf } from "./call.ts";

const ASKED: ChatRequest = { system: [], turns: [], tools: [], sampling: {}, extensions: {}, dropped: ["user"] };
const NOT_TAKEN = failure({ scope: "request", kind: "invalid_request", status: 400, message: "no" });

const said = (body: JsonObject): readonly ChatEvent[] => [{ kind: "text", choice: 0, text: asString(body.text) ?? "" }];
const written = (events: readonly ChatEvent[]) => events.map((event) => event.kind === "text" ? event.text : "").join("");

/** Texts instead of real formats: enough to see what goes where. */
const CLIENT: ClientCodec = {
  decode: (body) => body.bad === true ? NOT_TAKEN : ASKED,
  answer: (events, { model, id, createdAtS }) => ({ model, id, createdAtS, text: written(events) }),
  stream: () => ({ push: (event) => [{ chunk: written([event]) }], end: () => [{ chunk: "end" }] }),
};
const PROVIDER: ProviderCodec = {
  cross: (request, { model }) => ({
    body: { contents: [], asked: request === ASKED, model },
    lossy: ["seed"],
    answer: said,
    events: () => ({ push: said, end: () => [] }),
  }),
  read: (body) => ({ isMeaningful: body.text !== undefined, isUsageOnly: false, text: asString(body.text) ?? "", reasoning: "", body }),
};

function input(more: Partial<PrepareInput> = {}): PrepareInput {
  const row = findRow("gemini_cli");
  assert.ok(row !== undefined);
  return {
    row,
    dialect: { ...openaiChat, codec: CLIENT },
    body: {},
    model: "gemini-2.5-pro",
    clientModel: "gemini_cli/gemini-2.5-pro",
    isStream: false,
    wantsStreamUsage: false,
    access: accessOfGrant(grantOf({ accessToken: new Secret("at"), refreshToken: null, expiresAt: null, projectId: "p-1" })),
    dialectHeaders: {},
    requestId: "req-1",
    conversation: "c-1",
    now: 7_500,
    recall: NO_RECALL,
    newId: () => "id-1",
    ...more,
  };
}

Deno.test("a request goes out in the envelope, streamed, and tells what was lost", () => {
  const prepared = prepareThrough(PROVIDER, input());
  assert.ok(!isFailure(prepared));
  assert.equal(prepared.call.url.href, "https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse");
  assert.deepEqual(parseJson(prepared.call.body ?? ""), {
    model: "gemini-2.5-pro",
    project: "p-1",
    user_prompt_id: "req-1",
    request: { contents: [], asked: true, model: "gemini-2.5-pro", session_id: sessionIdOf("c-1") },
  });
  assert.deepEqual(prepared.lossy, ["seed"]);
});

Deno.test("the answer comes out of the envelope, as events or folded into one", () => {
  const prepared = prepareThrough(PROVIDER, input());
  assert.ok(!isFailure(prepared));
  const events = ["Hel", "lo"].map((text) => ({ response: { text }, traceId: "t" }));
  assert.equal(prepared.form.readEvent(events[0] ?? {}).text, "Hel");
  const reader = prepared.form.reader();
  assert.deepEqual([...events.flatMap((event) => reader?.push(event) ?? []), ...reader?.flush("complete") ?? []], [
    { chunk: "Hel" },
    { chunk: "lo" },
    { chunk: "end" },
  ]);
  assert.deepEqual(prepared.form.fold?.(events), {
    model: "gemini_cli/gemini-2.5-pro",
    id: "id-1",
    createdAtS: 7,
    text: "Hello",
  });
});

Deno.test("what cannot cross is refused before it is sent", () => {
  const scopes = [
    prepareThrough(PROVIDER, input({ body: { bad: true } })),
    prepareThrough({ ...PROVIDER, cross: () => NOT_TAKEN }, input()),
    prepareThrough(PROVIDER, input({ dialect: openaiChatWithoutCodec() })),
    prepareThrough(PROVIDER, input({ access: { secret: new Secret("key"), grant: null } })),
  ].map((made) => isFailure(made) ? made.scope : "sent");
  assert.deepEqual(scopes, ["request", "request", "request", "credential"]);
});

function openaiChatWithoutCodec() {
  const { codec: _codec, ...dialect } = openaiChat;
  return dialect;
}

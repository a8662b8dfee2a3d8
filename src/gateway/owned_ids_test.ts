/** Marks on ids: put on answers, taken off requests, and nothing else touched. */
import assert from "node:assert/strict";
import { mayHoldMarks, withMarks, withoutMark, withoutMarks } from "./owned_ids.ts";

const MARK = "0123456789ab";

Deno.test("ids of files and batches are marked, and come back bare with their owner", () => {
  const answer = '{"id": "batch_1", "input_file_id":"file-abc", "output_file_id":null, "object":"batch", "model":"file-like~text"}';
  const marked = withMarks(answer, `openai:${MARK}`);
  assert.equal(
    marked,
    `{"id": "batch_1~${MARK}", "input_file_id":"file-abc~${MARK}", "output_file_id":null, "object":"batch", "model":"file-like~text"}`,
  );
  assert.deepEqual(withoutMarks(marked), {
    text: answer,
    owner: MARK,
    owners: new Map([["batch_1", MARK], ["file-abc", MARK]]),
  });
});

Deno.test("other texts with a tilde stay as they are", () => {
  for (const text of ["~/file", "file-abc~xyz", "a~0123456789ab", '{"id":"chatcmpl-1"}', "file-abc~0123456789abc"]) {
    assert.deepEqual(withoutMarks(text), { text, owner: undefined, owners: new Map() });
  }
  assert.equal(withMarks('{"id":"chatcmpl-1"}', `openai:${MARK}`), '{"id":"chatcmpl-1"}');
});

Deno.test("cached contents are marked by their names, pages by their tokens, and slashes may be escaped", () => {
  const answer = '{"name": "cachedContents/abc", "model":"models/gemini-2.5-pro", "nextPageToken":"t/1="}';
  const marked = withMarks(answer, `gemini:${MARK}`);
  assert.equal(marked, `{"name": "cachedContents/abc~${MARK}", "model":"models/gemini/gemini-2.5-pro", "nextPageToken":"t/1=~${MARK}"}`);
  assert.deepEqual(withoutMark(`t/1=~${MARK}`), { token: "t/1=", owner: MARK });
  assert.deepEqual(withoutMark("t~1"), { token: "t~1", owner: undefined });
  const escaped = withoutMarks(`{"cachedContent":"cachedContents\\/abc~${MARK}"}`);
  assert.deepEqual(escaped.owners, new Map([["cachedContents/abc", MARK]]));
  assert.equal(escaped.text, '{"cachedContent":"cachedContents\\/abc"}');
});

Deno.test("a text that holds a mark, escapes and all, is never taken for one without", () => {
  const id = `file-abc~${MARK}`;
  const digits = [...MARK].map((digit) => `\\u00${digit.charCodeAt(0).toString(16)}`).join("");
  for (const text of [`{"file_id":"${id}"}`, `["${id} and more"]`, `{"file_id":"file-abc~${digits}"}`]) {
    assert.ok(mayHoldMarks(text), text);
    assert.equal(withoutMarks(JSON.stringify(JSON.parse(text))).owner, MARK, text);
  }
  for (const text of ['{"a":"~/src"}', '{"a":"^1.2 ~1.2.3"}', '{"a":"~~~~ 0123456789ab"}']) assert.ok(!mayHoldMarks(text), text);
});

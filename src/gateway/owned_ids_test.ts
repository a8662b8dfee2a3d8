/** Marks on ids: put on answers, taken off requests, and nothing else touched. */
import assert from "node:assert/strict";
import { withMarks, withoutMarks } from "./owned_ids.ts";

const MARK = "0123456789ab";

Deno.test("ids of files and batches are marked, and come back bare with their owner", () => {
  const answer = '{"id": "batch_1", "input_file_id":"file-abc", "output_file_id":null, "object":"batch", "model":"file-like~text"}';
  const marked = withMarks(answer, `openai:${MARK}`);
  assert.equal(
    marked,
    `{"id": "batch_1~${MARK}", "input_file_id":"file-abc~${MARK}", "output_file_id":null, "object":"batch", "model":"file-like~text"}`,
  );
  assert.deepEqual(withoutMarks(marked), { text: answer, owner: MARK });
});

Deno.test("other texts with a tilde stay as they are", () => {
  for (const text of ["~/file", "file-abc~xyz", "a~0123456789ab", '{"id":"chatcmpl-1"}', "file-abc~0123456789abc"]) {
    assert.deepEqual(withoutMarks(text), { text, owner: undefined });
  }
  assert.equal(withMarks('{"id":"chatcmpl-1"}', `openai:${MARK}`), '{"id":"chatcmpl-1"}');
});

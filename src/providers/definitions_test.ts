/** Tests of user-defined models. */
import assert from "node:assert/strict";
import { definitionOf, upstreamId, withDefaults } from "./definitions.ts";

const fast = {
  name: "fast",
  id: "org/model-v2",
  options: { temperature: 0.2, reasoning_effort: "low", extra_body: { a: 1, b: 2 }, stream: true, model: "other" },
};

Deno.test("a defined name stands for its upstream id, any other for itself", () => {
  assert.equal(upstreamId([fast], "fast"), "org/model-v2");
  assert.equal(upstreamId([fast], "org/other"), "org/other");
  assert.equal(definitionOf([fast], "FAST"), undefined);
});

Deno.test("defaults fill what the client left out", () => {
  const body = withDefaults({ model: "fast", messages: [] }, fast);
  assert.deepEqual(body, {
    model: "fast",
    messages: [],
    temperature: 0.2,
    reasoning_effort: "low",
    extra_body: { a: 1, b: 2 },
  });
});

Deno.test("the client's fields win, one level deep, null included", () => {
  const body = withDefaults({ temperature: null, extra_body: { b: 3 } }, fast);
  assert.equal(body.temperature, null);
  assert.deepEqual(body.extra_body, { a: 1, b: 3 });
});

Deno.test("the definition's reasoning effort wins over the client's", () => {
  assert.equal(withDefaults({ reasoning_effort: "high" }, fast).reasoning_effort, "low");
  assert.equal(withDefaults({ reasoning_effort: "high" }, { ...fast, options: {} }).reasoning_effort, "high");
});

Deno.test("the request that was given is not changed", () => {
  const body = Object.freeze({ extra_body: Object.freeze({ b: 3 }) });
  withDefaults(body, fast);
  assert.deepEqual(body, { extra_body: { b: 3 } });
});

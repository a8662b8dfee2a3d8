/** Names of tools on their way to a provider and back. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { GEMINI_NAMES } from "./gemini/tools.ts";
import { PLAIN_NAMES, ToolNames } from "./tool_names.ts";

const WIRE_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;

Deno.test("names are made fit, long ones by a hash", () => {
  const names = new ToolNames([], GEMINI_NAMES);
  assert.equal(names.toWire("get_weather.v2"), "get_weather.v2");
  assert.equal(names.toWire("mcp/files read"), "mcp_files_read");
  assert.equal(names.toWire("7zip"), "_7zip");
  assert.match(names.toWire("x".repeat(80)), /^x{55}_[0-9a-f]{8}$/);
});

Deno.test("a name that is fine keeps itself, even when another becomes the same", () => {
  const names = new ToolNames(["a b", "a_b"], GEMINI_NAMES);
  assert.match(names.toWire("a b"), /^a_b_[0-9a-f]{8}$/);
  assert.equal(names.toWire("a_b"), "a_b");
});

Deno.test("a name the model made up stays as it is", () => {
  assert.equal(new ToolNames(["f"], GEMINI_NAMES).fromWire("invented"), "invented");
});

Deno.test("any names are fit, different, and come back", () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 90, unit: "grapheme" }),
    fc.constantFrom("a b", "a_b", "a.b", "a-b", "1", "_1"),
  );
  fc.assert(fc.property(fc.uniqueArray(name, { maxLength: 20 }), (given) => {
    const names = new ToolNames(given, GEMINI_NAMES);
    const wire = given.map((it) => names.toWire(it));
    assert.ok(wire.every((it) => WIRE_NAME.test(it)));
    assert.equal(new Set(wire).size, given.length);
    assert.deepEqual(wire.map((it) => names.fromWire(it)), given);
  }));
});

Deno.test("plain names hold letters, digits, underscores and hyphens only", () => {
  assert.equal(new ToolNames([], PLAIN_NAMES).toWire("files.read v2"), "files_read_v2");
});

/** JSON Schema in Gemini's subset. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../kernel/json.ts";
import { toGeminiSchema } from "./schema.ts";

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more });

const CASES: readonly (readonly [name: string, given: JsonObject, wanted: JsonObject, dropped?: readonly string[]])[] = [
  ["nothing is an object without properties", {}, object({})],
  [
    "what says nothing about values goes, what is known stays",
    {
      $schema: "x",
      $id: "y",
      "x-order": 1,
      strict: true,
      ...object({ a: { type: "integer", minimum: 1, title: "A" } }, { required: ["a", "b"] }),
    },
    object({ a: { type: "integer", minimum: 1, title: "A" } }, { required: ["a"] }),
  ],
  [
    "constraints that are lost are told in words",
    object({ a: { type: "number", multipleOf: 5, description: "steps" }, b: { type: "string", format: "email" } }, {
      additionalProperties: false,
    }),
    {
      ...object({
        a: { type: "number", description: "steps\nmultipleOf: 5" },
        b: { type: "string", description: 'format: "email"' },
      }),
      description: "additionalProperties: false",
    },
    ["additionalProperties", "properties.a.multipleOf", "properties.b.format"],
  ],
  [
    "references are written out, what stands beside them is kept",
    object({ a: { $ref: "#/$defs/p~1q", description: "mine" } }, { $defs: { "p/q": { type: "string", description: "its" } } }),
    object({ a: { type: "string", description: "its\nmine" } }),
  ],
  [
    "circles are cut",
    object({ next: { $ref: "#" }, name: { type: "string" } }),
    object({ next: object({ next: object({}), name: { type: "string" } }), name: { type: "string" } }),
    ["properties.next.properties.next.$ref"],
  ],
  ["a reference to elsewhere is any object", object({ a: { $ref: "https://example.com/x" } }), object({ a: object({}) }), [
    "properties.a.$ref",
  ]],
  [
    "what must hold at once is joined",
    {
      allOf: [
        object({ a: { type: "string", minLength: 1 } }, { required: ["a"] }),
        object({ a: { minLength: 3 }, b: { type: "boolean" } }, { required: ["b"] }),
      ],
    },
    object({ a: { type: "string", minLength: 3 }, b: { type: "boolean" } }, { required: ["a", "b"] }),
  ],
  ["null is a flag", object({ a: { type: ["string", "null"] }, b: { anyOf: [{ type: "integer" }, { type: "null" }] } }), {
    ...object({ a: { type: "string", nullable: true }, b: { type: "integer", nullable: true } }),
  }],
  [
    "several types are a choice, with nothing beside it",
    object({
      a: { type: ["string", "integer"], description: "id" },
      b: { oneOf: [{ type: "string" }, { type: "array", items: { type: "number" } }] },
    }),
    object({
      a: { anyOf: [{ type: "string", description: "id" }, { type: "integer", description: "id" }] },
      b: { anyOf: [{ type: "string" }, { type: "array", items: { type: "number" } }] },
    }),
  ],
  [
    "constants and values are texts",
    object({ a: { const: 5 }, b: { enum: ["x", 1, null, true] } }),
    object({ a: { type: "string", enum: ["5"] }, b: { type: "string", nullable: true, enum: ["x", "1", "true"] } }),
  ],
  [
    "lists have items",
    object({ a: { type: "array" }, b: { prefixItems: [{ type: "string" }, { type: "integer" }] }, c: true, d: false }),
    object({
      a: { type: "array", items: { type: "string" } },
      b: { type: "array", items: { anyOf: [{ type: "string" }, { type: "integer" }] } },
      c: { type: "string" },
    }),
  ],
];

for (const [name, given, wanted, dropped = []] of CASES) {
  Deno.test(name, () => {
    const cleaned = toGeminiSchema(given);
    assert.deepEqual(cleaned.schema, wanted);
    assert.deepEqual([...cleaned.dropped].sort(), dropped);
  });
}

Deno.test("references that double at every level stay bounded", () => {
  const $defs = Object.fromEntries(Array.from({ length: 22 }, (_, at): [string, JsonObject] => {
    const next = { $ref: `#/$defs/d${at + 1}` };
    return [`d${at}`, object({ a: next, b: next })];
  }));
  const { schema, dropped } = toGeminiSchema({ $ref: "#/$defs/d0", $defs });
  assert.ok(JSON.stringify(schema).length < 1_000_000);
  assert.ok(dropped.length > 0);
});

/**
 * What each provider's format does to schemas and names of tools, for any schema: the result is one the provider takes,
 * going over it again changes nothing, what was given is left alone, and what is lost is named.
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import { strictSchema } from "../../src/dialects/anthropic_upstream/schema.ts";
import { ANTHROPIC_NAMES } from "../../src/dialects/anthropic_upstream/tools.ts";
import { cohereSchema } from "../../src/dialects/cohere/schema.ts";
import { toGeminiSchema } from "../../src/dialects/gemini/schema.ts";
import { GEMINI_NAMES } from "../../src/dialects/gemini/tools.ts";
import { objectSchema } from "../../src/dialects/object_schema.ts";
import { strictForOpenAI } from "../../src/dialects/strict_schema.ts";
import { PLAIN_NAMES, ToolNames } from "../../src/dialects/tool_names.ts";
import type { CutSchema } from "../../src/dialects/schema_cut.ts";
import { isObject, type Json, type JsonObject, parseJson } from "../../src/kernel/json.ts";

const NAMES = ["a", "b", "type", "title", "default", "properties", "$ref", "enum", "__proto__", "é"];
const name = fc.constantFrom(...NAMES);
const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom(null, true, 1, -0.5, "x", ""),
  fc.constantFrom<Json>({ type: "object", title: "t" }, [{ format: "email" }], {}),
);
const count = fc.oneof(fc.nat(3), fc.constantFrom<Json>("3", null));

const ANNOTATIONS = {
  title: fc.constantFrom("T", ""),
  description: fc.constantFrom("what it is", ""),
  $comment: fc.constant("c"),
  examples: fc.constant<Json>([{ title: "x" }]),
};
const LIMITS = {
  minLength: count,
  maxLength: count,
  pattern: fc.constantFrom("^a", "(?=b)"),
  format: fc.constantFrom("email", "date-time", "int32", "regex"),
  minimum: count,
  exclusiveMaximum: count,
  multipleOf: count,
  minItems: count,
  maxItems: count,
  uniqueItems: fc.boolean(),
  minProperties: count,
  default: value,
  const: value,
  enum: fc.array(value, { maxLength: 3 }),
  nullable: fc.boolean(),
};
const TYPE = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Json>("object", "array", "string", "integer", "number", "boolean", "null") },
  { weight: 1, arbitrary: fc.constantFrom<Json>(["string", "null"], ["object", "array"], "any", [], 5) },
);
const REF = fc.constantFrom(
  "#",
  "#/$defs/a",
  "#/$defs/b",
  "#/definitions/a",
  "#/properties/a",
  "#/$defs/none",
  "https://example.com/x",
  "#/%zz",
);

const { schema: inner } = fc.letrec<{ schema: JsonObject }>((tie) => {
  const schema = tie("schema");
  const schemas = fc.dictionary(name, fc.oneof({ weight: 6, arbitrary: schema }, { weight: 1, arbitrary: fc.boolean() }), { maxKeys: 3 });
  const list = fc.array(schema, { maxLength: 2 });
  const fields = {
    type: TYPE,
    ...ANNOTATIONS,
    ...LIMITS,
    properties: schemas,
    required: fc.array(name, { maxLength: 2 }),
    additionalProperties: fc.oneof<fc.Arbitrary<Json>[]>(fc.boolean(), schema),
    patternProperties: schemas,
    items: fc.oneof<fc.Arbitrary<Json>[]>(schema, list),
    prefixItems: list,
    anyOf: list,
    oneOf: list,
    allOf: list,
    not: schema,
    $ref: REF,
  };
  // A schema that says everything at once says nothing: few keywords, of any kind.
  const few: fc.Arbitrary<JsonObject> = fc.subarray(Object.keys(fields), { minLength: 1, maxLength: 4 }).chain((keys) =>
    fc.record<Record<string, Json>>(Object.fromEntries(Object.entries(fields).filter(([key]) => keys.includes(key))))
  );
  const nested = fc.oneof<fc.Arbitrary<JsonObject>[]>(
    fc.record({ type: fc.constant("object"), properties: schemas, required: fc.array(name, { maxLength: 2 }) }),
    fc.record({ anyOf: fc.array(schema, { minLength: 1, maxLength: 3 }), description: fc.constant("d") }),
    fc.record({ allOf: fc.array(schema, { minLength: 1, maxLength: 3 }), required: fc.array(name, { maxLength: 2 }) }),
    fc.record({ $ref: REF, description: fc.constant("d") }),
    fc.record({ type: fc.constant("array"), items: schema }),
  );
  return {
    schema: fc.oneof(
      { maxDepth: 4, depthSize: "max" },
      fc.constant<JsonObject>({ type: "string" }),
      { weight: 4, arbitrary: few },
      { weight: 5, arbitrary: nested },
    ),
  };
});
const schema: fc.Arbitrary<JsonObject> = fc.record(
  { base: inner, $defs: fc.dictionary(fc.constantFrom("a", "b"), inner), definitions: fc.dictionary(fc.constant("a"), inner) },
  { requiredKeys: ["base"] },
).map(({ base, ...defs }) => fromText(JSON.stringify({ ...base, ...defs })));

/** As it comes from a body. */
function fromText(text: string): JsonObject {
  const parsed = parseJson(text);
  return isObject(parsed) ? parsed : {};
}

/** Every schema in a schema, with its keywords checked by `check`; schemas stand only where JSON Schema has them. */
function eachSchema(given: JsonObject, check: (schema: JsonObject) => void): void {
  check(given);
  const visit = (inner: Json | undefined) => isObject(inner) ? eachSchema(inner, check) : assert.equal(typeof inner, "boolean");
  for (const key of ["items", "not", "additionalProperties", "contains"]) {
    const inner = given[key];
    if (Array.isArray(inner)) inner.forEach(visit);
    else if (inner !== undefined) visit(inner);
  }
  for (const key of ["anyOf", "oneOf", "allOf", "prefixItems"]) {
    const list = given[key];
    if (Array.isArray(list)) list.forEach(visit);
  }
  for (const key of ["properties", "patternProperties", "$defs", "definitions"]) {
    const named = given[key];
    if (isObject(named)) Object.values(named).forEach(visit);
  }
}

function only(given: JsonObject, allowed: readonly string[]): void {
  const odd = Object.keys(given).filter((key) => !allowed.includes(key));
  assert.deepEqual(odd, [], "keywords that are refused");
}

function demandsOnlyWhatIsThere(given: JsonObject): void {
  if (given.required === undefined) return;
  const names = Object.keys(isObject(given.properties) ? given.properties : {});
  assert.ok(Array.isArray(given.required) && given.required.length > 0 && given.required.every((it) => names.includes(String(it))));
}

const GEMINI_WORDS = [
  ..."type format title description nullable enum items maxItems minItems properties required minProperties maxProperties".split(" "),
  ..."minLength maxLength pattern example anyOf propertyOrdering default minimum maximum".split(" "),
];

function legalForGemini(given: JsonObject): void {
  eachSchema(given, (schema) => {
    only(schema, GEMINI_WORDS);
    if (schema.anyOf !== undefined) return assert.deepEqual(Object.keys(schema), ["anyOf"]);
    assert.ok(["string", "number", "integer", "boolean", "array", "object"].includes(String(schema.type)));
    if (schema.type === "object") assert.ok(isObject(schema.properties));
    if (schema.type === "array") assert.ok(isObject(schema.items));
    if (schema.enum !== undefined) {
      assert.equal(schema.type, "string");
      assert.ok(Array.isArray(schema.enum) && schema.enum.every((it) => typeof it === "string" && it !== ""));
    }
    demandsOnlyWhatIsThere(schema);
  });
}

const STRICT_WORDS = "type title description default enum const anyOf properties required additionalProperties items format minItems".split(
  " ",
);

function legalForAnthropic(given: JsonObject): void {
  eachSchema(given, (schema) => {
    only(schema, STRICT_WORDS);
    if (schema.anyOf !== undefined) return assert.deepEqual(Object.keys(schema), ["anyOf"]);
    const types = [schema.type].flat().map(String);
    assert.ok(types.length > 0 && types.every((type) => /^(string|number|integer|boolean|null|array|object)$/.test(type)), types.join());
    assert.equal(schema.additionalProperties, types.includes("object") ? false : undefined);
    for (const scalar of [schema.const ?? null, schema.enum ?? null].flat()) assert.ok(typeof scalar !== "object" || scalar === null);
    assert.ok(schema.minItems === undefined || schema.minItems === 0 || schema.minItems === 1);
    assert.notEqual(schema.format, "int32");
    demandsOnlyWhatIsThere(schema);
  });
}

function legalForCohere(given: JsonObject): void {
  assert.equal(given.type, "object");
  assert.ok(isObject(given.properties));
  eachSchema(given, (schema) => {
    for (const key of "$ref $defs definitions allOf $schema additionalProperties format default title examples".split(" ")) {
      assert.equal(schema[key], undefined, key);
    }
  });
}

/** The top is one plain object; what stands deeper may refer to definitions that are there. */
function legalTop(given: JsonObject): void {
  assert.equal(given.type, "object");
  assert.ok(isObject(given.properties));
  for (const key of ["anyOf", "oneOf", "allOf", "$ref"]) assert.equal(given[key], undefined, key);
}

interface Rule {
  readonly title: string;
  readonly cut: (schema: JsonObject) => CutSchema;
  readonly check: (schema: JsonObject) => void;
}

const RULES: readonly Rule[] = [
  { title: "Gemini", cut: toGeminiSchema, check: legalForGemini },
  { title: "Anthropic, strict", cut: strictSchema, check: legalForAnthropic },
  { title: "Cohere", cut: cohereSchema, check: legalForCohere },
  { title: "Anthropic and Bedrock", cut: objectSchema, check: legalTop },
];

/** Whether a keyword stands anywhere where schemas stand, references followed no further than they are written. */
function says(given: JsonObject, keyword: string): boolean {
  let isThere = false;
  eachSchemaLoosely(given, (schema) => isThere ||= schema[keyword] !== undefined);
  return isThere;
}

function eachSchemaLoosely(given: Json | undefined, look: (schema: JsonObject) => void): void {
  if (Array.isArray(given)) given.forEach((item) => eachSchemaLoosely(item, look));
  else if (isObject(given)) {
    look(given);
    for (const inner of Object.values(given)) eachSchemaLoosely(inner, look);
  }
}

for (const { title, cut, check } of RULES) {
  Deno.test(`${title}: any schema becomes one the provider takes, and stays as it is the second time`, () => {
    fc.assert(
      fc.property(schema, (given) => {
        const before = JSON.stringify(given);
        const { schema: written } = cut(given);
        assert.equal(JSON.stringify(given), before, "what was given is left alone");
        check(written);
        const again = cut(written);
        assert.deepEqual(again.schema, written);
        assert.deepEqual(again.dropped, []);
      }),
      { numRuns: 500 },
    );
  });

  Deno.test(`${title}: what is named as lost was there`, () => {
    fc.assert(fc.property(schema, (given) => {
      for (const place of cut(given).dropped) {
        const keyword = place.split(".").at(-1) ?? "";
        assert.ok(says(given, keyword) || keyword === "$ref", place);
      }
    }));
  });
}

/** A limit on one property, and how each provider tells that it is gone. */
Deno.test("a keyword that is not in the result is named as lost, unless it says nothing about values", () => {
  const limit = fc.constantFrom<[string, Json, string]>(
    ["minLength", 3, "string"],
    ["maximum", 3, "number"],
    ["exclusiveMinimum", 3, "number"],
    ["multipleOf", 3, "integer"],
    ["uniqueItems", true, "array"],
    ["pattern", "^a", "string"],
    ["format", "idn-email", "string"],
    ["patternProperties", { "^x": { type: "string" } }, "object"],
    ["additionalProperties", { type: "string" }, "object"],
    ["not", { type: "string" }, "integer"],
    ["if", { type: "string" }, "integer"],
    ["default", "x", "string"],
    ["minItems", 4, "array"],
  );
  fc.assert(fc.property(limit, fc.constantFrom(...RULES.slice(0, 3)), fc.nat(3), ([keyword, value, type], { cut }, depth) => {
    let given: JsonObject = { type, [keyword]: value };
    for (let at = 0; at < depth; at++) given = { type: "object", properties: { a: given } };
    const { schema: written, dropped } = cut({ type: "object", properties: { a: given } });
    const isKept = says(written, keyword) &&
      !(keyword === "additionalProperties" && !JSON.stringify(written).includes(':{"type":"string"}'));
    assert.ok(isKept || dropped.some((place) => place.endsWith(keyword)), `${keyword} is lost without a word`);
  }));
});

Deno.test("references that go in circles are cut, and the cut is named", () => {
  const circle: JsonObject = {
    type: "object",
    properties: { next: { $ref: "#/$defs/node" } },
    $defs: {
      node: { type: "object", properties: { value: { type: "string" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } } },
    },
  };
  for (const { title, cut, check } of RULES.slice(0, 3)) {
    const { schema: written, dropped } = cut(circle);
    check(written);
    assert.ok(dropped.some((place) => place.endsWith("$ref")), title);
    assert.ok(says(written, "value"), `${title} keeps one round`);
  }
});

Deno.test("references that double at every level stay bounded", () => {
  const $defs = Object.fromEntries(Array.from({ length: 22 }, (_, at): [string, JsonObject] => {
    const next = { $ref: `#/$defs/d${at + 1}` };
    return [`d${at}`, { type: "object", properties: { a: next, b: next } }];
  }));
  for (const { title, cut } of RULES) {
    const { schema: written, dropped } = cut({ $ref: "#/$defs/d0", $defs });
    assert.ok(JSON.stringify(written).length < 2_000_000, title);
    if (title !== "Anthropic and Bedrock") assert.ok(dropped.length > 0, title);
  }
});

Deno.test("OpenAI: a schema is strict only where everything is demanded and closed, and is left to other rules elsewhere", () => {
  fc.assert(
    fc.property(schema, (given) => {
      const before = JSON.stringify(given);
      const strict = strictForOpenAI(given);
      assert.equal(JSON.stringify(given), before);
      if (strict === undefined) return;
      assert.equal(strict.type, "object");
      eachSchema(strict, (schema) => {
        for (const key of ["allOf", "oneOf", "not", "patternProperties", "prefixItems", "uniqueItems"]) {
          assert.equal(schema[key], undefined);
        }
        if (![schema.type].flat().includes("object")) return;
        assert.equal(schema.additionalProperties, false);
        assert.deepEqual(schema.required, Object.keys(isObject(schema.properties) ? schema.properties : {}));
      });
      assert.deepEqual(strictForOpenAI(strict), strict);
    }),
    { numRuns: 500 },
  );
  const whole = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
  assert.deepEqual(strictForOpenAI(whole), { ...whole, additionalProperties: false });
  assert.equal(strictForOpenAI({ ...whole, required: [] }), undefined);
});

const NAME_RULES = [
  { title: "OpenAI, Cohere and Bedrock", rule: PLAIN_NAMES, legal: /^[A-Za-z0-9_-]{1,64}$/ },
  { title: "Anthropic", rule: ANTHROPIC_NAMES, legal: /^[A-Za-z0-9_-]{1,64}$/ },
  { title: "Gemini", rule: GEMINI_NAMES, legal: /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/ },
];

for (const { title, rule, legal } of NAME_RULES) {
  Deno.test(`${title}: names of tools are fit, different, stable, and come back`, () => {
    const toolName = fc.oneof(
      fc.string({ minLength: 1, maxLength: 90, unit: "grapheme" }),
      fc.constantFrom("a b", "a_b", "a.b", "a-b", "1", "_1", "ä", "ö", "x".repeat(64), "x".repeat(65), `${"x".repeat(64)}y`, "__proto__"),
    );
    fc.assert(fc.property(fc.uniqueArray(toolName, { maxLength: 20 }), (given) => {
      const names = new ToolNames(given, rule);
      const wire = given.map((it) => names.toWire(it));
      assert.deepEqual(wire.filter((it) => !legal.test(it)), []);
      assert.equal(new Set(wire).size, given.length);
      assert.deepEqual(wire.map((it) => names.fromWire(it)), given);
      assert.deepEqual(given.map((it) => names.toWire(it)), wire);
      const again = new ToolNames(wire, rule);
      assert.deepEqual(wire.map((it) => again.toWire(it)), wire);
    }));
  });
}

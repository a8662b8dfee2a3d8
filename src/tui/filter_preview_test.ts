/** What a filter hides and frees. */
import assert from "node:assert/strict";
import { patternsOf, previewLines } from "./filter_preview.ts";

const NAMES = ["gpt-5", "gpt-5-mini", "gpt-5-preview", "dall-e-3"];

const shown = (
  options: {
    readonly before?: string;
    readonly after: string;
    readonly whitelist?: string;
    readonly rows?: number;
    readonly names?: string[];
  },
) =>
  previewLines({
    provider: "openai",
    models: { names: options.names ?? NAMES, isListed: true },
    before: { ignore: patternsOf(options.before ?? ""), whitelist: [] },
    after: { ignore: patternsOf(options.after), whitelist: patternsOf(options.whitelist ?? "") },
  }, options.rows ?? 20).map((cells) => cells.map((it) => it.text).join("").trim());

Deno.test("a preview shows what a pattern hides and frees before what stays", () => {
  assert.deepEqual(shown({ before: "dall-e-*", after: "*preview*, *mini" }), [
    "2 of 4 models hidden",
    "- hides  gpt-5-mini",
    "- hides  gpt-5-preview",
    "+ frees  dall-e-3",
    "shown  gpt-5",
  ]);
  assert.deepEqual(shown({ after: "*", whitelist: "openai/gpt-5" }).slice(0, 2), ["3 of 4 models hidden", "- hides  gpt-5-mini"]);
});

Deno.test("a preview keeps to its lines and says what it left out", () => {
  assert.deepEqual(shown({ after: "*", rows: 3 }), ["4 of 4 models hidden", "- hides  gpt-5", "… and 3 more"]);
  assert.match(shown({ after: "*", names: [] })[0] ?? "", /did not list/);
  assert.match(
    previewLines({ provider: "x", models: undefined, before: { ignore: [], whitelist: [] }, after: { ignore: [], whitelist: [] } }, 5)[0]
      ?.[0]?.text ?? "",
    /Asking/,
  );
});

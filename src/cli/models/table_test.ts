/** The table of models: ids whole, facts where known, within the page. */
import assert from "node:assert/strict";
import type { ModelRow } from "../../app/model_overview.ts";
import { paintFor } from "../../terminal/text.ts";
import { hiddenTable, modelTable } from "./table.ts";

const LOOK = { paint: paintFor("plain"), width: 80 };

function row(id: string, changes: Partial<ModelRow> = {}): ModelRow {
  return { id, object: "model", created: 0, owned_by: id.split("/")[0] ?? "", ...changes };
}

Deno.test("limits, prices per million and modalities stand in columns, and a long id keeps its letters", () => {
  const known = row("openai/gpt-5", {
    context_length: 400_000,
    max_output_tokens: 128_000,
    pricing: { prompt: "0.00000125", completion: "0.00001" },
    architecture: { input_modalities: ["text", "image"], output_modalities: ["text"] },
  });
  const long = row(`openrouter/vendor/${"very-".repeat(9)}long`, { pricing: { prompt: "0", completion: "0.00000002" } });
  const lines = modelTable([known, long, row("local/alpha")], { ...LOOK, header: "yes" });
  assert.deepEqual(lines, [
    "  model         context  output  $ in  $ out  takes",
    "  openai/gpt-5     400k    128k  1.25     10  text image",
    `  ${long.id}`,
    "                                 free   0.02",
    "  local/alpha",
  ]);
});

Deno.test("no line is wider than the page unless an id is", () => {
  const modalities = { input_modalities: ["text", "image", "audio", "video", "file"], output_modalities: ["text", "image"] };
  const rows = [
    row(`a/${"b".repeat(40)}`, { architecture: modalities, context_length: 1_000_000, max_output_tokens: 64_000 }),
    row("a/c", { architecture: modalities }),
  ];
  for (const line of modelTable(rows, { ...LOOK, header: "yes" })) assert.ok(line.length <= 80, line);
});

Deno.test("a hidden model names its rule", () => {
  const hidden = [{ id: "openai/dall-e-3", provider: "openai", pattern: "dall-e-*" }];
  assert.deepEqual(hiddenTable(hidden, { ...LOOK, variable: () => "IGNORE_MODELS_OPENAI" }), [
    "  openai/dall-e-3  IGNORE_MODELS_OPENAI: dall-e-*",
  ]);
});

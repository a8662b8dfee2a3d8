/** The two lists that hide and free models, with what they do shown while they are typed. */
import type { KnownModels } from "../app/known_models.ts";
import { findRow } from "../providers/catalog.ts";
import { drawField, type Field, type FieldResult, type FieldState, fieldView } from "../terminal/field.ts";
import { line } from "../terminal/frame.ts";
import type { View } from "../terminal/stage.ts";
import type { VisibilityRules } from "../providers/visibility.ts";
import type { Draft } from "./draft.ts";
import { providerEditables } from "./editable.ts";
import { patternsOf, previewLines } from "./filter_preview.ts";
import { prose, tell } from "./room.ts";

type State = FieldState & { readonly models: KnownModels | undefined };

export async function editFilter(
  draft: Draft,
  { provider, which }: { readonly provider: string; readonly which: "ignore" | "whitelist" },
): Promise<void> {
  const own = providerEditables(provider, findRow(provider), draft);
  const editable = own[which];
  const obstacle = draft.obstacle(editable);
  if (obstacle !== undefined) return await tell(draft.room, editable.label, prose(draft.room, obstacle));
  const before: VisibilityRules = { ignore: patternsOf(draft.text(own.ignore)), whitelist: patternsOf(draft.text(own.whitelist)) };
  const field: Field = {
    title: `${editable.label} (${editable.name})`,
    head: [...prose(draft.room, editable.help), line(`  example   ${editable.example}`, "dim")],
    initial: draft.text(editable),
    check: (text) => text === "" ? undefined : editable.check(text),
  };
  const result = await draft.room.stage.show(filterView(field, {
    models: draft.models(provider),
    lines: (text, models, rows) => previewLines({ provider, models, before, after: { ...before, [which]: patternsOf(text) } }, rows),
  }));
  if (result.kind === "typed") draft.set(editable.name, result.text === "" ? null : result.text);
}

function filterView(
  field: Field,
  { models, lines }: {
    readonly models: Promise<KnownModels>;
    readonly lines: (text: string, models: KnownModels | undefined, rows: number) => ReturnType<typeof previewLines>;
  },
): View<State, FieldResult> {
  const plain = fieldView(field);
  return {
    start: { ...plain.start, models: undefined },
    draw: (state, size) => drawField({ ...field, preview: (text, { rows }) => lines(text, state.models, rows) }, state, size),
    press(state, key) {
      const step = plain.press(state, key);
      return step.kind === "done" ? step : { kind: "stay", state: { ...step.state, models: state.models } };
    },
    live(change) {
      void models.then((known) => change((state) => ({ ...state, models: known })));
      return () => {};
    },
  };
}

/** What every key does to the view, and what it asks for. */
import assert from "node:assert/strict";
import { busyReport, credentialStatus, statusReport } from "../../../tests/support/status_reports.ts";
import type { Key, KeyName } from "../../terminal/keys.ts";
import { type Effect, step, type StepContext } from "./step.ts";
import { displayOf, FIRST_VIEW, memberAtHand, type View } from "./view.ts";

const report = busyReport();
const CONTEXT: StepContext = { report, pageLineCount: 3, lastTop: 4 };
const NAMES = new Set([
  "up",
  "down",
  "page_up",
  "page_down",
  "home",
  "end",
  "tab",
  "enter",
  "escape",
  "backspace",
  "interrupt",
]);

function isName(word: string): word is KeyName {
  return NAMES.has(word);
}

/** Presses keys, named or typed, one after the other. */
function press(
  words: readonly string[],
  from: View = FIRST_VIEW,
  context: StepContext = CONTEXT,
): { readonly view: View; readonly effects: Effect[] } {
  let view = from;
  const effects: Effect[] = [];
  for (const word of words) {
    const key: Key = isName(word) ? { kind: word } : { kind: "text", text: word };
    const stepped = step(view, key, context);
    view = stepped.view;
    if (stepped.effect !== undefined) effects.push(stepped.effect);
  }
  return { view, effects };
}

/** Display number and provider of the selected credential after these keys. */
function selected(...words: string[]): string {
  const member = memberAtHand(press(words).view, report);
  return member === undefined ? "none" : `${member.provider.id}:${member.credential.number}`;
}

Deno.test("arrows, j and k, PgUp and PgDn, Home and End, g and G, blank move the selection and stop at the ends", () => {
  assert.equal(selected(), "openai:1");
  assert.equal(selected("down", "j"), "openai:3");
  assert.equal(selected("j", "j", "k", "up", "up", "up"), "openai:1");
  assert.equal(selected("page_down"), "openai:4");
  assert.equal(selected(" ", " ", " "), "gemini:1");
  assert.equal(selected("end", "page_up"), "openai:3");
  assert.equal(selected("G"), "gemini:1");
  assert.equal(selected("end", "down", "home"), "openai:1");
  assert.equal(selected("G", "g"), "openai:1");
});

Deno.test("Tab goes between the lists, each with a selection of its own; the first request stands for the newest", () => {
  const { view } = press(["down", "tab", "down"]);
  assert.deepEqual([view.pane, view.selected], ["requests", { credentials: "openai:000000000002", requests: "req-2" }]);
  assert.equal(press(["up"], view).view.selected.requests, null);
  assert.equal(press(["tab"], view).view.pane, "credentials");
});

Deno.test("a selection stays with its credential when others go, and falls back to the first when it goes itself", () => {
  const { view } = press(["down", "down"]);
  const [openai, gemini] = report.providers;
  assert.ok(openai !== undefined && gemini !== undefined);
  const fewer = { ...report, providers: [{ ...openai, credentials: openai.credentials.slice(2) }, gemini] };
  assert.equal(memberAtHand(view, fewer)?.credential.number, 3);
  assert.equal(memberAtHand(view, { ...report, providers: [gemini] })?.credential.id, gemini.credentials[0]?.id);
  assert.equal(memberAtHand(view, statusReport()), undefined);
});

Deno.test("a key of which nothing may be shown is named by its source", () => {
  const shown = credentialStatus("openai", 1);
  assert.equal(displayOf(shown), "sk-1…1001");
  assert.equal(displayOf({ ...shown, display: "…" }), "OPENAI_API_KEY_1");
});

Deno.test("Enter opens the selected thing, its text scrolls between its ends, Esc and Enter go back", () => {
  const opened = press(["down", "enter"]).view;
  assert.deepEqual(opened.page, { kind: "credential", id: "openai:000000000002", top: 0 });
  const topAfter = (...words: string[]) => {
    const { page } = press(words, opened).view;
    return page.kind === "list" ? undefined : page.top;
  };
  assert.deepEqual([topAfter("down", "j"), topAfter("end"), topAfter("end", "up"), topAfter("page_down"), topAfter("up")], [2, 4, 3, 3, 0]);
  assert.deepEqual([press(["escape"], opened).view.page.kind, press(["enter"], opened).view.page.kind], ["list", "list"]);
  const { page } = press(["tab", "enter"]).view;
  assert.ok(page.kind === "request");
  assert.equal(page.request.id, "req-3");
  assert.equal(press(["enter"], FIRST_VIEW, { ...CONTEXT, report: undefined }).view.page.kind, "list");
});

Deno.test("? opens and closes the help", () => {
  assert.equal(press(["?"]).view.page.kind, "help");
  assert.equal(press(["?", "?"]).view.page.kind, "list");
  assert.equal(press(["?", "escape"]).view.page.kind, "list");
});

Deno.test("/ filters while it is typed: letters are text, Enter keeps it, Esc brings the former one back", () => {
  const typed = press(["/", "q", "r", "d", "x", "backspace"]);
  assert.deepEqual([typed.view.filter, typed.view.asking?.kind, typed.effects], ["qrd", "filter", []]);
  const kept = press(["/", "gem", "enter"]).view;
  assert.deepEqual([kept.filter, kept.asking, memberAtHand(kept, report)?.provider.id], ["gem", null, "gemini"]);
  assert.equal(press(["/", "x", "escape"], kept).view.filter, "gem");
  const cleared = press(["escape"], kept);
  assert.deepEqual([cleared.view.filter, cleared.effects], ["", []]);
  assert.equal(press(["/", "x".repeat(500)]).view.filter.length, 60);
});

Deno.test("q, and Esc where there is nothing to go back from, leave with 0; Ctrl-C leaves from anywhere with 130", () => {
  assert.deepEqual(press(["q"]).effects, [{ kind: "leave", code: 0 }]);
  assert.deepEqual(press(["escape"]).effects, [{ kind: "leave", code: 0 }]);
  assert.deepEqual(press(["enter", "q"]).effects, [{ kind: "leave", code: 0 }]);
  for (const before of [[], ["/"], ["d"], ["?"], ["enter"]]) {
    assert.deepEqual(press([...before, "interrupt"]).effects, [{ kind: "leave", code: 130 }], before.join());
  }
});

const second = { credential: "openai:000000000002", name: "openai:2 sk-2…1002" };

Deno.test("r resets the selected credential at once", () => {
  const { view, effects } = press(["down", "r"]);
  assert.deepEqual([view.isBusy, effects], [true, [{ kind: "change", action: "reset", ...second }]]);
});

Deno.test("d and e ask first; only y says yes", () => {
  const asked = press(["down", "d"]);
  assert.deepEqual([asked.view.asking, asked.effects], [{ kind: "confirm", action: "disable", ...second }, []]);
  assert.deepEqual(press(["y"], asked.view).effects, [{ kind: "change", action: "disable", ...second }]);
  for (const other of ["n", "enter", "escape", "d", "q"]) {
    const { view, effects } = press([other], asked.view);
    assert.deepEqual([view.asking, effects, view.notice?.text], [null, [], "Nothing was changed"], other);
  }
  const enabling = press(["down", "down", "down", "down", "e", "Y"]);
  assert.deepEqual(enabling.effects.map((it) => it.kind === "change" ? [it.action, it.credential] : []), [[
    "enable",
    "openai:000000000005",
  ]]);
});

Deno.test("an action that would change nothing, or has no credential to act on, says so and asks nothing", () => {
  const notices = [["e"], ["end", "up", "d"], ["tab", "r"], ["?", "d"], ["tab", "enter", "e"]].map((words) => {
    const { view, effects } = press(words);
    assert.deepEqual([view.asking, view.isBusy, effects], [null, false, []], words.join());
    return view.notice?.text ?? "";
  });
  assert.match(notices[0] ?? "", /is not disabled/);
  assert.match(notices[1] ?? "", /is disabled already/);
  for (const notice of notices.slice(2)) assert.match(notice, /Select a credential/);
  assert.match(press(["r"], FIRST_VIEW, { ...CONTEXT, report: undefined }).view.notice?.text ?? "", /Select a credential/);
});

Deno.test("actions work on a credential's own page", () => {
  assert.deepEqual(press(["down", "enter", "r"]).effects, [{ kind: "change", action: "reset", ...second }]);
});

Deno.test("R reloads; while an action is under way no other begins", () => {
  const first = press(["R"]);
  assert.deepEqual(first.effects, [{ kind: "reload" }]);
  assert.deepEqual(press(["R", "r", "d"], first.view).effects, []);
});

Deno.test("the next key takes a notice away, unless an action is under way", () => {
  const view: View = { ...FIRST_VIEW, notice: { tone: "good", text: "done" } };
  assert.equal(press(["down"], view).view.notice, null);
  assert.equal(press(["down"], { ...view, isBusy: true }).view.notice?.text, "done");
});

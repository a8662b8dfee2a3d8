/**
 * The status screen in several sizes, alphabets and situations, held against files a person has read.
 * `GOLDEN=write deno test -A tests/golden/status_test.ts` writes them anew.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import type { StatusReport } from "../../src/gateway/status_report.ts";
import type { Look } from "../../src/tui/dashboard/line.ts";
import type { Link } from "../../src/tui/dashboard/scene.ts";
import { drawn } from "../../src/tui/dashboard/screen.ts";
import { signsOf } from "../../src/tui/dashboard/signs.ts";
import { widthOf } from "../../src/terminal/width.ts";
import { FIRST_VIEW, type View } from "../../src/tui/dashboard/view.ts";
import { busyReport, crowdedReport, hostileReport, REPORTED_AT, statusReport } from "../support/status_reports.ts";

const HERE = join(import.meta.dirname ?? ".", "status");
const NOW = 1_000_000;

interface Situation {
  readonly name: string;
  readonly report?: StatusReport;
  readonly view?: Partial<View>;
  readonly link?: Link;
  /** How old the report is, ms. */
  readonly ageMs?: number;
  readonly look?: Partial<Look>;
}

const busy = busyReport();
const BIG = { width: 200, height: 50 };
const absent: Link = {
  kind: "lost",
  trouble: { kind: "absent", message: "No server answers at http://127.0.0.1:8000: connection refused" },
  retryAt: NOW + 2_500,
};
const refused: Link = { kind: "lost", trouble: { kind: "refused", message: "The admin key is missing or wrong" }, retryAt: NOW + 5_000 };

const SITUATIONS: readonly Situation[] = [
  { name: "busy-80x24", report: busy },
  { name: "busy-120x40", report: busy, look: { width: 120, height: 40 } },
  { name: "busy-200x50", report: busy, look: BIG },
  { name: "busy-colour-80x24", report: busy, look: { colour: "ansi" } },
  { name: "busy-ascii-80x24", report: busy, look: { signs: signsOf("ascii") } },
  { name: "requests-80x24", report: busy, view: { pane: "requests", selected: { credentials: null, requests: "req-1" } } },
  { name: "empty-80x24", report: statusReport({ requests: { in_flight: 0, finished: 0, failed: 0 } }) },
  { name: "crowded-80x24", report: crowdedReport(), view: { selected: { credentials: "p07:000000000011", requests: null } } },
  { name: "crowded-200x50", report: crowdedReport(), look: BIG },
  { name: "hostile-80x24", report: hostileReport() },
  { name: "hostile-ascii-80x24", report: hostileReport(), look: { signs: signsOf("ascii") } },
  { name: "filter-80x24", report: busy, view: { filter: "gemini", asking: { kind: "filter", before: "" } } },
  { name: "filter-nothing-80x24", report: busy, view: { filter: "zzz" } },
  { name: "credential-80x24", report: busy, view: { page: { kind: "credential", id: "openai:000000000002", top: 0 } } },
  { name: "credential-gone-80x24", report: busy, view: { page: { kind: "credential", id: "openai:ffffffffffff", top: 0 } } },
  { name: "request-80x24", report: busy, view: { page: { kind: "request", request: lastOf(busy), top: 0 } } },
  { name: "help-80x24", report: busy, view: { page: { kind: "help", top: 0 } } },
  { name: "help-ascii-80x24", view: { page: { kind: "help", top: 0 } }, look: { signs: signsOf("ascii") } },
  {
    name: "confirm-80x24",
    report: busy,
    view: { asking: { kind: "confirm", action: "disable", credential: "openai:000000000001", name: "openai:1 sk-1…1001" } },
  },
  {
    name: "problems-80x24",
    report: busy,
    view: {
      page: {
        kind: "problems",
        problems: ['PORT is "many": expected a whole number from 0 to 65535', "ROTATION_MODE_OPENAI is unknown"],
        top: 0,
      },
      notice: { tone: "bad", text: "The configuration was not taken: 2 problems" },
    },
  },
  { name: "connecting-80x24", link: { kind: "connecting" } },
  { name: "absent-80x24", link: absent },
  { name: "refused-80x24", link: refused },
  { name: "lost-80x24", report: busy, link: absent, ageMs: 7_400 },
  { name: "lost-colour-80x24", report: busy, link: absent, ageMs: 7_400, look: { colour: "ansi" } },
  { name: "stopping-80x24", report: { ...busy, is_stopping: true } },
  { name: "small-79x24", report: busy, look: { width: 79 } },
  { name: "small-20x5", report: busy, look: { width: 20, height: 5 } },
];

function lastOf({ recent }: StatusReport) {
  const request = recent.at(-1);
  if (request === undefined) throw new Error("The report has no request");
  return request;
}

const LIVE: Link = { kind: "live" };

for (const { name, report, view = {}, link = LIVE, ageMs = 0, look = {} } of SITUATIONS) {
  Deno.test(`the status screen as in status/${name}.txt`, () => {
    const whole: Look = { width: 80, height: 24, colour: "plain", signs: signsOf("unicode"), ...look };
    const heard = report === undefined ? undefined : { report, heardAt: NOW - ageMs };
    const { frame } = drawn({ view: { ...FIRST_VIEW, ...view }, link, heard, url: "http://127.0.0.1:8000", now: NOW }, whole);
    for (const line of frame) assert.ok(widthOf(stripVTControlCharacters(line)) <= whole.width, line);
    if (whole.width >= 80) assert.equal(frame.length, whole.height);
    if (whole.signs.set === "ascii") assert.match(frame.join(""), /^[\x20-\x7e]*$/);
    // Colours stay legible in a file.
    const text = `${frame.join("\n").replaceAll("\x1b", "␛")}\n`;
    const path = join(HERE, `${name}.txt`);
    if (process.env["GOLDEN"] === "write") writeFileSync(path, text);
    assert.equal(text, readFileSync(path, "utf8"));
  });
}

Deno.test("a report's countdowns go on between reports by the time that passed here, whatever the server's clock says", () => {
  const scene = { view: FIRST_VIEW, link: { kind: "live" } as const, heard: { report: busy, heardAt: NOW }, url: "", now: NOW + 2_000 };
  assert.notEqual(REPORTED_AT, NOW);
  const { frame } = drawn(scene, { width: 80, height: 24, colour: "plain", signs: signsOf("unicode") });
  assert.match(frame.join("\n"), /cooling 40s/);
});

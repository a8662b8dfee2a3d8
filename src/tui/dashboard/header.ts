/** The first two lines and the one for messages: which server, how it stands with it, what was just done. Pure. */
import { VERSION } from "../../kernel/version.ts";
import type { Line } from "../../terminal/frame.ts";
import type { Cell } from "../../terminal/text.ts";
import { age, span } from "../../terminal/words.ts";
import { lostWords } from "./guidance.ts";
import { dotted, type Look, spread } from "./line.ts";
import { type Heard, type Scene, serverNow } from "./scene.ts";
import type { Signs } from "./signs.ts";

const TONES = { good: "green", bad: "red", plain: "cyan" } as const;

export function headerLines(scene: Scene, look: Look): Line[] {
  const { heard, url, now } = scene;
  const title: Line = [{ text: "keyproxy", style: "bold" }, { text: ` ${heard?.report.version ?? VERSION}  ${url}` }];
  const link = [linkSpan(scene, look.signs)];
  if (heard === undefined) return [spread(title, link, look), []];
  const at = serverNow(heard, now);
  const up: Cell = { text: `  up ${span(at - heard.report.started_at)}`, style: "dim" };
  const facts = [...requestFacts(heard), { text: `config read ${age(at - heard.report.configured_at)} ago`, style: "dim" as const }];
  return [spread([...title, up], link, look), dotted(facts, look.signs)];
}

function requestFacts({ report }: Heard): Cell[] {
  const { requests, is_request_log_on, is_stopping } = report;
  return [
    ...(is_stopping ? [{ text: "STOPPING: takes nothing new", style: "yellow" as const }] : []),
    { text: `${requests.in_flight} in flight`, style: requests.in_flight > 0 ? "cyan" : undefined },
    { text: `${requests.finished} finished` },
    { text: `${requests.failed} failed`, style: requests.failed > 0 ? "red" : undefined },
    { text: is_request_log_on ? "request log on" : "request log off", style: "dim" },
  ];
}

function linkSpan({ link, heard, now }: Scene, { states, bad }: Signs): Cell {
  switch (link.kind) {
    case "connecting":
      return { text: "connecting", style: "yellow" };
    case "live":
      return { text: `${states.get("ready") ?? ""} live`, style: "green" };
    case "lost": {
      const word = link.trouble.kind === "absent" ? "no server" : link.trouble.kind === "refused" ? "key refused" : "no answer";
      return { text: `${bad} ${word}${heard === undefined ? "" : `, ${age(now - heard.heardAt)} old`}`, style: "red" };
    }
  }
}

/** A question, else what went wrong, else what was just done, else which filter is set. */
export function statusLine({ view, link, heard, url, now }: Scene, { signs }: Look): Line {
  const { asking, notice, filter } = view;
  if (asking?.kind === "filter") return [{ text: "Filter: ", style: "bold" }, { text: `${filter}${signs.caret}` }];
  if (asking?.kind === "confirm") {
    const effect = asking.action === "disable" ? "It serves no request until it is enabled again." : "It serves requests again.";
    return [{ text: `${asking.action === "disable" ? "Disable" : "Enable"} ${asking.name}? ${effect}`, style: "yellow" }];
  }
  const isLost = link.kind === "lost" && heard !== undefined;
  if (notice !== null && (notice.tone === "bad" || !isLost)) return [{ text: notice.text, style: TONES[notice.tone] }];
  if (isLost) {
    return [{ text: lostWords(link, { url, now, dot: signs.dot }), style: "red" }];
  }
  return filter === "" ? [] : [{ text: `Filter "${filter}" (Esc clears it)`, style: "cyan" }];
}

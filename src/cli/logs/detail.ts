/** One request on a page: what came in, each attempt in order, what went out, where its files are. Pure. */
import type { LoggedBody, LoggedDetail } from "../../app/logs/request_directory.ts";
import type { SeenRequest } from "../../app/logs/seen_request.ts";
import { clockTime, compact } from "../../terminal/amounts.ts";
import { harmless } from "../../terminal/harmless.ts";
import { attemptLines, type Page, statusCell, usageWords } from "../request_lines.ts";
import { cutTo } from "../../terminal/width.ts";
import { counted, elapsed } from "../../terminal/words.ts";
import { answerWords, sentWords } from "./bodies.ts";

/** A request, and what the request log has of it beyond the server's memory. */
export interface ShownRequest {
  readonly request: SeenRequest;
  readonly detail: LoggedDetail | undefined;
}

/** Wider texts are read in the files. */
const MAX_TEXT_CHARS = 300;

export function detailPage({ request, detail }: ShownRequest, page: Page): string[] {
  const { paint, width, now } = page;
  const { id, model, arrived_at, duration_ms, attempts, failure, lossy, usage } = request;
  const status = statusCell(request);
  // Its words stand with the attempt.
  const hasFailedAttempt = attempts.some((attempt) => attempt.failure !== null);
  const outcome = status.style === undefined ? status.text : paint(status.style, status.text);
  const pair = (name: string, value: string) => value === "" ? [] : [`${paint("dim", name.padEnd(NAME_COLUMNS))}${value}`];
  const text = (name: string, value: string) => pair(name, cutTo(harmless(value.slice(0, MAX_TEXT_CHARS)), width - NAME_COLUMNS));
  return [
    ...text("Request", id),
    ...text("Model", model),
    ...text("Arrived", clockTime(arrived_at, now)),
    ...pair("Ended", `${outcome}${duration_ms === null ? "" : ` after ${elapsed(duration_ms)}`}${endedHow(detail)}`),
    ...text("Trouble", hasFailedAttempt ? "" : failure ?? ""),
    ...pair("Tokens", usage === null ? "" : usageWords(usage)),
    ...text("Left out", lossy.join(", ")),
    ...sentLines(detail, text),
    ...answerLines(detail, text),
    ...(detail === undefined ? [] : pair("Files", harmless(detail.request.directory ?? ""))),
    "",
    attempts.length === 0 ? "Nothing was tried" : paint("bold", `${counted(attempts.length, "attempt")} in order`),
    ...attemptLines(attempts, { ...page, reasons: "whole" }),
    ...notes(request),
  ];
}

const NAME_COLUMNS = 10;

type Line = (name: string, value: string) => string[];

function endedHow(detail: LoggedDetail | undefined): string {
  return detail === undefined || detail.finishReason === null ? "" : `, finish reason ${harmless(detail.finishReason)}`;
}

function sentLines(detail: LoggedDetail | undefined, text: Line): string[] {
  if (detail === undefined || detail.sent === null) return [];
  const { method, path, sent } = detail;
  const { outline, lastText } = sentWords(sent.json);
  const where = [method ?? "", path ?? ""].join(" ").trim();
  return [...text("Asked", [where, outline, tooLarge(sent)].filter((it) => it !== "").join(", ")), ...text("", lastText)];
}

function answerLines(detail: LoggedDetail | undefined, text: Line): string[] {
  if (detail === undefined || detail.answer === null) return [];
  const { text: said, tools, error } = answerWords(detail.answer.json);
  const calls = tools.length === 0 ? "" : `calls ${tools.join(", ")}`;
  const parts = [error, calls, said].filter((it) => it !== "");
  return text("Answered", parts.length === 0 ? tooLarge(detail.answer) : parts.join("; "));
}

function tooLarge({ json, sizeBytes }: LoggedBody): string {
  return json === undefined ? `${compact(sizeBytes)}B on disk` : "";
}

function notes({ seen_in }: SeenRequest): string[] {
  switch (seen_in) {
    case "request_log":
      return [];
    case "server":
      return ["", "What was sent and answered is kept with serve --enable-request-logging only"];
    case "failure_log":
      return ["", "Only its failed attempts are known: how it ended was not logged"];
  }
}

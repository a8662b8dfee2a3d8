/** Everything about one credential or one request, as lines to scroll through. Pure. */
import type { CredentialStatus, RequestReport, StatusReport } from "../../gateway/status_report.ts";
import { compact, successRate, usd } from "../../terminal/amounts.ts";
import type { Line } from "../../terminal/frame.ts";
import type { Cell, Style } from "../../terminal/text.ts";
import { folded } from "../../terminal/width.ts";
import { age, counted, elapsed, span } from "../../terminal/words.ts";
import { cleaned, type Look } from "./line.ts";
import { shortName, statusCell } from "./request_pane.ts";
import type { Drawing } from "./scene.ts";
import { bars, median } from "./signs.ts";
import { circuitSpan, circuitWords, reasonWords, restWords, stateSpan } from "./state_words.ts";
import { findMember, type Member, nameOf } from "./view.ts";

const LABEL_COLUMNS = 16;
const MAX_OWN_REQUESTS = 20;

/** The page of a credential; says so when it is not configured any more. */
export function credentialDetails(id: string, drawing: Drawing): Line[] {
  const member = findMember(drawing.report, id);
  if (member === undefined) {
    return fact(drawing, "credential", { text: `${id} is not in the configuration any more. Esc goes back.`, style: "yellow" });
  }
  const { at, look, report } = drawing;
  const { provider, credential } = member;
  const { today, login } = credential;
  const say = (label: string, text: string, style?: Style) => fact(drawing, label, { text, style });
  return [
    ...say("credential", nameOf(member), "bold"),
    ...say("id", credential.id),
    ...say("provider", provider.name === provider.id ? provider.base_url : `${provider.name}, ${provider.base_url}`),
    ...say("from", `${credential.source}, priority ${credential.priority}`),
    ...fact(drawing, "state", stateSpan(credential, { at, signs: look.signs })),
    ...say("why", reasonWords(credential)),
    ...(login === null ? [] : say("login", loginWords(login, at))),
    ...fact(drawing, "provider now", circuitSpan(provider)),
    ...say("", circuitWords(provider)),
    ...say("in flight", `${credential.in_flight}, at most ${provider.max_in_flight ?? "any number"} for each model`),
    ...restingLines(credential, drawing),
    [],
    ...say(
      "today",
      `${counted(today.requests, "request")}, ${today.failures} failed, ${
        today.requests === 0 ? "nothing to rate" : `${successRate(today)} ok`
      }`,
    ),
    ...say(
      "tokens",
      `${compact(today.input_tokens)} in (${compact(today.cached_tokens)} of them cached), ${compact(today.output_tokens)} out`,
    ),
    ...say("cost", usd(today.cost_usd)),
    ...latencyLines(credential, drawing),
    [],
    ...ownRequests(member, { report, drawing }),
  ];
}

/** The page of a request: its attempts in order, each with what it got. */
export function requestDetails(request: RequestReport, drawing: Drawing): Line[] {
  const { at, look, report } = drawing;
  const { id, model, provider, status, arrived_at, duration_ms, is_stream, failure, lossy, usage, attempts } = request;
  const say = (label: string, text: string, style?: Style) => fact(drawing, label, { text, style });
  return [
    ...say("request", id, "bold"),
    ...say("model", `${model}${is_stream ? ", streamed" : ""}`),
    ...say("provider", provider ?? "none"),
    ...fact(drawing, "answer", status === 499 ? { text: "the client left before its end" } : statusCell(status, look.signs)),
    ...say("failure", failure ?? "", "red"),
    ...say("arrived", `${utc(arrived_at)}, ${age(at - arrived_at)} ago`),
    ...say("took", elapsed(duration_ms)),
    ...(usage === null ? [] : say(
      "tokens",
      `${compact(usage.input_tokens)} in (${compact(usage.cached_tokens)} of them cached), ${compact(usage.output_tokens)} out`,
    )),
    ...(usage === null || usage.cost_usd === null ? [] : say("cost", usd(usage.cost_usd))),
    ...say("left out", lossy.join(", "), "yellow"),
    [],
    [{ text: `  ${attempts.length === 0 ? "No attempt was made" : "Attempts, in order"}`, style: "bold" }],
    ...attempts.flatMap((attempt, position) => attemptLines(attempt, { position, arrivedAt: arrived_at, report, look })),
  ];
}

/** What is wrong with a configuration that was not taken. */
export function problemLines(problems: readonly string[], look: Look): Line[] {
  return [
    [{ text: `  The new configuration has ${counted(problems.length, "problem")}; the old one stays in force.`, style: "red" }],
    [],
    ...problems.flatMap((problem) => indented({ text: problem }, 4, look)),
    [],
    [{ text: "  Mend it and press R again. Esc goes back.", style: "dim" }],
  ];
}

interface Trying {
  readonly position: number;
  readonly arrivedAt: number;
  readonly report: StatusReport;
  readonly look: Look;
}

function attemptLines(attempt: RequestReport["attempts"][number], { position, arrivedAt, report, look }: Trying): Line[] {
  const { credential, model, started_at, duration_ms, failure } = attempt;
  const { signs } = look;
  const member = findMember(report, credential);
  const who = member === undefined ? shortName(report, credential) : nameOf(member);
  const result: Cell = failure === null
    ? { text: `${signs.good} answered`, style: "green" }
    : { text: `${signs.bad} ${failure.status} ${failure.kind}`, style: "red" };
  const when = `began at +${elapsed(started_at - arrivedAt)}, took ${elapsed(duration_ms)}`;
  const head: Line = [
    { text: `  ${`${position + 1}`.padStart(2)}  `, style: "dim" },
    result,
    { text: `  ${who}  ${model}` },
    { text: `  ${when}`, style: "dim" },
  ];
  return failure === null || failure.message === "" ? [head] : [head, ...indented({ text: failure.message }, 6, look)];
}

function restingLines({ resting }: CredentialStatus, { at, look }: Drawing): Line[] {
  if (resting.length === 0) return [];
  const words = resting.flatMap((rest) => indented({ text: `${rest.model}: ${restWords(rest, at)}`, style: "yellow" }, 4, look));
  return [[{ text: "  models that rest", style: "dim" }], ...words];
}

function latencyLines({ latencies_ms }: CredentialStatus, drawing: Drawing): Line[] {
  if (latencies_ms.length === 0) return fact(drawing, "latency", { text: "nothing answered yet" });
  const newest = latencies_ms.at(-1) ?? 0;
  const words = `newest ${elapsed(newest)}, median ${elapsed(median(latencies_ms))}, slowest ${elapsed(Math.max(...latencies_ms))}`;
  return [
    ...fact(drawing, "latency", { text: bars(latencies_ms, 32, drawing.look.signs), style: "cyan" }),
    ...fact(drawing, "", { text: `${words} to the first useful byte` }),
  ];
}

function ownRequests({ credential }: Member, { report, drawing }: { readonly report: StatusReport; readonly drawing: Drawing }): Line[] {
  const own = report.recent.filter(({ attempts }) => attempts.some((it) => it.credential === credential.id)).toReversed();
  if (own.length === 0) return [[{ text: "  None of the last requests used it", style: "dim" }]];
  return [
    [{ text: "  Last attempts with it, newest first", style: "bold" }],
    ...own.slice(0, MAX_OWN_REQUESTS).flatMap((request) =>
      request.attempts.filter((it) => it.credential === credential.id).toReversed().map((attempt): Line => {
        const { failure, model, duration_ms, started_at } = attempt;
        return [
          { text: `  ${age(drawing.at - started_at).padStart(4)} ago  `, style: "dim" },
          failure === null ? { text: "ok", style: "green" } : { text: `${failure.status} ${failure.kind}`, style: "red" },
          { text: `  ${model}  ${elapsed(duration_ms)}` },
          { text: failure === null ? "" : `  ${failure.message}`, style: "dim" },
        ];
      })
    ),
  ];
}

function loginWords({ state, reason, expires_at }: NonNullable<CredentialStatus["login"]>, at: number): string {
  const ends = expires_at === null ? "" : expires_at <= at ? ", its token has ended" : `, its token ends in ${span(expires_at - at)}`;
  return `${state}${reason === "" ? "" : `: ${reason}`}${ends}`;
}

/** A label and what it says, on as many lines as that takes; no line when there is nothing to say. */
function fact({ look }: Drawing, label: string, { text, style }: Cell): Line[] {
  const width = look.width - LABEL_COLUMNS - 3;
  return folded(cleaned(text, look.signs.set), width).map((line, at): Line => [
    { text: `  ${(at === 0 ? label : "").padEnd(LABEL_COLUMNS)}`, style: "dim" },
    { text: line, style },
  ]);
}

function indented({ text, style }: Cell, indent: number, look: Look): Line[] {
  return folded(cleaned(text, look.signs.set), look.width - indent - 1).map((
    line,
  ) => [{ text: " ".repeat(indent) }, { text: line, style }]);
}

/** `2026-01-31 03:04:05 UTC`. */
function utc(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "at no time there is" : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

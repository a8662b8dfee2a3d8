/** The page of `status`: within 80 columns whatever a server says, with countdown and reason for all that rests. */
import assert from "node:assert/strict";
import { seenByServer } from "../../app/logs/seen_request.ts";
import { paintFor } from "../../terminal/text.ts";
import { widthOf } from "../../terminal/width.ts";
import { serverHead, statusLines } from "./page.ts";
import { quietCredential, quietReport, quietRequest } from "../../../tests/support/status_reports.ts";

const REPORT = quietReport();
const AT = REPORT.at;
const PAGE = { paint: paintFor("plain"), width: 80, now: AT };
const LONG = "Rate limit reached for this model in this organization ".repeat(4);

function page(credentials: ReturnType<typeof quietCredential>[], changes = {}): string[] {
  const providers = REPORT.providers.map((provider) => ({ ...provider, ...changes, credentials }));
  return statusLines({ head: serverHead(REPORT, "http://127.0.0.1:8000"), providers, recent: [] }, PAGE);
}

Deno.test("the head tells where the server is and what it did", () => {
  assert.deepEqual(serverHead(REPORT, "http://127.0.0.1:8000"), [
    "keyproxy 0.1.0 answers at http://127.0.0.1:8000, up for 3h00m",
    "341 requests served, 12 failed, 2 running",
  ]);
});

Deno.test("a credential shows its state, what runs, and what it was used for today", () => {
  const today = { requests: 12_841, failures: 40, input_tokens: 12_345_678, cached_tokens: 0, output_tokens: 345_678, cost_usd: 123.4 };
  const lines = page([quietCredential({ state: "busy", in_flight: 2, today })]);
  assert.ok(lines.some((line) => /1 {2}sk-a…aaa1 +busy +2 +12\.8k +99 % +12\.3M +346k +\$123\.40$/.test(line)), lines.join("\n"));
});

Deno.test("whatever rests says until when and why, and neither is lost to a long reason", () => {
  const lines = page([
    quietCredential({ state: "cooling", until_at: AT + 240_000, reason: LONG }),
    quietCredential({ number: 2, state: "quarantined", until_at: AT + 3_600_000, reason: LONG }),
    quietCredential({ number: 3, resting: [{ model: "gpt-5", reason: LONG, until_at: AT + 20_000 }] }),
    quietCredential({ number: 4, state: "quarantined", login: { state: "needs_login", reason: "it has ended", expires_at: null } }),
  ]).join("\n");
  for (
    const part of [
      /cooling 4m00s\n.*Rate limit/,
      /quarantined 1h00m\n.*Rate limit.*…, then tried again/,
      /gpt-5: Rate limit.*…, free in 20s/,
      /needs login\n.*it has ended/,
    ]
  ) {
    assert.match(lines, part);
  }
});

Deno.test("a queue and a provider that cannot be reached are told", () => {
  const lines = page([quietCredential()], { queued: 3, circuit: "open" }).join("\n");
  assert.match(lines, /openai {2}OpenAI, 3 waiting for a credential\n {2}it rests: it could not be reached/);
});

Deno.test("no line is wider than 80 columns, and nothing a server says steers the terminal", () => {
  const nasty = `\x1b[2J${"evil 恶 👍 ".repeat(20)}`;
  const lines = statusLines({
    head: [nasty],
    providers: REPORT.providers.map((provider) => ({
      ...provider,
      name: nasty,
      queued: 3,
      credentials: Array.from(
        { length: 3 },
        () =>
          quietCredential({
            display: nasty,
            reason: nasty,
            resting: Array.from({ length: 9 }, () => ({ model: nasty, reason: nasty, until_at: AT })),
          }),
      ),
    })),
    recent: [seenByServer(quietRequest({ id: nasty, model: nasty, failure: nasty }))],
  }, PAGE);
  for (const line of lines) assert.ok(widthOf(line) <= 80 && !line.includes("\x1b"), line);
  assert.ok(lines.some((line) => line.includes("and 4 models more")));
});

Deno.test("columns stand under each other whatever the signs in them are", () => {
  const lines = page([quietCredential({ display: "名前@例え.jp" }), quietCredential({ number: 2, display: "plain" })]);
  const columnOf = (line: string | undefined) => widthOf(line?.split("ready")[0] ?? "");
  const [wide, narrow] = lines.filter((line) => line.includes("ready"));
  assert.equal(columnOf(wide), columnOf(narrow));
});

Deno.test("without a credential it says what to do", () => {
  assert.ok(
    statusLines({ head: [], providers: [], recent: [] }, PAGE).includes("No credentials yet. Add the first one with keyproxy creds add"),
  );
});

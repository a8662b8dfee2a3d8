/**
 * `keyproxy demo` as a person runs it: a process with pipes, in a directory and an environment that must not
 * matter to it, and from which it must not take or leave anything.
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEMO_KEYS } from "../../src/cli/demo/provider.ts";
import { planRequests, sendRequest } from "../../src/cli/demo/requests.ts";
import { openStage } from "../../src/cli/demo/stage.ts";
import { systemClock, systemStopwatch } from "../../src/kernel/clock.ts";
import { collect, openStream, requestJson } from "../support/http_client.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const CANARY = "sk-canary-7f3a9d51e2c84b06";
const LONGEST_MS = 15_000;

interface Run {
  readonly child: Deno.ChildProcess;
  /** Standard output, line by line as it comes. */
  readonly lines: AsyncGenerator<string>;
  /** Names left in the working directory and in the directory for temporary files. */
  leftovers(): Promise<string[]>;
}

/** Runs the demo where keys, a broken file and an unreachable proxy lie around. */
async function withDemo(args: readonly string[], use: (run: Run) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "demo-test-"));
  const [cwd, temporary] = [join(directory, "cwd"), join(directory, "tmp")];
  await mkdir(cwd);
  await mkdir(temporary);
  await writeFile(join(cwd, ".env"), `GEMINI_API_KEY=${CANARY}\nPROXY_API_KEY=${CANARY}\nPORT=none\n`);
  const nowhere = "http://127.0.0.1:9";
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, MAIN, "demo", ...args],
    cwd,
    env: {
      OPENAI_API_KEY: CANARY,
      PROXY_API_KEY: CANARY,
      KEYPROXY_ENV_FILE: join(cwd, "missing"),
      HTTP_PROXY: nowhere,
      http_proxy: nowhere,
      no_proxy: "",
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  try {
    const leftovers = async () => [...await readdir(cwd), ...await readdir(temporary)];
    await use({ child, lines: linesOf(child.stdout), leftovers });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function* linesOf(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of output) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** The lines up to the first that matches; ends the test when none does. */
async function linesUntil(lines: AsyncGenerator<string>, pattern: RegExp): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const next = await lines.next();
    assert.ok(next.done !== true, `the output ended before ${pattern}:\n${seen.join("\n")}`);
    seen.push(next.value);
    if (pattern.test(next.value)) return seen;
  }
}

function assertNoSecret(text: string): void {
  for (const secret of [CANARY, ...DEMO_KEYS.map(({ key }) => key)]) assert.ok(!text.includes(secret), `the output holds ${secret}`);
}

Deno.test("the demo answers every request, tells each key's fate, and leaves nothing behind", async () => {
  const beganMs = systemStopwatch();
  await withDemo([], async ({ child, lines, leftovers }) => {
    const [out, errors, status] = await Promise.all([collect(lines), new Response(child.stderr).text(), child.status]);
    const text = out.join("\n");
    assert.deepEqual([status.code, errors], [0, ""], text);
    assert.ok(systemStopwatch() - beganMs < LONGEST_MS);
    assert.match(text, /^✓ 8 of 8 requests answered although 3 of 4 keys failed$/m);
    assert.match(text, /^ {2}demo…mute +never answers +1 +silent for \d\.\d s +rests for \d+ s$/m);
    assert.match(text, /^ {2}demo…full +over its limit +1 +429, retry in 30 s +rests for \d+ s$/m);
    assert.match(text, /^ {2}demo…void +revoked +1 +401, key not valid +set aside for 5 min$/m);
    assert.match(text, /^ {2}demo…good +healthy +8 +8 answered +ready$/m);
    assert.match(text, /^ {2}1 +chat +200 +\d+ +demo…mute ✗ silent → demo…good ✓$/m);
    for (let number = 1; number <= 8; number++) {
      assert.match(text, new RegExp(`^\\[\\d/8\\] request ${number} \\((chat|stream)\\) answered in \\d+ ms$`, "m"));
      assert.match(text, new RegExp(`^  ${number} +(chat|stream) +200 +\\d+ .*demo…good ✓$`, "m"));
    }
    assert.match(text, /^PROXY_API_KEY=kp-\w{32}$/m);
    assert.match(text, /^curl http:\/\/127\.0\.0\.1:8000\/v1\/chat\/completions/m);
    assert.deepEqual(out.filter((line) => line.length > 80 || line.includes("\x1b")), []);
    assertNoSecret(text);
    assert.deepEqual(await leftovers(), [".env"]);
  });
});

Deno.test("with --stay the printed lines reach a proxy that answers until SIGINT, then it exits 0 and tidies up", async () => {
  await withDemo(["--stay"], async ({ child, lines, leftovers }) => {
    const errors = new Response(child.stderr).text();
    const out = await linesUntil(lines, /^Serving on /);
    const text = out.join("\n");
    const url = /^curl (\S+) /m.exec(text)?.[1] ?? "";
    const body = JSON.parse(/-d '([^']+)'/.exec(text)?.[1] ?? "");
    assert.ok(out.at(-1)?.startsWith(`Serving on ${url.replace("/chat/completions", "")} `), `${url} is not the address of ${out.at(-1)}`);
    assert.match(text, new RegExp(`baseURL: "${url.replace("/chat/completions", "")}"`));

    const whole = await requestJson(url, { body, key: "demo" });
    assert.equal(whole.status, 200, whole.text);
    assert.match(whole.text, /heard: Hello/);
    assert.deepEqual(await linesUntil(lines, /demo…/), ["  chat with demo…good: answered"]);
    const stream = await openStream(url, { body: { ...body, stream: true } });
    assert.equal((await collect(stream.events())).at(-1), "[DONE]");

    child.kill("SIGINT");
    const rest = await collect(lines);
    assert.equal((await child.status).code, 0);
    assert.equal(await errors, "");
    assertNoSecret([text, ...rest].join("\n"));
    assert.deepEqual(await leftovers(), [".env"]);
  });
});

Deno.test("interrupted in the middle of the burst it exits 130 without an account, and tidies up", async () => {
  await withDemo([], async ({ child, lines, leftovers }) => {
    const errors = new Response(child.stderr).text();
    await linesUntil(lines, /^\[1\/8\] /);
    child.kill("SIGINT");
    const rest = await collect(lines);
    assert.equal((await child.status).code, 130);
    assert.equal(await errors, "");
    assert.doesNotMatch(rest.join("\n"), /requests answered|failed/);
    assert.deepEqual(await leftovers(), [".env"]);
  });
});

Deno.test("a stream that meets the key that stalls is answered by another one", async () => {
  const arrived: string[] = [];
  const ended: string[] = [];
  const stage = await openStage({
    clock: systemClock,
    stopwatch: systemStopwatch,
    onArrived: ({ fate }) => void arrived.push(fate),
    onEnded: ({ outcome }) => void ended.push(outcome),
  });
  try {
    const [, stream] = planRequests(2);
    assert.ok(stream !== undefined);
    const outcome = await sendRequest(stream, { url: stage.url, stopwatch: systemStopwatch, signal: new AbortController().signal });
    assert.deepEqual([outcome.status, outcome.problem], [200, undefined]);
    assert.deepEqual(arrived, ["stalling", "limited", "revoked", "healthy"]);
    assert.deepEqual(ended, ["silent", "limited", "rejected", "answered"]);
    assert.deepEqual(DEMO_KEYS.map((key) => stage.stateOf(key).state), ["cooling", "cooling", "quarantined", "ready"]);
  } finally {
    await stage.close();
  }
});

/** Tests of the models.dev layer against a real server on this machine and a clock that moves by hand. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import { MODELS_DEV_FILE, ModelsDev, type ModelsDevOptions, readModelsDev } from "./models_dev.ts";

const PUBLISHED = {
  google: {
    id: "google",
    models: {
      "gemini-2.5-pro": {
        id: "gemini-2.5-pro",
        reasoning: true,
        tool_call: true,
        limit: { context: 1_048_576, output: 65_536 },
        cost: { input: 1.25, output: 10, cache_read: 0.125, context_over_200k: { input: 2.5, output: 15, cache_read: 0.25 } },
        modalities: { input: ["text", "image"], output: ["text"] },
      },
    },
  },
};

interface Timer {
  readonly atMs: number;
  readonly fn: () => void;
}

/** A world for one test: server, directory, clock. */
async function inWorld(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  run: (world: {
    readonly open: (options?: Partial<ModelsDevOptions>) => ModelsDev;
    readonly dataDir: string;
    readonly requests: readonly IncomingMessage[];
    readonly clock: { now: number; readonly timers: Set<Timer> };
    readonly nextRequest: () => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const requests: IncomingMessage[] = [];
  let onRequest = () => {};
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
    onRequest();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dataDir = await mkdtemp(join(tmpdir(), "models-dev-"));
  const state = { now: Date.parse("2026-01-01T00:00:00Z"), timers: new Set<Timer>() };
  const clock: Clock = {
    now: () => state.now,
    after(delayMs, fn) {
      const timer = { atMs: state.now + delayMs, fn };
      state.timers.add(timer);
      return () => state.timers.delete(timer);
    },
  };
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const opened: ModelsDev[] = [];
  try {
    await run({
      open(options) {
        const saveText = (path: string, text: string) => writeFile(path, text);
        const url = `http://127.0.0.1:${address.port}/api.json`;
        const source = new ModelsDev({ url, dataDir, refresh: "daily", clock, saveText, ...options });
        opened.push(source);
        return source;
      },
      dataDir,
      requests,
      clock: state,
      nextRequest: () => new Promise((resolve) => onRequest = resolve),
    });
  } finally {
    for (const source of opened) source.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dataDir, { recursive: true });
  }
}

const publish = (response: ServerResponse) => response.setHeader("etag", `"v1"`).end(JSON.stringify(PUBLISHED));

Deno.test("published rows give facts, under our names for providers", async () => {
  await inWorld((_, response) => publish(response), async ({ open }) => {
    const source = open();
    assert.equal(await source.refresh(), "updated");
    assert.deepEqual(source.facts("gemini", "gemini-2.5-pro"), {
      contextTokens: 1_048_576,
      maxOutputTokens: 65_536,
      prices: {
        inputPerMillion: 1.25,
        outputPerMillion: 10,
        cachedInputPerMillion: 0.125,
        tiers: [{ aboveInputTokens: 200_000, inputPerMillion: 2.5, outputPerMillion: 15, cachedInputPerMillion: 0.25 }],
      },
      inputModalities: ["text", "image"],
      outputModalities: ["text"],
      supportsTools: true,
      supportsReasoning: true,
    });
    assert.equal(source.facts("gemini", "toString"), undefined);
    assert.equal(source.facts("nobody", "gemini-2.5-pro"), undefined);
  });
});

Deno.test("the copy on disk serves after a restart, and its tag saves the transfer", async () => {
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    request.headers["if-none-match"] === `"v1"` ? response.writeHead(304).end() : publish(response);
  await inWorld(answer, async ({ open, clock, dataDir }) => {
    await open().refresh();
    clock.now += 3_600_000;
    const restarted = open();
    await restarted.start();
    assert.equal(restarted.facts("gemini", "gemini-2.5-pro")?.contextTokens, 1_048_576);
    assert.equal(await restarted.refresh(), "unchanged");
    assert.equal(restarted.facts("gemini", "gemini-2.5-pro")?.contextTokens, 1_048_576);
    const kept: unknown = JSON.parse(await readFile(join(dataDir, MODELS_DEV_FILE), "utf8"));
    assert.ok(typeof kept === "object" && kept !== null && "fetchedAt" in kept && kept.fetchedAt === clock.now);
  });
});

Deno.test("starting does not wait for the network, and reads again a day after the last copy", async () => {
  await inWorld((_, response) => publish(response), async ({ open, clock, requests, nextRequest }) => {
    await open().refresh();
    clock.now += 3_600_000;
    await open().start();
    const [timer, ...others] = clock.timers;
    assert.ok(timer);
    assert.equal(others.length, 0);
    assert.equal(timer.atMs, clock.now + 23 * 3_600_000);
    assert.equal(requests.length, 1);
    const asked = nextRequest();
    clock.timers.delete(timer);
    timer.fn();
    await asked;
    assert.equal(requests.length, 2);
  });
});

Deno.test("switched off, nothing is fetched and a kept copy still serves", async () => {
  await inWorld((_, response) => publish(response), async ({ open, clock, requests }) => {
    await open().refresh();
    const source = open({ refresh: "off" });
    await source.start();
    assert.equal(clock.timers.size, 0);
    assert.equal(requests.length, 1);
    assert.equal(source.facts("gemini", "gemini-2.5-pro")?.maxOutputTokens, 65_536);
  });
});

Deno.test("a bad answer leaves the facts as they are", async () => {
  const bad: ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(500).end("{}"),
    (response) => response.end("<html>"),
    (response) => response.end("{}"),
    (response) => response.end(`{"google": {"models": {}}}`),
    (response) => response.write("{", () => response.destroy()),
  ];
  const answers = [publish, ...bad];
  await inWorld((_, response) => answers.shift()?.(response), async ({ open }) => {
    const source = open();
    await source.refresh();
    for (const at of bad.keys()) {
      assert.equal(await source.refresh(), "failed", `answer ${at}`);
      assert.equal(source.facts("gemini", "gemini-2.5-pro")?.contextTokens, 1_048_576);
    }
  });
});

Deno.test("an answer over 32 MiB is given up", async () => {
  const chunk = " ".repeat(1024 * 1024);
  const pour = (response: ServerResponse) => {
    while (!response.destroyed && response.write(chunk));
    response.once("drain", () => pour(response));
  };
  await inWorld((_, response) => pour(response), async ({ open }) => {
    assert.equal(await open().refresh(), "failed");
  });
});

Deno.test("a server that does not answer is given up when the time is over", async () => {
  await inWorld(() => {}, async ({ open, clock, nextRequest }) => {
    const asked = nextRequest();
    const outcome = open().refresh();
    await asked;
    const [timer] = clock.timers;
    assert.equal(timer?.atMs, clock.now + 30_000);
    timer?.fn();
    assert.equal(await outcome, "failed");
  });
});

Deno.test("a directory that cannot be written costs the copy, not the facts", async () => {
  await inWorld((_, response) => publish(response), async ({ open }) => {
    const source = open({ saveText: () => Promise.reject(new Error("read-only")) });
    assert.equal(await source.refresh(), "updated");
    assert.equal(source.facts("gemini", "gemini-2.5-pro")?.contextTokens, 1_048_576);
  });
});

Deno.test("a damaged copy is as good as none", async () => {
  await inWorld((_, response) => publish(response), async ({ open, dataDir }) => {
    for (const text of ["{", "[]", `{"etag": null, "fetchedAt": 5, "providers": {"google": {"m": {"contextTokens": "x"}}}}`]) {
      await writeFile(join(dataDir, MODELS_DEV_FILE), text);
      const source = open({ refresh: "off" });
      await source.start();
      assert.equal(source.facts("google", "m"), undefined);
    }
  });
});

Deno.test("tiers by size are read, zero limits are unknown", () => {
  const model = {
    limit: { context: 0, output: 0 },
    cost: {
      input: 5,
      output: 30,
      tiers: [{ input: 10, output: 45, tier: { type: "context", size: 272_000 } }, { input: 1, tier: { type: "time" } }],
    },
  };
  assert.deepEqual(readModelsDev({ openai: { models: { "gpt-5.5": model } } }), {
    openai: {
      "gpt-5.5": {
        prices: {
          inputPerMillion: 5,
          outputPerMillion: 30,
          tiers: [{ aboveInputTokens: 272_000, inputPerMillion: 10, outputPerMillion: 45 }],
        },
      },
    },
  });
});

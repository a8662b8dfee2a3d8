/** The settings tool on a screen: every kind of setting changed, saved together or discarded; a running server takes it up. */
import assert from "node:assert/strict";
import { parse } from "dotenv";
import { type GroupId, GROUPS } from "../../src/config/schema.ts";
import { groupEditables } from "../../src/tui/editable.ts";
import { startSimulator } from "../simulators/server.ts";
import { startProgram } from "../support/process.ts";
import { KEYS, type Screen } from "../support/screen.ts";
import { envText, inLauncher, MENU, READY, SANE } from "./launcher.ts";

const TOP = /^Provider and advanced settings\n[\s\S]*Outgoing connections/;

const GROUP_IDS: readonly GroupId[] = ["server", "time", "rotation", "embeddings", "models", "logging", "logins", "network"];

/** Types over what stands in a field. */
const over = (text: string) => `${KEYS.ctrlU}${text}${KEYS.enter}`;

async function toSettings(screen: Screen): Promise<void> {
  await screen.shows(MENU);
  await screen.press("4", TOP);
}

async function toOpenai(screen: Screen): Promise<void> {
  await toSettings(screen);
  await screen.press(`1${KEYS.enter}`, /^Providers\n[\s\S]*OpenAI +openai, 1 key/);
  await screen.press(`2${KEYS.enter}`, /^OpenAI\n/);
}

Deno.test("every kind of setting is changed, shown as old → new, and saved together in one write", () =>
  inLauncher({ env: `# mine\n${READY}MAX_QUEUE=5\n` }, async ({ screen, cwd }) => {
    const before = envText(cwd);
    await toSettings(screen);
    await screen.press("7", /^Time limits\n[\s\S]*GLOBAL_TIMEOUT +30 {2}\(default\)/);
    await screen.press("1", /^GLOBAL_TIMEOUT\n[\s\S]*now +30 {2}\(default\)/);
    await screen.press(`soon${KEYS.enter}`, /Expected a number of seconds from 0\.1/);
    await screen.press(over("60"), /1 change not saved:\n {2}GLOBAL_TIMEOUT {2}\(not set\) → 60\n[\s\S]*30 → 60/);
    await screen.press(KEYS.escape, TOP);
    await screen.press("8", /^Choosing and resting keys\n[\s\S]*MAX_QUEUE +5 {2}\(\.env\)/);
    await screen.press("2", /^SESSION_AFFINITY\n[\s\S]*Default \(true\)[\s\S]*false/);
    await screen.press("3", /SESSION_AFFINITY {2}\(not set\) → false\n/);
    await screen.press("3", /^MAX_QUEUE\n[\s\S]*default +1000/);
    await screen.press(over(""), /MAX_QUEUE {2}5 → \(not set\)\n/);
    await screen.press("5", /^COOLDOWN_LADDER\n/);
    await screen.press(over("5,15"), /COOLDOWN_LADDER {2}\(not set\) → 5,15\n/);
    await screen.press(KEYS.escape, TOP);
    await screen.press(`11`, /^Logging\n[\s\S]*LOG_FORMAT +pretty/);
    await screen.press("2", /^LOG_FORMAT\n[\s\S]*pretty[\s\S]*json/);
    await screen.press("3", /… and|LOG_FORMAT {2}\(not set\) → json\n/);
    assert.equal(envText(cwd), before);
    await screen.press("s", /^Saved\n[\s\S]*GLOBAL_TIMEOUT[\s\S]*Only at the next start: LOG_FORMAT/);
    assert.equal(
      envText(cwd),
      `# mine\n${READY}GLOBAL_TIMEOUT=60\nSESSION_AFFINITY=false\nCOOLDOWN_LADDER=5,15\nLOG_FORMAT=json\n`,
    );
    await screen.press(KEYS.enter, /^Logging\n(?![\s\S]*not saved)[\s\S]*LOG_FORMAT +json {2}\(\.env\)/);
  }));

Deno.test("a provider's address, limit, rotation, rank, models and fallbacks are changed and saved", () =>
  inLauncher({ env: READY, rows: 40 }, async ({ screen, cwd }) => {
    await toOpenai(screen);
    await screen.press("1", /^Address\n[\s\S]*variable +OPENAI_API_BASE/);
    await screen.press(`nowhere${KEYS.enter}`, /Expected /);
    await screen.press(over("http://127.0.0.1:9/v1"), /^OpenAI\n[\s\S]*Address +https:\S+ → http:/);
    await screen.press("5", /^Requests at a time, per key\n/);
    await screen.press(over("4"), /1 → 4/);
    await screen.press("6", /^Rotation\n[\s\S]*sequential/);
    await screen.press("3", /balanced → sequential/);
    await screen.press("8", /^Rank of OPENAI_API_KEY\n/);
    await screen.press(over("2"), /OPENAI_PRIORITY {2}\(not set\) → 2/);
    await screen.press("2", /^Models \(OPENAI_MODELS\)\n/);
    await screen.press("1", /^Add a model\n/);
    await screen.press(over("gpt-5"), /OPENAI_MODELS {2}\(not set\) → \["gpt-5"\]/);
    await screen.press("2", /^Add a model\n/);
    await screen.press(over("fast"), /\["gpt-5","fast"\]/);
    await screen.press("2", /^fast\n[\s\S]*The provider's id/);
    await screen.press("1", /^fast\n[\s\S]*provider calls/);
    await screen.press(over("gpt-5-mini"), /^Models[\s\S]*fast +id gpt-5-mini/);
    await screen.press("2", /^fast\n[\s\S]*The provider's id/);
    await screen.press("2", /^fast\n[\s\S]*JSON object/);
    await screen.press(`{"temperature"${KEYS.enter}`, /Expected a JSON object/);
    await screen.press(over('{"temperature": 0.2}'), /^Models[\s\S]*fast +id gpt-5-mini {2}\{"temperature":0\.2\}/);
    await screen.press(KEYS.escape, /^OpenAI\n/);
    await screen.press("7", /^Fallbacks of openai\n/);
    await screen.press("1", /The model that may fail/);
    await screen.press(over("gpt-5"), /variable +OPENAI_FALLBACK_GPT_5/);
    await screen.press(over("gpt-5-mini"), /gpt-5 +- → gpt-5-mini/);
    await screen.press("s", /^Saved\n/);
    assert.equal(
      envText(cwd),
      `${READY}OPENAI_API_BASE=http://127.0.0.1:9/v1\nMAX_CONCURRENT_REQUESTS_PER_KEY_OPENAI=4\nROTATION_MODE_OPENAI=sequential\n` +
        `OPENAI_PRIORITY=2\nOPENAI_MODELS='{"gpt-5":{},"fast":{"id":"gpt-5-mini","options":{"temperature":0.2}}}'\nOPENAI_FALLBACK_GPT_5=gpt-5-mini\n`,
    );
  }));

Deno.test("a filter shows what it hides and frees while it is typed, from the provider's own list", async () => {
  await using simulator = await startSimulator({ models: ["gpt-5", "gpt-5-mini", "dall-e-3"] });
  await inLauncher({ env: `${READY}OPENAI_API_BASE=${simulator.baseUrl}\n` }, async ({ screen, cwd }) => {
    await toOpenai(screen);
    await screen.press("3", /^Hide models \(IGNORE_MODELS_OPENAI\)\n[\s\S]*0 of 3 models hidden[\s\S]*shown {2}gpt-5-mini/);
    await screen.press("*mini", /1 of 3 models hidden\n {2}- hides {2}gpt-5-mini\n/);
    await screen.press(",dall*", /2 of 3 models hidden\n {2}- hides {2}gpt-5-mini\n {2}- hides {2}dall-e-3\n/);
    await screen.press(KEYS.enter, /IGNORE_MODELS_OPENAI {2}\(not set\) → \*mini,dall\*/);
    await screen.press("4", /^Show models in any case[\s\S]*2 of 3 models hidden/);
    await screen.press("openai/dall-e-?", /1 of 3 models hidden\n {2}\+ frees {2}dall-e-3\n/);
    await screen.press(KEYS.enter, /WHITELIST_MODELS_OPENAI/);
    await screen.press("s", /^Saved\n/);
    assert.match(envText(cwd), /\nIGNORE_MODELS_OPENAI="\*mini,dall\*"\nWHITELIST_MODELS_OPENAI=/);
  });
});

Deno.test("a provider of one's own, aliases, groups and patterns of names", () =>
  inLauncher({ env: READY, rows: 40 }, async ({ screen, cwd }) => {
    await toSettings(screen);
    await screen.press(`1${KEYS.enter}`, /^Providers\n/);
    await screen.press(`1${KEYS.enter}`, /^A provider of your own\n/);
    await screen.press(`openai${KEYS.enter}`, /There is a provider of that name/);
    await screen.press(over("my_box"), /everything before \/chat\/completions/);
    await screen.press(over("http://127.0.0.1:9/v1"), /^my_box\n[\s\S]*MY_BOX_API_BASE {2}\(not set\) →/);
    await screen.press(KEYS.escape, /^Providers\n[\s\S]*my_box +my_box, your own/);
    await screen.press(KEYS.escape, TOP);
    await screen.press("3", /^Aliases\n/);
    await screen.press("1", /^Aliases\n[\s\S]*new name/);
    await screen.press(over("Fast"), /variable +MODEL_ALIAS_FAST/);
    await screen.press(`nothing${KEYS.enter}`, /Expected provider\/model/);
    await screen.press(over("openai/gpt-5-mini"), /fast +- → openai\/gpt-5-mini/);
    await screen.press(KEYS.escape, TOP);
    await screen.press("4", /^Groups with fallbacks\n/);
    await screen.press("1", /name of the group/);
    await screen.press(over("best"), /variable +FALLBACK_BEST/);
    await screen.press(over("openai/gpt-5,my_box/llama"), /best +- → openai/);
    await screen.press(KEYS.escape, TOP);
    await screen.press("5", /^MODEL_MAP\n/);
    await screen.press(over("gpt-*:openai/*"), /MODEL_MAP {2}\(not set\) →/);
    await screen.press("s", /^Saved\n/);
    assert.equal(
      envText(cwd),
      `${READY}MY_BOX_API_BASE=http://127.0.0.1:9/v1\nMODEL_ALIAS_FAST=openai/gpt-5-mini\n` +
        `FALLBACK_BEST=openai/gpt-5,my_box/llama\nMODEL_MAP="gpt-*:openai/*"\n`,
    );
  }));

Deno.test("leaving with changes asks: stay, discard or save", () =>
  inLauncher({ env: READY }, async ({ screen, cwd }) => {
    await toSettings(screen);
    await screen.press("9", /^Embeddings\n/);
    await screen.press("3", /^EMBEDDING_BATCH_WINDOW_MS\n/);
    await screen.press(over("50"), /20 → 50/);
    await screen.press(KEYS.escape, TOP);
    await screen.press(KEYS.escape, /^Leave the settings\?\n[\s\S]*EMBEDDING_BATCH_WINDOW_MS/);
    await screen.press("3", TOP);
    await screen.press(KEYS.escape, /^Leave the settings\?\n/);
    await screen.press("2", MENU);
    assert.equal(envText(cwd), READY);
    await screen.press("4", TOP);
    assert.doesNotMatch(screen.text(), /not saved/);
    await screen.press("9", /^Embeddings\n/);
    await screen.press("1", /^EMBEDDING_BATCH\n/);
    await screen.press("3", /true → false/);
    await screen.press("d", /^Embeddings\n(?![\s\S]*not saved)/);
    await screen.press("1", /^EMBEDDING_BATCH\n/);
    await screen.press("3", /true → false/);
    await screen.press(KEYS.escape, TOP);
    await screen.press(KEYS.escape, /^Leave the settings\?\n/);
    await screen.press("1", /^Saved\n/);
    await screen.press(KEYS.enter, MENU);
    assert.equal(envText(cwd), `${READY}EMBEDDING_BATCH=false\n`);
  }));

Deno.test("what is discarded leaves the list of models and the list of aliases at once", () =>
  inLauncher({ env: READY }, async ({ screen, cwd }) => {
    await toOpenai(screen);
    await screen.press("2", /^Models \(OPENAI_MODELS\)\n/);
    await screen.press("1", /^Add a model\n/);
    await screen.press(over("gone-model"), /1 {2}gone-model/);
    await screen.press("d", /^Models \(OPENAI_MODELS\)\n(?![\s\S]*gone-model)[\s\S]*1 {2}Add a model/);
    await screen.press("1", /^Add a model\n/);
    await screen.press(over("kept-model"), /OPENAI_MODELS {2}\(not set\) → \["kept-model"\]/);
    await screen.press("s", /^Saved\n/);
    await screen.press(KEYS.enter, /^Models/);
    for (const back of [/^OpenAI\n/, /^Providers\n/, TOP]) await screen.press(KEYS.escape, back);
    await screen.press("3", /^Aliases\n/);
    await screen.press("1", /new name/);
    await screen.press(over("fast"), /MODEL_ALIAS_FAST/);
    await screen.press(over("openai/kept-model"), /fast +- → openai/);
    await screen.press("d", /^Aliases\n(?![\s\S]*fast)[\s\S]*1 {2}Add one/);
    assert.equal(envText(cwd), `${READY}OPENAI_MODELS='["kept-model"]'\n`);
  }));

Deno.test("what the environment says is not edited, and what would break the configuration is not saved", () =>
  inLauncher({ env: READY, environment: { MAX_QUEUE: "7" }, rows: 40 }, async ({ screen, cwd }) => {
    await toSettings(screen);
    await screen.press("8", /MAX_QUEUE +7 {2}\(environment\)/);
    await screen.press("3", /^MAX_QUEUE\n[\s\S]*stronger than \.env/);
    await screen.press(KEYS.enter, /^Choosing/);
    await screen.press(KEYS.escape, TOP);
    await screen.press("4", /^Groups/);
    await screen.press("1", /name of the group/);
    await screen.press(over("best"), /FALLBACK_BEST/);
    await screen.press(over("openai/gpt-5"), /best/);
    // Somebody else writes meanwhile, and writes nonsense.
    Deno.writeTextFileSync(`${cwd}/.env`, `${READY}MAX_BODY_BYTES=huge\n`);
    await screen.press("s", /^Nothing was saved\n[\s\S]*MAX_BODY_BYTES="huge"/);
    assert.equal(envText(cwd), `${READY}MAX_BODY_BYTES=huge\n`);
    Deno.writeTextFileSync(`${cwd}/.env`, READY);
    await screen.press(KEYS.enter, /^Groups[\s\S]*1 change not saved/);
    await screen.press("s", /^Saved\n/);
    assert.equal(envText(cwd), `${READY}FALLBACK_BEST=openai/gpt-5\n`);
  }));

Deno.test("a running server takes up what was saved at once, and the screen says so", () =>
  inLauncher({ env: READY }, async ({ screen, cwd }) => {
    await screen.shows(/server +not running/);
    const server = startProgram(["serve"], { cwd });
    try {
      const [, url = ""] = await server.prints(/listens on (http:\/\/127\.0\.0\.1:\d+)/);
      await screen.press("9", /Every screen is also a command/);
      await screen.press(KEYS.enter, new RegExp(`server +running at ${url} for \\d+s, 0 requests under way\n`));
      await screen.press("4", TOP);
      await screen.press("9", /^Embeddings\n/);
      await screen.press("1", /^EMBEDDING_BATCH\n/);
      await screen.press("3", /true → false/);
      await screen.press("s", new RegExp(`^Saved\n[\\s\\S]*The server at ${url} uses it now`));
      assert.match(envText(cwd), /EMBEDDING_BATCH=false/);
      await screen.press(KEYS.enter, /^Embeddings/);
      await screen.press(KEYS.escape, TOP);
      await screen.press(KEYS.escape, MENU);
      await screen.press("6", /OpenAI[\s\S]*quit/i);
      await screen.press("q", MENU);
      await screen.press("2", /^Proxy settings/);
      await screen.press("4", /^Proxy key/);
      await screen.press("1", /^A new proxy key/);
      const [, key] = await screen.press("2", new RegExp(`(kp-\\w{32})\n[\\s\\S]*The server at ${url} uses it now`));
      const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      await answer.body?.cancel();
      assert.equal(answer.status, 200);
      await screen.press(KEYS.enter, /^Proxy settings/);
      await screen.press("2", /^Port\n/);
      await screen.press(over("18474"), /^A server is running\n[\s\S]*told the new port/);
      screen.type(KEYS.ctrlC);
      assert.deepEqual(await screen.ended, { code: 130, ...SANE });
    } finally {
      server.signal("SIGTERM");
      await server.ended;
    }
  }));

Deno.test("a value that stands in another file than .env is said to, when it shall go", () =>
  inLauncher({ env: READY, files: { "team.env": "MAX_QUEUE=9\n" } }, async ({ screen }) => {
    await toSettings(screen);
    await screen.press("8", /MAX_QUEUE +9 {2}\(team\.env\)/);
    await screen.press("3", /^MAX_QUEUE\n/);
    await screen.press(over(""), /The value comes from MAX_QUEUE in team\.env, not from \.env/);
    await screen.press(KEYS.enter, /^Choosing(?![\s\S]*not saved)/);
    await screen.press("3", /^MAX_QUEUE\n/);
    await screen.press(over("8"), /9 → 8/);
  }));

for (const { cols, rows } of [{ cols: 80, rows: 24 }, { cols: 200, rows: 50 }]) {
  Deno.test(`every setting is changed to its example and saved, at ${cols}×${rows}`, () =>
    inLauncher({ env: "PROXY_API_KEY=kp-test-key-0123456789\n", cols, rows }, async ({ screen, cwd }) => {
      await toSettings(screen);
      const wanted: Record<string, string> = {};
      for (const [at, group] of GROUP_IDS.entries()) {
        const title = new RegExp(`^${GROUPS[group].title}\n[\\s\\S]*Esc back`);
        const number = String(6 + at);
        await screen.press(number, title);
        for (const [nth, { name, words, example, fallback }] of groupEditables(group).entries()) {
          await screen.press(String(nth + 1), new RegExp(`^${name}\n`));
          const value = words === undefined ? example : words.find((it) => it === example) ?? words.at(-1) ?? "";
          assert.notEqual(value, fallback);
          wanted[name] = value;
          const keys = words === undefined ? over(value) : String(words.indexOf(value) + 2);
          await screen.press(keys, new RegExp(`^${GROUPS[group].title}\n[\\s\\S]*› \\d  ${name} [^\n]* → `));
        }
        await screen.press("s", /^Saved\n[\s\S]*Enter goes on/);
        await screen.press(KEYS.enter, title);
        await screen.press(KEYS.escape, TOP);
      }
      assert.deepEqual(parse(envText(cwd)), { PROXY_API_KEY: "kp-test-key-0123456789", ...wanted });
    }));
}

Deno.test("a secret is never shown, and goes only when that is asked for", () =>
  inLauncher({ env: `${READY}KEYPROXY_ADMIN_KEY=admin-0123456789abcdef\n` }, async ({ screen, cwd }) => {
    await toSettings(screen);
    await screen.press("6", /KEYPROXY_ADMIN_KEY +adm…cdef/);
    await screen.press("1", /^KEYPROXY_ADMIN_KEY\n[\s\S]*now +set[\s\S]*Remove it/);
    await screen.press("1", /^KEYPROXY_ADMIN_KEY\n[\s\S]*Ctrl-U clear/);
    await screen.press(KEYS.enter, /Expected a value/);
    await screen.press(`another-0123456789${KEYS.enter}`, /KEYPROXY_ADMIN_KEY {2}adm…cdef → ano…6789/);
    await screen.press("1", /Remove it/);
    await screen.press("2", /KEYPROXY_ADMIN_KEY {2}adm…cdef → \(not set\)/);
    await screen.press("s", /^Saved/);
    assert.equal(envText(cwd), READY);
    assert.doesNotMatch(screen.raw(), /admin-0123|another-0123/);
  }));

Deno.test("an address for everybody without a proxy key is saved after a question only", () =>
  inLauncher({ env: "OPENAI_API_KEY=sk-0123456789abcdef\nPROXY_API_KEY=\nHOST=127.0.0.1\n" }, async ({ screen, cwd }) => {
    await screen.press(KEYS.enter, MENU);
    const keyed = envText(cwd);
    await screen.press("2", /^Proxy settings/);
    await screen.press("4", /^Proxy key/);
    await screen.press("3", /^No proxy key/);
    await screen.press("2", /^Removed/);
    await screen.press(KEYS.enter, /^Proxy settings/);
    await screen.press(KEYS.escape, MENU);
    await screen.press("4", TOP);
    await screen.press("6", /^Server/);
    await screen.press("2", /^HOST/);
    await screen.press(over("0.0.0.0"), /127\.0\.0\.1 → 0\.0\.0\.0/);
    await screen.press("s", /^No proxy key is set\n/);
    await screen.press(KEYS.enter, /^Server[\s\S]*not saved/);
    assert.match(keyed, /PROXY_API_KEY=kp-/);
    assert.match(envText(cwd), /HOST=127\.0\.0\.1/);
    await screen.press("s", /^No proxy key is set\n/);
    await screen.press("2", /^Saved/);
    assert.match(envText(cwd), /HOST=0\.0\.0\.0/);
  }));

Deno.test("a filter's preview asks a provider that is not saved yet", async () => {
  await using simulator = await startSimulator({ models: ["one", "two"] });
  await inLauncher({ env: READY }, async ({ screen }) => {
    await toSettings(screen);
    await screen.press(`1${KEYS.enter}`, /^Providers\n/);
    await screen.press(`1${KEYS.enter}`, /^A provider of your own\n/);
    await screen.press(over("my_box"), /everything before/);
    await screen.press(over(simulator.baseUrl), /^my_box\n/);
    await screen.press("3", /^Hide models[\s\S]*0 of 2 models hidden/);
    await screen.press("t*", /1 of 2 models hidden\n {2}- hides {2}two/);
  });
});

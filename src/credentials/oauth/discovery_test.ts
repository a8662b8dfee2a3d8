/** Logins found in real folders: every place, in its order; nothing that is found is changed, nothing wrong stops the rest. */
import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inFolder } from "../../../tests/support/folder.ts";
import { put, someGrant, variablesOf } from "../../../tests/support/grant_fixtures.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Discovery, type DiscoveryOptions, findGrants } from "./discovery.ts";
import { editGrantNotes, saveNewGrant, setAside } from "./grant_files.ts";
import { OAUTH_ROWS } from "./rows.ts";

const AT = Date.UTC(2026, 0, 1);

function file(name: string, more: object = {}): object {
  return { access_token: `access-${name}`, refresh_token: `refresh-${name}`, token_type: "Bearer", expiry_date: AT, ...more };
}

function look(
  folder: string,
  options: Partial<DiscoveryOptions> & { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Discovery> {
  const { env = {}, ...more } = options;
  return findGrants({
    dataDir: join(folder, "kept"),
    home: join(folder, "home"),
    cwd: folder,
    rows: OAUTH_ROWS,
    toolFiles: "leave",
    variables: variablesOf(env),
    ...more,
  });
}

const creds = (folder: string, name: string) => join(folder, "kept", "oauth_creds", name);
const tokensOf = ({ found }: Discovery) =>
  found.map(({ provider, number, grant }) => `${provider}:${number} ${grant.accessToken.reveal()}`);

Deno.test("variables come first, then oauth_creds/ in natural order, then named paths, each numbered by its provider", () =>
  inFolder(async (folder) => {
    await put(creds(folder, "qwen_code_oauth_10.json"), file("ten"));
    await put(creds(folder, "qwen_code_oauth_2.json"), file("two"));
    await put(join(folder, "elsewhere", "mine.json"), file("relative"));
    await put(join(folder, "home", "deep.json"), file("of-home"));
    const seen = await look(folder, {
      env: {
        QWEN_CODE_ACCESS_TOKEN: "access-env",
        QWEN_CODE_REFRESH_TOKEN: "refresh-env",
        QWEN_CODE_OAUTH_1: "elsewhere/mine.json",
        QWEN_CODE_OAUTH_2: "~/deep.json",
        GEMINI_CLI_1_ACCESS_TOKEN: "access-google",
        GEMINI_CLI_1_REFRESH_TOKEN: "refresh-google",
      },
    });
    assert.deepEqual(tokensOf(seen), [
      "gemini_cli:1 access-google",
      "qwen_code:1 access-env",
      "qwen_code:2 access-two",
      "qwen_code:3 access-ten",
      "qwen_code:4 access-relative",
      "qwen_code:5 access-of-home",
    ]);
    assert.deepEqual(seen.found.map(({ kind }) => kind), ["env", "env", "file", "file", "path", "path"]);
    assert.deepEqual(seen.warnings, []);
  }));

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ["half-written", '{"access_token":"access-x","refr', /not JSON, or only half of it/],
  ["empty", "  \n", /it is empty/],
  ["foreign", '{"hello":"world"}', /ignored: /],
  ["a list", "[1,2]", /ignored: /],
  ["of the wrong types", '{"access_token":17,"refresh_token":{}}', /ignored: /],
];

for (const [what, text, reason] of BROKEN) {
  Deno.test(`a file that is ${what} is one warning with its name and the reason; it is never touched, and the rest works`, () =>
    inFolder(async (folder) => {
      const path = creds(folder, "qwen_code_oauth_1.json");
      await put(path, text);
      await put(creds(folder, "qwen_code_oauth_2.json"), file("good"));
      const before = await stat(path);
      const seen = await look(folder, { toolFiles: "copy" });
      assert.deepEqual(tokensOf(seen), ["qwen_code:1 access-good"]);
      assert.equal(seen.warnings.length, 1, seen.warnings.join("\n"));
      assert.ok(seen.warnings[0]?.includes(path));
      assert.match(seen.warnings[0] ?? "", reason);
      assert.equal(await readFile(path, "utf8"), text);
      assert.equal((await stat(path)).mtimeMs, before.mtimeMs);
    }));
}

Deno.test("a directory or a link to nowhere in a login's place is a warning too, and so is a name of no provider", () =>
  inFolder(async (folder) => {
    await mkdir(creds(folder, "iflow_oauth_1.json"), { recursive: true });
    await symlink(join(folder, "nowhere"), creds(folder, "qwen_code_oauth_1.json"));
    await put(creds(folder, "codex_oauth_1.json"), file("codex"));
    const { found, warnings } = await look(folder);
    assert.deepEqual(found, []);
    assert.deepEqual(warnings.map((text) => /(\w+_oauth_1\.json)/.exec(text)?.[1]).toSorted(), [
      "codex_oauth_1.json",
      "iflow_oauth_1.json",
      "qwen_code_oauth_1.json",
    ]);
  }));

Deno.test("a file others can read is used, with the command that mends it", () =>
  inFolder(async (folder) => {
    const path = creds(folder, "qwen_code_oauth_1.json");
    await put(path, file("open"));
    await chmod(path, 0o644);
    const seen = await look(folder);
    assert.deepEqual(tokensOf(seen), ["qwen_code:1 access-open"]);
    assert.deepEqual(seen.warnings, [`Others on this machine can read the login in ${path}: run chmod 600 ${path}`]);
    assert.equal((await stat(path)).mode & 0o777, 0o644);
  }));

Deno.test("an account that is in two places is used once, and both places are named", () =>
  inFolder(async (folder) => {
    const [first, second] = [creds(folder, "gemini_cli_oauth_1.json"), creds(folder, "gemini_cli_oauth_2.json")];
    await put(first, file("one", { _proxy_metadata: { email: "ada@example.com" } }));
    await put(second, file("two", { _proxy_metadata: { email: "Ada@Example.com" } }));
    const seen = await look(folder);
    assert.deepEqual(tokensOf(seen), ["gemini_cli:1 access-one"]);
    assert.equal(seen.warnings.length, 1);
    assert.ok(seen.warnings[0]?.includes(first) && seen.warnings[0].includes(second), seen.warnings.join());
    assert.ok(!/access-|refresh-/.test(seen.warnings[0] ?? ""));
  }));

Deno.test("the login of a vendor's tool is copied once, never written, and does not come back when the copy was removed", () =>
  inFolder(async (folder) => {
    const tool = join(folder, "home", ".qwen", "oauth_creds.json");
    await put(tool, file("tool"));
    const before = await readFile(tool, "utf8");
    const first = await look(folder, { toolFiles: "copy" });
    assert.deepEqual(tokensOf(first), ["qwen_code:1 access-tool"]);
    assert.match(first.warnings[0] ?? "", /was copied from .*\.qwen.* to .*qwen_code_oauth_1\.json/);
    const copy = creds(folder, "qwen_code_oauth_1.json");
    assert.deepEqual([(await stat(copy)).mode & 0o777, (await stat(join(folder, "kept", "oauth_creds"))).mode & 0o777], [0o600, 0o700]);
    const again = await look(folder, { toolFiles: "copy" });
    assert.deepEqual([tokensOf(again), again.warnings], [["qwen_code:1 access-tool"], []]);
    // The copy was renewed meanwhile: it is still known as what it was copied from.
    const [copied] = again.found;
    await copied?.keeper.save({ ...copied.grant, accessToken: new Secret("access-new"), refreshToken: new Secret("refresh-new") });
    assert.deepEqual(tokensOf(await look(folder, { toolFiles: "copy" })), ["qwen_code:1 access-new"]);
    await setAside(copy, AT);
    assert.deepEqual(tokensOf(await look(folder, { toolFiles: "copy" })), []);
    assert.equal(await readFile(tool, "utf8"), before);
  }));

Deno.test("only looking copies nothing and makes no folder", () =>
  inFolder(async (folder) => {
    await put(join(folder, "home", ".gemini", "oauth_creds.json"), file("tool"));
    const seen = await look(folder, { env: { QWEN_CODE_ACCESS_TOKEN: "a", QWEN_CODE_REFRESH_TOKEN: "r" } });
    assert.deepEqual(tokensOf(seen), ["qwen_code:1 a"]);
    await assert.rejects(readdir(join(folder, "kept")));
  }));

Deno.test("what became of a login in variables counts only while they still hold the one it began with", () =>
  inFolder(async (folder) => {
    const env = { QWEN_CODE_ACCESS_TOKEN: "access-a", QWEN_CODE_REFRESH_TOKEN: "refresh-a" };
    const [given] = (await look(folder, { env })).found;
    await given?.keeper.save({ ...given.grant, accessToken: new Secret("access-renewed"), refreshToken: new Secret("refresh-b") });
    assert.deepEqual(tokensOf(await look(folder, { env })), ["qwen_code:1 access-renewed"]);
    const other = { QWEN_CODE_ACCESS_TOKEN: "access-c", QWEN_CODE_REFRESH_TOKEN: "refresh-c" };
    assert.deepEqual(tokensOf(await look(folder, { env: other })), ["qwen_code:1 access-c"]);
  }));

Deno.test("a folder that cannot be made warns for logins whose renewal ends the tokens before it, and for no others", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "kept"), "a file where the folder would be");
    const env = {
      QWEN_CODE_ACCESS_TOKEN: "a",
      QWEN_CODE_REFRESH_TOKEN: "r",
      GEMINI_CLI_ACCESS_TOKEN: "a",
      GEMINI_CLI_REFRESH_TOKEN: "r",
    };
    const { found, warnings } = await look(folder, { env, toolFiles: "copy" });
    assert.equal(found.length, 2);
    const costly = warnings.filter((text) => /cannot be kept/.test(text));
    assert.equal(costly.length, 1, warnings.join("\n"));
    assert.match(costly[0] ?? "", /QWEN_CODE_ACCESS_TOKEN/);
  }));

Deno.test("saving keeps a symbolic link, fields of other programs, and the user's name and rank", () =>
  inFolder(async (folder) => {
    const real = join(folder, "vault", "login.json");
    await put(real, file("linked", { a_field_of_another_program: 7 }));
    const path = creds(folder, "qwen_code_oauth_1.json");
    await mkdir(join(folder, "kept", "oauth_creds"), { recursive: true });
    await symlink(real, path);
    await editGrantNotes(path, { label: "work", priority: 3 });
    const [found] = (await look(folder)).found;
    assert.deepEqual([found?.label, found?.priority], ["work", 3]);
    await found?.keeper.save({ ...found.grant, accessToken: new Secret("access-next") });
    const kept: { readonly access_token: string; readonly a_field_of_another_program: number } = JSON.parse(await readFile(real, "utf8"));
    assert.deepEqual([kept.access_token, kept.a_field_of_another_program], ["access-next", 7]);
    const [again] = (await look(folder)).found;
    assert.deepEqual([again?.label, again?.priority], ["work", 3]);
  }));

Deno.test("a new login takes the number after all others; one of a known account takes its place, not its name", () =>
  inFolder(async (folder) => {
    const dataDir = join(folder, "kept");
    await put(creds(folder, "qwen_code_oauth_4.json"), file("four", { _proxy_metadata: { email: "li@example.com" } }));
    await editGrantNotes(creds(folder, "qwen_code_oauth_4.json"), { label: "li" });
    const added = await saveNewGrant({ dataDir, provider: "qwen_code", grant: someGrant("new", { account: "mei@example.com" }) });
    assert.deepEqual([added.how, added.path], ["added", creds(folder, "qwen_code_oauth_5.json")]);
    const replaced = await saveNewGrant({ dataDir, provider: "qwen_code", grant: someGrant("again", { account: "li@example.com" }) });
    assert.deepEqual([replaced.how, replaced.path], ["replaced", creds(folder, "qwen_code_oauth_4.json")]);
    const seen = await look(folder);
    assert.deepEqual(tokensOf(seen), ["qwen_code:1 access-again", "qwen_code:2 access-new"]);
    assert.equal(seen.found[0]?.label, "li");
  }));

Deno.test("a login that is half-written by another program is not overwritten by a renewal", () =>
  inFolder(async (folder) => {
    const path = creds(folder, "qwen_code_oauth_1.json");
    await put(path, file("one"));
    const [found] = (await look(folder)).found;
    await writeFile(path, '{"access_token":"acc');
    await assert.rejects(async () => await found?.keeper.save(found.grant), /The file was left as it is/);
    assert.equal(await readFile(path, "utf8"), '{"access_token":"acc');
    await rm(path);
    await found?.keeper.save(found.grant);
    assert.deepEqual(tokensOf(await look(folder)), ["qwen_code:1 access-one"]);
  }));

Deno.test("1,000 logins are found, read once each, in time that grows with their number and no faster", () =>
  inFolder(async (folder) => {
    const names = Array.from({ length: 1000 }, (_, index) => index + 1);
    const make = (place: string, count: number) =>
      Promise.all(names.slice(0, count).map((number) => put(creds(place, `qwen_code_oauth_${number}.json`), file(`n${number}`))));
    await make(join(folder, "many"), 1000);
    await make(join(folder, "few"), 100);
    const timeOf = async (place: string, count: number) => {
      const startedMs = performance.now();
      assert.equal((await look(join(folder, place))).found.length, count);
      return performance.now() - startedMs;
    };
    const rounds = [];
    for (let round = 0; round < 5; round++) rounds.push(await timeOf("many", 1000) / await timeOf("few", 100));
    // Ten times the files: a search of all by all would take a hundred times as long.
    assert.ok(Math.min(...rounds) < 30, `${rounds}`);
  }));

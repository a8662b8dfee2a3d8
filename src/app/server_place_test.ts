/** Where the server is looked for: its note while it runs, else where the configuration says. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { parseConfig } from "../config/load.ts";
import { leaveNote, serverOf } from "./server_place.ts";
import { inFolder } from "../../tests/support/folder.ts";

const CONFIGURED = "http://127.0.0.1:8111";
const URL = "http://127.0.0.1:54321";

function urlIn(dataDir: string, given?: string): string {
  const env = { HOST: "0.0.0.0", PORT: "8111", KEYPROXY_DATA_DIR: dataDir };
  const reading = parseConfig({ cwd: "/", envFile: "/.env", flags: {}, env, files: [], problems: [], warnings: [] }, { rows: [] });
  assert.ok("config" in reading);
  return serverOf(reading, { url: given }).url;
}

Deno.test("a running server is found by its note, which is for this user only and goes with it", () =>
  inFolder(async (folder) => {
    assert.equal(urlIn(folder), CONFIGURED);
    const takeAway = await leaveNote({ dataDir: folder, url: URL, at: 1 });
    assert.equal(urlIn(folder), URL);
    assert.equal(urlIn(folder, "http://proxy.example:1/"), "http://proxy.example:1");
    if (process.platform !== "win32") assert.equal((await stat(join(folder, "server.json"))).mode & 0o777, 0o600);
    await takeAway();
    assert.deepEqual(await readdir(folder), []);
    assert.equal(urlIn(folder), CONFIGURED);
    await takeAway();
  }));

Deno.test("a server takes away its own note only", () =>
  inFolder(async (folder) => {
    const first = await leaveNote({ dataDir: folder, url: URL, at: 1 });
    const second = await leaveNote({ dataDir: folder, url: "http://127.0.0.1:54322", at: 2 });
    await first();
    assert.equal(urlIn(folder), "http://127.0.0.1:54322");
    await second();
  }));

Deno.test("a link in the note's place is replaced, and what it leads to stays as it is", () =>
  inFolder(async (folder) => {
    const other = join(folder, "precious");
    await writeFile(other, "precious");
    await symlink(other, join(folder, "server.json"));
    const takeAway = await leaveNote({ dataDir: folder, url: URL, at: 1 });
    assert.deepEqual([urlIn(folder), await readFile(other, "utf8")], [URL, "precious"]);
    await takeAway();
    assert.deepEqual(await readdir(folder), ["precious"]);
  }));

Deno.test("what a dead process, a hand or half a write left is not believed", () =>
  inFolder(async (folder) => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "exit");
    const alive = { pid: process.pid, url: URL, started_at: 1 };
    const notes = [
      JSON.stringify({ ...alive, pid: child.pid }),
      JSON.stringify({ ...alive, pid: 0 }),
      JSON.stringify({ ...alive, pid: -1 }),
      JSON.stringify({ ...alive, url: "http://user@evil.example" }),
      JSON.stringify({ ...alive, url: "file:///etc" }),
      JSON.stringify({ url: URL }),
      `{"pid":${process.pid},"url":"http://127`,
      "",
      "[]",
    ];
    for (const note of notes) {
      await writeFile(join(folder, "server.json"), note);
      assert.equal(urlIn(folder), CONFIGURED, note);
    }
    await writeFile(join(folder, "server.json"), JSON.stringify({ ...alive, more: true }));
    assert.equal(urlIn(folder), URL, "a newer version may say more");
  }));

Deno.test("where nothing can be written nothing fails", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    await writeFile(file, "text");
    const takeAway = await leaveNote({ dataDir: file, url: URL, at: 1 });
    await takeAway();
    assert.equal(await readFile(file, "utf8"), "text");
    assert.equal(urlIn(file), CONFIGURED);
  }));

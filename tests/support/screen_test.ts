/** The screen that the tests of the screens look at. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "./screen.ts";

Deno.test("a screen shows what a program left there, and how it left the terminal", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "keyproxy_screen_test_"));
  try {
    const screen = start(["--version"], { cwd });
    await screen.shows(/^keyproxy \d+\.\d+\.\d+/);
    assert.deepEqual(await screen.ended, { code: 0, isLineSane: true, isCursorShown: true, isAlternate: false });
    await assert.rejects(screen.shows(/nothing of the kind/), /Ended with 0 without showing .*\nkeyproxy/s);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

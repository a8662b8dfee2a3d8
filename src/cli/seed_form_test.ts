/** Calls without a command go on meaning what they meant. */
import assert from "node:assert/strict";
import { withSeedForm } from "./seed_form.ts";

Deno.test("flags without a command serve, whatever their order and form", () => {
  for (const args of [["--port", "1", "--host", "h"], ["--host=h"], ["--enable-request-logging"], ["--hots", "h", "--port", "1"]]) {
    assert.deepEqual(withSeedForm(args), ["serve", ...args]);
  }
});

Deno.test("the program's own flags and commands stay as they are", () => {
  for (const args of [["--help"], ["-V"], ["models", "--json"], ["serve", "--port", "1"], []]) {
    assert.deepEqual(withSeedForm(args), args);
  }
});

Deno.test("--add-credential opens the credential screen, in the folder that is named beside it", () => {
  assert.deepEqual(withSeedForm(["--add-credential"]), ["creds", "add"]);
  assert.deepEqual(withSeedForm(["--host", "h", "--env-file", "x.env", "--add-credential", "--data-dir=d"]), [
    "creds",
    "add",
    "--env-file",
    "x.env",
    "--data-dir=d",
  ]);
});

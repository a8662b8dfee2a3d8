/** What README promises and a machine can check: its library example runs, and its links lead somewhere. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

const root = resolve(import.meta.dirname ?? ".", "..");
const run = promisify(execFile);

Deno.test("the library example of README rests the limited key and goes on with the other", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const example = /<!-- example:library -->\s*```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  assert.ok(example, "README has a library example");
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-readme-"));
  try {
    const script = join(folder, "example.ts");
    await writeFile(script, example.replace("./src/lib.ts", join(root, "src/lib.ts")));
    const { stdout } = await run(process.execPath, ["run", "-A", "--check", "--config", join(root, "deno.json"), script]);
    assert.match(stdout, /^sk-f…0000 rests, sk-s…-000 serves\n$/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("every file that README links to exists", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].flatMap((found) => found[1] ?? []);
  assert.ok(links.length > 5);
  await Promise.all(links.map((link) => access(join(root, link))));
});

Deno.test("the live status that README shows is the one the program draws", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const shown = /<!-- example:status -->\s*```text\n([\s\S]*?)\n```/.exec(readme)?.[1];
  assert.equal(shown, (await readFile(join(root, "tests/golden/status/busy-80x24.txt"), "utf8")).trimEnd());
});

/** Editing `.env`: what is set loads back, what was not asked for stays. */
import { parse } from "dotenv";
import fc from "fast-check";
import assert from "node:assert/strict";
import { readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scanEnv, setVariables, writeEnvFile } from "./env_file.ts";
import { inFolder } from "../../tests/support/folder.ts";

const FILE = [
  "# keys",
  "",
  "export OPENAI_API_KEY='old key'   # mine",
  'PORT = "8000"',
  "  HOST=127.0.0.1# loopback",
  'MULTI="one',
  'two" # after',
  "this line is broken",
  "PORT_2=1",
].join("\n");

Deno.test("a change keeps comments, order, quotes, unknown lines and everything else", () => {
  const edited = setVariables(FILE, { OPENAI_API_KEY: "new", PORT: "9000", HOST: "0.0.0.0", MULTI: "three" });
  assert.equal(
    edited,
    FILE.replace("'old key'", "'new'").replace('"8000"', '"9000"').replace("127.0.0.1#", "0.0.0.0#").replace('"one\ntwo"', '"three"'),
  );
});

Deno.test("null removes every assignment of a name, and only those", () => {
  assert.equal(setVariables("A=1\nB=2\nA=3\n#A=4\nAA=5", { A: null, C: null }), "B=2\n#A=4\nAA=5");
});

Deno.test("of several assignments the last, which counts, is changed", () => {
  assert.equal(setVariables("A=1\nA=2\n", { A: "9" }), "A=1\nA=9\n");
});

Deno.test("a new name is appended, with the file's line ends, also after a last line without an end", () => {
  assert.equal(setVariables("A=1\r\nB=2", { C: "x y", B: "3" }), 'A=1\r\nB=3\r\nC="x y"\r\n');
  assert.equal(setVariables("", { A: "1" }), "A=1\n");
});

Deno.test("values are quoted only when they need it, and then so that a shell agrees", () => {
  const written = (value: string) => setVariables("", { A: value });
  assert.equal(written("sk-abc_DEF/1+2=="), "A=sk-abc_DEF/1+2==\n");
  assert.equal(written(""), "A=\n");
  assert.equal(written("a#b"), 'A="a#b"\n');
  assert.equal(written("pa$$word"), "A='pa$$word'\n");
  assert.equal(written('{"a": 1}'), "A='{\"a\": 1}'\n");
  assert.equal(written("one\ntwo"), 'A="one\\ntwo"\n');
});

Deno.test("a name that is none and a value that no quotes can hold are refused without showing them", () => {
  assert.throws(() => setVariables("", { "sk-secret": "x" }), (error: Error) => !error.message.includes("sk-secret"));
  assert.throws(
    () => setVariables("", { A: "\"'`# secret" }),
    (error: Error) => /value of A/.test(error.message) && !error.message.includes("secret"),
  );
});

Deno.test("whatever can be set loads back unchanged, and leaves the rest as it was", () => {
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("a", " ", "'", '"', "`", "#", "\\", "n", "\n", "\r", "=", "$") }),
  );
  let writtenCount = 0;
  fc.assert(
    fc.property(
      fc.constantFrom("", FILE, FILE.replaceAll("\n", "\r\n")),
      fc.constantFrom("PORT", "MULTI", "NEW"),
      value,
      (file, name, text) => {
        let edited: string;
        try {
          edited = setVariables(file, { [name]: text });
        } catch {
          return;
        }
        writtenCount++;
        assert.deepEqual(parse(edited), { ...parse(file), [name]: text });
        assert.equal(setVariables(edited, { [name]: text }), edited);
      },
    ),
  );
  assert.ok(writtenCount > 50);
});

Deno.test("keys and JSON can always be set, whatever the file", () => {
  const key = fc.string({ unit: fc.constantFrom(...'abcXYZ0189-_.:/+=~!@$%^&*()[]{}|;,<>?#\\"'.split("")), minLength: 1 });
  const json = fc.json().filter((text) => !text.includes("'") && !text.endsWith("\\"));
  fc.assert(fc.property(fc.oneof(key, json), (text) => {
    for (const file of ["", FILE, "A='x'"]) assert.equal(parse(setVariables(file, { A: text }))["A"], text);
  }));
});

Deno.test("the pieces of any text join to the text, and its good lines mean what dotenv reads", () => {
  const line = fc.oneof(
    fc.constantFrom("", "# it's", "A=1", "export B = 'x' # c", 'C="a\\"b"', "D='it's'", "E=`", "F", "G: 1", 'H="', "J=a\\", "K= '"),
    fc.string({ unit: fc.constantFrom("A", "=", "'", '"', "#", " ", "\\") }).map((text) => `A=${text}`),
  );
  let checkedCount = 0;
  const property = fc.property(fc.array(line, { maxLength: 4 }), fc.constantFrom("\n", "\r\n", "\r"), (lines, end) => {
    const text = lines.join(end);
    const pieces = scanEnv(text);
    assert.equal(pieces.map((it) => it.text).join(""), text);
    if (pieces.some((it) => it.kind === "broken")) return;
    checkedCount++;
    const meanings = pieces.flatMap((it) => it.kind === "assignment" ? [[it.name, parse(it.text)[it.name]] as const] : []);
    assert.deepEqual(Object.fromEntries(meanings), parse(text));
  });
  fc.assert(property, { numRuns: 2000 });
  assert.ok(checkedCount > 200);
});

Deno.test("broken lines carry their number", () => {
  const broken = scanEnv("A=1\nB='two\nlines'\nnonsense\nC=\"open\nD=1 \"x\n").flatMap((it) => it.kind === "broken" ? [it.line] : []);
  assert.deepEqual(broken, [4, 5]);
});

Deno.test("the file is written with mode 0600, and the first edit keeps the original as .bak", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, ".env");
    await writeEnvFile(path, { A: "1" });
    assert.deepEqual(await readdir(folder), [".env"]);
    await writeFile(path, "A=original\n", { mode: 0o644 });
    await writeEnvFile(path, { A: "2" });
    await writeEnvFile(path, { A: "3" });
    assert.equal(await readFile(path, "utf8"), "A=3\n");
    assert.equal(await readFile(`${path}.bak`, "utf8"), "A=original\n");
    assert.deepEqual((await readdir(folder)).sort(), [".env", ".env.bak"]);
    for (const name of [path, `${path}.bak`]) assert.equal((await stat(name)).mode & 0o777, 0o600);
  });
});

Deno.test("a link to the file stays a link", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "real"), "A=1\n");
    await symlink("real", join(folder, ".env"));
    await writeEnvFile(join(folder, ".env"), { A: "2" });
    assert.equal(await readlink(join(folder, ".env")), "real");
    assert.equal(await readFile(join(folder, "real"), "utf8"), "A=2\n");
  });
});

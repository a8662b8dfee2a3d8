/**
 * The shape of the source as tests: who imports whom, how big things may grow, what must not be left behind.
 * Reads the real files through the linter's parser, so comments and strings cannot mislead it.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import project from "../deno.json" with { type: "json" };
import { VERSION } from "../src/kernel/version.ts";
import { clearance, type Edge, layerOf, LAYERS } from "../tasks/layers.ts";
import { onReference } from "../tasks/lint_plugin.ts";

const ROOT = resolve(import.meta.dirname ?? ".", "..");
const FILE_LINE_LIMIT = 400;
const FUNCTION_LINE_LIMIT = 60;
const REQUEST_PATH = "src/gateway/handle.ts";
const REQUEST_PATH_LINE_LIMIT = 60;
/** Files that are one long table: their length is the number of facts in them. */
const DATA_TABLES = [/^src\/providers\/catalog/, /^src\/providers\/failure_rules/];

/** What the tests below ask about one source file; paths from the project's root, with `/`. */
interface Source {
  readonly path: string;
  readonly text: string;
  readonly comments: readonly string[];
  readonly imports: readonly Edge[];
  readonly functions: readonly { readonly line: number; readonly codeLineCount: number }[];
  readonly switchedOff: readonly string[];
  /** Lines with something on them besides comments. */
  readonly codeLineCount: number;
  /** False for files that only declare types. */
  readonly hasLogic: boolean;
}

function read(path: string): Source {
  const text = readFileSync(resolve(ROOT, path), "utf8");
  const imports: Edge[] = [];
  const functions: { range: Deno.lint.Range }[] = [];
  const switchedOff: string[] = [];
  let comments: Deno.lint.Range[] = [];
  const keep = (node: { range: Deno.lint.Range }) => void functions.push(node);
  const reader: Deno.lint.Rule = {
    create: (context) => ({
      ...onReference(({ specifier, kind }) => {
        if (specifier.startsWith(".")) imports.push({ from: path, to: posix.join(posix.dirname(path), specifier), kind });
      }),
      Program: () => void (comments = context.sourceCode.getAllComments().map((it) => it.range)),
      FunctionDeclaration: keep,
      FunctionExpression: keep,
      ArrowFunctionExpression: keep,
      MemberExpression(node) {
        const called = context.sourceCode.getText(node);
        if (/^(Deno\.test|describe|it|test)\.(only|ignore|skip)$/.test(called)) switchedOff.push(called);
      },
      Property(node) {
        const option = context.sourceCode.getText(node);
        if (/^(ignore|only|skip)\s*:\s*true$/.test(option)) switchedOff.push(option);
      },
    }),
  };
  Deno.lint.runPlugin({ name: "reader", rules: { reader } }, resolve(ROOT, path), text);
  const code = withoutComments(text, comments);
  return {
    path,
    text,
    comments: comments.map(([from, to]) => text.slice(from, to)),
    imports,
    functions: functions.map(({ range }) => ({ line: lineOf(text, range[0]), codeLineCount: codeLineCount(code.slice(...range)) })),
    switchedOff,
    codeLineCount: codeLineCount(code),
    hasLogic: functions.length > 0,
  };
}

function withoutComments(text: string, comments: readonly Deno.lint.Range[]): string {
  return comments.reduce((rest, [from, to]) => rest.slice(0, from) + rest.slice(from, to).replace(/[^\n]/g, " ") + rest.slice(to), text);
}

function codeLineCount(code: string): number {
  return code.split("\n").filter((line) => line.trim() !== "").length;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function filesBelow(folder: string): string[] {
  if (!existsSync(resolve(ROOT, folder))) return [];
  return readdirSync(resolve(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => posix.join(posix.relative(ROOT.replaceAll("\\", "/"), entry.parentPath.replaceAll("\\", "/")), entry.name))
    .sort();
}

const EVERYTHING: readonly Source[] = ["src", "tests", "tasks", "bench"].flatMap(filesBelow)
  .concat(["main.ts", "build.ts"].filter((path) => existsSync(resolve(ROOT, path))))
  .map(read);
const SHIPPED = EVERYTHING.filter(({ path }) => layerOf(path) !== undefined && !path.endsWith("_test.ts"));

/** The first circle found in a directed graph, as the names on it; undefined when there is none. */
function circle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const found = visit(next, [...way, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const found = visit(name, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

Deno.test("the circle search finds a circle and lets a diamond pass", () => {
  assert.deepEqual(circle(new Map([["a", ["b", "c"]], ["b", ["d"]], ["c", ["d"]]])), undefined);
  assert.deepEqual(circle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
});

Deno.test("the parser sees the imports, functions and comments of a file", () => {
  const self = EVERYTHING.find(({ path }) => path === "tests/architecture_test.ts");
  assert.ok(self !== undefined);
  assert.deepEqual(self.imports.map(({ to, kind }) => [to, kind]), [["deno.json", "value"], ["src/kernel/version.ts", "value"], [
    "tasks/layers.ts",
    "value",
  ], ["tasks/lint_plugin.ts", "value"]]);
  assert.ok(self.functions.some(({ codeLineCount }) => codeLineCount > 30));
  assert.match(self.comments[0] ?? "", /^\/\*\*\n \* The shape of the source as tests/);
});

Deno.test("every folder of src/ has a line in the table of layers, and nothing imports past it", () => {
  const unknown = new Set(SHIPPED.map(({ path }) => layerOf(path) ?? "").filter((layer) => !(layer in LAYERS)));
  assert.deepEqual([...unknown], []);
  const refused = SHIPPED.flatMap(({ imports }) => imports).flatMap((edge) => {
    const refusal = clearance(edge);
    return refusal === undefined ? [] : [`${edge.from} → ${edge.to}: ${refusal}`];
  });
  assert.deepEqual(refused, []);
});

Deno.test("layers depend on each other in one direction", () => {
  const table = Object.entries(LAYERS).map(([name, { uses }]) => [name, uses.map((it) => it.split("/")[0] ?? it)] as const);
  assert.equal(circle(new Map(table)), undefined);
});

Deno.test("no file needs itself to be loaded first", () => {
  const values = SHIPPED.map(({ path, imports }) => [path, imports.filter((it) => it.kind === "value").map((it) => it.to)] as const);
  assert.equal(circle(new Map(values)), undefined);
});

Deno.test(`a file has at most ${FILE_LINE_LIMIT} lines unless it is a table`, () => {
  const long = SHIPPED.filter(({ path }) => !DATA_TABLES.some((it) => it.test(path)))
    .map(({ path, text }) => ({ path, lineCount: text.trimEnd().split("\n").length }))
    .filter(({ lineCount }) => lineCount > FILE_LINE_LIMIT);
  assert.deepEqual(long, []);
});

Deno.test(`a function has at most ${FUNCTION_LINE_LIMIT} lines of code`, () => {
  const long = SHIPPED.flatMap(({ path, functions }) =>
    functions.filter((it) => it.codeLineCount > FUNCTION_LINE_LIMIT).map((it) => `${path}:${it.line} has ${it.codeLineCount}`)
  );
  assert.deepEqual(long, []);
});

Deno.test(`${REQUEST_PATH} reads in one sitting: fewer than ${REQUEST_PATH_LINE_LIMIT} lines of code`, () => {
  const handle = SHIPPED.find(({ path }) => path === REQUEST_PATH);
  assert.ok(handle !== undefined, `${REQUEST_PATH} is gone: name the new request path here`);
  assert.ok(handle.codeLineCount < REQUEST_PATH_LINE_LIMIT, `it has ${handle.codeLineCount}`);
});

Deno.test("every source file opens by saying what it is", () => {
  const silent = EVERYTHING.filter(({ path, text }) => path.startsWith("src/") && !text.startsWith("/*")).map(({ path }) => path);
  assert.deepEqual(silent, []);
});

Deno.test("nothing is left for later, and no test is switched off or focused", () => {
  const later = EVERYTHING.filter(({ comments }) => comments.some((it) => /\b(TODO|FIXME|XXX|HACK)\b/.test(it))).map(({ path }) => path);
  assert.deepEqual(later, []);
  const off = EVERYTHING.filter(({ path, switchedOff }) => path.endsWith("_test.ts") && switchedOff.length > 0)
    .map(({ path, switchedOff }) => `${path}: ${switchedOff.join(", ")}`);
  assert.deepEqual(off, []);
});

Deno.test("every source file is reached by the program, the library or a test", () => {
  const bySource = new Map(EVERYTHING.map(({ path, imports }) => [path, imports.map((it) => it.to)] as const));
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    bySource.get(path)?.forEach(visit);
  };
  EVERYTHING.filter(({ path }) => path === "src/lib.ts" || !path.startsWith("src/") || path.endsWith("_test.ts")).forEach(({ path }) =>
    visit(path)
  );
  assert.deepEqual(SHIPPED.map(({ path }) => path).filter((path) => !reached.has(path)), []);
});

Deno.test("the program and its package name the same version", () => {
  assert.equal(VERSION, project.version);
});

/** Worth a look, not a failure: some files are better tested through what uses them. */
function printUntested(): void {
  const paths = new Set(EVERYTHING.map(({ path }) => path));
  const crossing = EVERYTHING.filter(({ path }) => path.startsWith("tests/")).map(({ text }) => text).join("\n");
  const bare = SHIPPED.filter(({ path, hasLogic }) =>
    hasLogic && !paths.has(path.replace(/\.ts$/, "_test.ts")) && !crossing.includes(path)
  );
  if (bare.length > 0) console.log(`No test beside these nor in tests/ by name: ${bare.map(({ path }) => path).join(", ")}`);
}

printUntested();

/**
 * The project's own lint rules: who may import whom, which globals belong to one file, which names and casts
 * are not welcome. A rule here has a sentence in CONTRIBUTING.md and a test in `lint_plugin_test.ts`.
 */
import { posix, relative, resolve } from "node:path";
import { clearance, OWNED_PACKAGES } from "./layers.ts";

const PROJECT = resolve(import.meta.dirname ?? ".", "..");

type Context = Deno.lint.RuleContext;
type Node = Deno.lint.Node;

/** Path of the linted file from the project's root, with `/` on every system. */
function pathOf(context: Context): string {
  return relative(PROJECT, context.filename).replaceAll("\\", "/");
}

/** Unit tests sit in `src/` but are not shipped: rules about shipped code leave them alone. */
function isShipped(path: string): boolean {
  return path === "main.ts" || (path.startsWith("src/") && !path.endsWith("_test.ts"));
}

/** One import or re-export: what it names, and whether anything of it exists at run time. */
interface Reference {
  readonly specifier: string;
  readonly kind: "type" | "value";
  readonly node: Node;
}

type AnyImport =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ExportNamedDeclaration
  | Deno.lint.ExportAllDeclaration
  | Deno.lint.ImportExpression
  | Deno.lint.TSImportType;

/** Reads any form of import; undefined for an export without a source and for a computed dynamic import. */
function referenceOf(node: AnyImport): Reference | undefined {
  switch (node.type) {
    case "ImportDeclaration": {
      const named = node.specifiers.length > 0 && node.specifiers.every((it) => it.type === "ImportSpecifier" && it.importKind === "type");
      return { specifier: node.source.value, kind: named ? "type" : node.importKind, node };
    }
    case "ExportNamedDeclaration": {
      if (node.source === null) return undefined;
      const named = node.specifiers.length > 0 && node.specifiers.every((it) => it.exportKind === "type");
      return { specifier: node.source.value, kind: named ? "type" : node.exportKind, node };
    }
    case "ExportAllDeclaration":
      return { specifier: node.source.value, kind: node.exportKind, node };
    case "ImportExpression":
      return isText(node.source) ? { specifier: node.source.value, kind: "value", node } : undefined;
    case "TSImportType": {
      const literal = node.argument.type === "TSLiteralType" ? node.argument.literal : undefined;
      return literal !== undefined && isText(literal) ? { specifier: literal.value, kind: "type", node } : undefined;
    }
  }
}

function isText(node: Node): node is Deno.lint.StringLiteral {
  return node.type === "Literal" && typeof node.value === "string";
}

/** A visitor that sees every import of a file, whatever its form. */
export function onReference(see: (reference: Reference) => void): Deno.lint.LintVisitor {
  const visit = (node: AnyImport) => {
    const reference = referenceOf(node);
    if (reference !== undefined) see(reference);
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
    TSImportType: visit,
  };
}

/** Shipped code imports only what the table in `layers.ts` gives its directory. */
const layers: Deno.lint.Rule = {
  create(context) {
    const from = pathOf(context);
    if (!isShipped(from)) return {};
    return onReference(({ specifier, kind, node }) => {
      if (!specifier.startsWith(".")) return;
      const to = posix.join(posix.dirname(from), specifier);
      const refusal = clearance({ from, to, kind });
      if (refusal !== undefined) context.report({ node, message: refusal });
    });
  },
};

/** Some packages belong to one place: the router to `http`, the argument parser to `cli`, prompts to `cli` and `tui`. */
const packages: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    if (!isShipped(path)) return {};
    return onReference(({ specifier, node }) => {
      const owned = OWNED_PACKAGES.find((it) => specifier === it.name || specifier.startsWith(`${it.name}/`));
      if (owned === undefined || owned.by.some((folder) => path.startsWith(`src/${folder}/`))) return;
      context.report({ node, message: `Only ${owned.by.map((it) => `src/${it}`).join(" and ")} may import "${owned.name}".` });
    });
  },
};

/** A computed dynamic import is in no executable: the compilers embed only what they can read. */
const literalImports: Deno.lint.Rule = {
  create(context) {
    if (!isShipped(pathOf(context))) return {};
    return {
      ImportExpression(node) {
        if (!isText(node.source)) {
          context.report({ node, message: "A dynamic import takes a literal: a computed one is missing from the executable." });
        }
      },
    };
  },
};

/** Reading one of these is allowed in its own file only. */
const OWNED_MEMBERS: readonly { readonly object: string; readonly property: string }[] = [
  { object: "Date", property: "now" },
  { object: "Math", property: "random" },
  { object: "performance", property: "now" },
];
const TIMERS = new Set(["setTimeout", "setInterval"]);
const TIMER_MODULES = new Set(["node:timers", "node:timers/promises"]);
const CLOCK = "src/kernel/clock.ts";

/** Time and chance come in as arguments; only the clock asks the machine. */
const machineTime: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    if (!isShipped(path) || path === CLOCK) return {};
    const report = (node: Node, what: string) =>
      context.report({ node, message: `${what} belongs to ${CLOCK}: take a Clock or a Random as an argument.` });
    return {
      ImportDeclaration(node) {
        if (!TIMER_MODULES.has(node.source.value)) return;
        for (const it of node.specifiers) {
          const name = it.type === "ImportSpecifier" && it.imported.type === "Identifier" ? it.imported.name : undefined;
          if (name === undefined || TIMERS.has(name)) report(it, name ?? node.source.value);
        }
      },
      MemberExpression(node) {
        const owner = nameOf(node.object);
        const property = propertyOf(node);
        const owned = OWNED_MEMBERS.find((it) => it.object === owner && it.property === property);
        if (owned !== undefined) report(node, `${owned.object}.${owned.property}`);
        if (owner === "globalThis" && property !== undefined && TIMERS.has(property)) report(node, property);
      },
      CallExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "Date") report(node, "Date()");
      },
      NewExpression(node) {
        if (nameOf(node.callee) === "Date" && node.arguments.length === 0) report(node, "new Date() without an instant");
      },
      Identifier(node) {
        if (TIMERS.has(node.name) && isRead(node)) report(node, node.name);
      },
    };
  },
};

/** What the runtime gives and what reaches the terminal have one place each. */
const machineGlobals: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    if (!path.startsWith("src/") || !isShipped(path)) return {};
    const terminal = path.startsWith("src/cli/") || path.startsWith("src/tui/");
    const check = (name: string, node: Node) => {
      if ((name === "Deno" || name === "Bun") && path !== "src/runtime.ts") {
        context.report({ node, message: `${name} belongs to src/runtime.ts: use a node: module, or add what is missing to the runtime.` });
      }
      if (name === "console" && !terminal) {
        context.report({ node, message: "console belongs to src/cli and src/tui: use the logger, or return the text to the caller." });
      }
    };
    return {
      Identifier(node) {
        if (isRead(node)) check(node.name, node);
      },
      MemberExpression(node) {
        if (nameOf(node.object) === "globalThis") check(propertyOf(node) ?? "", node);
      },
    };
  },
};

/** The name of a plain identifier, or of `globalThis.<name>`. */
function nameOf(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type === "MemberExpression" && nameOf(node.object) === "globalThis") return propertyOf(node);
  return undefined;
}

/** The member's name, written `a.b` or `a["b"]`. */
function propertyOf(node: Deno.lint.MemberExpression): string | undefined {
  if (!node.computed) return node.property.type === "Identifier" ? node.property.name : undefined;
  return isText(node.property) ? node.property.value : undefined;
}

/** True where an identifier reads a variable: not a member's or a property's name, a declaration or a type. */
function isRead(node: Deno.lint.Identifier): boolean {
  const parent: Node = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.computed || parent.object === node;
    case "Property":
      return parent.value === node || parent.computed;
    case "VariableDeclarator":
      return parent.init === node;
    default:
      return !NAMING_PARENTS.has(parent.type);
  }
}

/** Nodes in which an identifier is a name being given, or part of a type. */
const NAMING_PARENTS: ReadonlySet<Node["type"]> = new Set<Node["type"]>([
  "ClassDeclaration",
  "ExportSpecifier",
  "FunctionDeclaration",
  "ImportDefaultSpecifier",
  "ImportNamespaceSpecifier",
  "ImportSpecifier",
  "MethodDefinition",
  "PropertyDefinition",
  "TSInterfaceDeclaration",
  "TSMethodSignature",
  "TSPropertySignature",
  "TSQualifiedName",
  "TSTypeAliasDeclaration",
  "TSTypeQuery",
  "TSTypeReference",
]);

/** These say nothing about a thing; a name ends in what the thing is. */
const EMPTY_WORDS = new Set(["manager", "helper", "util", "service", "common", "base", "misc", "processor", "data", "info"]);

/** The empty word a name ends in (or is), if any; `base_url` and `ServiceAccount` end in a real one. */
function emptyWord(name: string): string | undefined {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[_\-.]+/);
  const last = words.at(-1) ?? "";
  return [last, last.replace(/s$/, "")].find((it) => EMPTY_WORDS.has(it));
}

/** File, folder and exported type names say what the thing is. */
const names: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    const check = (name: string, node: Node) => {
      const word = emptyWord(name);
      if (word !== undefined) {
        context.report({ node, message: `"${name}" is named "${word}", which says nothing: name what it is or does.` });
      }
    };
    return {
      Program(node) {
        for (const part of path.replace(/(_test)?\.\w+$/, "").split("/")) check(part, node);
      },
      ExportNamedDeclaration(node) {
        const declared = node.declaration;
        if (declared === null) return;
        if (declared.type === "TSInterfaceDeclaration" || declared.type === "TSTypeAliasDeclaration") check(declared.id.name, declared.id);
        if (declared.type === "ClassDeclaration" && declared.id !== null) check(declared.id.name, declared.id);
      },
    };
  },
};

/** `as unknown as T` turns checking off; say what is known with a guard instead. */
const noDoubleCast: Deno.lint.Rule = {
  create(context) {
    return {
      TSAsExpression(node) {
        if (node.expression.type !== "TSAsExpression" || node.expression.typeAnnotation.type !== "TSUnknownKeyword") return;
        context.report({ node, message: "`as unknown as` hides a type error: narrow with a guard or change the type." });
      },
    };
  },
};

type Callable = Deno.lint.FunctionDeclaration | Deno.lint.FunctionExpression | Deno.lint.ArrowFunctionExpression;

/** `f(true)` cannot be read where it is called: exported functions and methods take unions or options. */
const noBooleanParameter: Deno.lint.Rule = {
  create(context) {
    if (!isShipped(pathOf(context))) return {};
    const check = (callable: Callable) => {
      for (const parameter of callable.params.filter(isBoolean)) {
        context.report({
          range: parameter.range,
          message: "A boolean parameter cannot be read at the call: take an options object or a union of words.",
        });
      }
    };
    return {
      ExportNamedDeclaration(node) {
        const declared = node.declaration;
        if (declared?.type === "FunctionDeclaration") check(declared);
        if (declared?.type === "VariableDeclaration") {
          for (const { init } of declared.declarations) {
            if (init?.type === "ArrowFunctionExpression" || init?.type === "FunctionExpression") check(init);
          }
        }
        if (declared?.type !== "ClassDeclaration") return;
        for (const member of declared.body.body) {
          if (member.type !== "MethodDefinition" || member.kind === "set" || member.accessibility === "private") continue;
          if (member.key.type !== "PrivateIdentifier" && member.value.type === "FunctionExpression") check(member.value);
        }
      },
    };
  },
};

function isBoolean(parameter: Deno.lint.Parameter): boolean {
  if (parameter.type === "TSParameterProperty") return isBoolean(parameter.parameter);
  if (parameter.type === "AssignmentPattern") {
    if (parameter.right.type === "Literal" && typeof parameter.right.value === "boolean") return true;
    return parameter.left.type === "Identifier" && isBoolean(parameter.left);
  }
  return parameter.type === "Identifier" && parameter.typeAnnotation?.typeAnnotation.type === "TSBooleanKeyword";
}

/** A file opens by saying what it is and the invariant it keeps. */
const openingComment: Deno.lint.Rule = {
  create(context) {
    if (!pathOf(context).startsWith("src/")) return {};
    return {
      Program(node) {
        if (!context.sourceCode.text.trimStart().startsWith("/*")) {
          context.report({ node, message: "Open the file with a block comment: what it is and the invariant it keeps." });
        }
      },
    };
  },
};

export default {
  name: "keyproxy",
  rules: {
    layers,
    packages,
    "literal-imports": literalImports,
    "machine-time": machineTime,
    "machine-globals": machineGlobals,
    names,
    "no-double-cast": noDoubleCast,
    "no-boolean-parameter": noBooleanParameter,
    "opening-comment": openingComment,
  },
} satisfies Deno.lint.Plugin;

/** Which client is used, that id and secret belong together, and what of an installed tool is believed. All secrets are invented. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { rowOf } from "../../../tests/support/oauth_call.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf } from "../grant.ts";
import { findClient } from "./client.ts";
import { oauthEndpoints } from "./endpoints.ts";

const GEMINI_ID = rowOf("gemini_cli").clientId;
const SECRET = `GOCSPX-${"n".repeat(28)}`;
const OTHER_SECRET = `GOCSPX-${"o".repeat(28)}`;

interface Search {
  readonly provider?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly grant?: Partial<Grant>;
  readonly path?: string;
}

/** `id secret`, or why there is none. */
async function found({ provider = "gemini_cli", set = {}, grant, path = "" }: Search): Promise<string> {
  const variables = new Map(Object.entries(set).map(([name, value]) => [name, { value, origin: "test" }] as const));
  const client = await findClient({
    endpoints: oauthEndpoints(rowOf(provider), variables),
    path,
    ...(grant === undefined ? {} : { grant: grantOf({ accessToken: new Secret("at"), refreshToken: null, expiresAt: null, ...grant }) }),
  });
  return "missing" in client ? client.missing : `${client.id} ${client.secret?.reveal() ?? "-"}`;
}

/** A folder of its own for `use`: files by path, and links by path with their target. */
async function inFolder(
  { files = {}, links = {} }: { readonly files?: Readonly<Record<string, string>>; readonly links?: Readonly<Record<string, string>> },
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-client-"));
  const put = async (path: string, write: (place: string) => Promise<void>) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await write(join(folder, path));
  };
  try {
    for (const [path, text] of Object.entries(files)) await put(path, (place) => writeFile(place, text));
    for (const [path, target] of Object.entries(links)) await put(path, (place) => symlink(target, place));
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const script = (secret = SECRET) => `var OAUTH_CLIENT_ID = "${GEMINI_ID}";\n// why\nvar OAUTH_CLIENT_SECRET = "${secret}";\n`;

Deno.test("the environment's client comes first, then the grant's own, then the public id", async () => {
  const id = { GEMINI_CLI_CLIENT_ID: "env-id" };
  const secret = { GEMINI_CLI_CLIENT_SECRET: "env-secret" };
  const own = { clientId: "own-id", clientSecret: new Secret("own-secret") };
  assert.equal(await found({ set: { ...id, ...secret } }), "env-id env-secret");
  assert.equal(await found({ set: secret }), `${GEMINI_ID} env-secret`);
  assert.equal(await found({ grant: own }), "own-id own-secret");
  assert.equal(await found({ grant: { clientSecret: own.clientSecret } }), `${GEMINI_ID} own-secret`);
  assert.equal(await found({ set: { ...id, ...secret }, grant: { clientId: "own-id" } }), "env-id env-secret");
  assert.equal(await found({ set: secret, grant: { clientId: "own-id" } }), "own-id env-secret");
});

Deno.test("id and secret always belong together", async () => {
  const set = { GEMINI_CLI_CLIENT_ID: "env-id", GEMINI_CLI_CLIENT_SECRET: "env-secret" };
  const own = { clientId: "own-id", clientSecret: new Secret("own-secret") };
  // Tokens are good only for the client they were given to.
  assert.equal(await found({ set, grant: own }), "own-id own-secret");
  assert.equal(await found({ set: { GEMINI_CLI_CLIENT_SECRET: "env-secret" }, grant: own }), "own-id own-secret");
  // A secret that was replaced since the login is set for the same client.
  assert.equal(await found({ set, grant: { ...own, clientId: "env-id" } }), "env-id env-secret");
  assert.equal(await found({ set: { GEMINI_CLI_CLIENT_ID: "own-id" }, grant: own }), "own-id own-secret");
  assert.match(
    await found({ set: { GEMINI_CLI_CLIENT_ID: "env-id" }, grant: { clientSecret: new Secret("s") } }),
    /GEMINI_CLI_CLIENT_SECRET/,
  );
});

Deno.test("a public client has no secret", async () => {
  const id = rowOf("qwen_code").clientId;
  assert.equal(await found({ provider: "qwen_code" }), `${id} -`);
  assert.equal(await found({ provider: "qwen_code", set: { QWEN_CODE_CLIENT_ID: "env-id" } }), "env-id -");
  assert.equal(await found({ provider: "qwen_code", set: { QWEN_CODE_CLIENT_ID: "env-id" }, grant: { clientId: "own-id" } }), "own-id -");
});

Deno.test("without a secret it is said what to set, and what would bring it", async () => {
  assert.match(await found({}), /^The secret .* of Gemini CLI is not known: set GEMINI_CLI_CLIENT_SECRET, or install Gemini CLI .*along$/);
  assert.match(await found({ provider: "iflow" }), /set IFLOW_CLIENT_SECRET, or install iFlow CLI/);
  assert.equal(
    await found({ set: { GEMINI_CLI_CLIENT_ID: "env-id" } }),
    "GEMINI_CLI_CLIENT_ID is set, but not the secret that goes with it: set GEMINI_CLI_CLIENT_SECRET",
  );
  assert.match(
    await found({ grant: { clientId: "own-id" } }),
    /belongs to an OAuth client.*GEMINI_CLI_CLIENT_ID and GEMINI_CLI_CLIENT_SECRET/,
  );
});

const LAYOUTS: Readonly<Record<string, { readonly file: string; readonly command: string; readonly target?: string }>> = {
  "one bundle": {
    file: "lib/node_modules/@google/gemini-cli/bundle/gemini.js",
    command: "bin/gemini",
    target: "../lib/node_modules/@google/gemini-cli/bundle/gemini.js",
  },
  "a bundle in pieces": {
    file: "lib/node_modules/@google/gemini-cli/bundle/chunk-A.js",
    command: "bin/gemini",
    target: "../lib/node_modules/@google/gemini-cli/bundle/gemini.js",
  },
  "its core inside": {
    file: "lib/node_modules/@google/gemini-cli/node_modules/@google/gemini-cli-core/dist/src/code_assist/oauth2.js",
    command: "bin/gemini",
    target: "../lib/node_modules/@google/gemini-cli/dist/index.js",
  },
  "its core beside": {
    file: "lib/node_modules/@google/gemini-cli-core/dist/src/code_assist/oauth2.js",
    command: "bin/gemini",
    target: "../lib/node_modules/@google/gemini-cli/dist/index.js",
  },
  "a starter above": { file: "lib/node_modules/@google/gemini-cli/bundle/gemini.js", command: "bin/gemini" },
  "a starter in a cellar": { file: "libexec/lib/node_modules/@google/gemini-cli/bundle/gemini.js", command: "bin/gemini" },
  Windows: { file: "bin/node_modules/@google/gemini-cli/bundle/gemini.js", command: "bin/gemini.cmd" },
};

for (const [name, { file, command, target }] of Object.entries(LAYOUTS)) {
  Deno.test(`the secret is read from an installed tool: ${name}`, async () => {
    const packageFile = "lib/node_modules/@google/gemini-cli/";
    const files = {
      [`${packageFile}bundle/gemini.js`]: "import './chunk-A.js';",
      [`${packageFile}dist/index.js`]: "import 'core';",
      ...(target === undefined ? { [command]: "start it" } : {}),
      [file]: script(),
    };
    await inFolder({ files, links: target === undefined ? {} : { [command]: target } }, async (folder) => {
      const path = [join(folder, "nowhere"), "", join(folder, "bin")].join(delimiter);
      assert.equal(await found({ path }), `${GEMINI_ID} ${SECRET}`);
    });
  });
}

Deno.test("iFlow's secret is the literal closest to its client id", async () => {
  const id = rowOf("iflow").clientId;
  const text = `x="${"z".repeat(32)}";${" ".repeat(100)}clientId:"${id}",clientSecret:"${"y".repeat(32)}",other:"${"x".repeat(32)}"`;
  await inFolder({ files: { iflow: text } }, async (folder) => {
    assert.equal(await found({ provider: "iflow", path: folder }), `${id} ${"y".repeat(32)}`);
  });
});

Deno.test("a secret far from the client id, of another client, or without quotes is not taken", async () => {
  const texts = [
    `"${GEMINI_ID}"${" ".repeat(2_000)}"${SECRET}"`,
    `"some-other-client.apps.googleusercontent.com" "${SECRET}"`,
    `"${GEMINI_ID}" ${SECRET}`,
    `"${GEMINI_ID}" "GOCSPX-short"`,
    "",
  ];
  for (const gemini of texts) {
    await inFolder({ files: { gemini } }, async (folder) => {
      assert.match(await found({ path: folder }), /is not known/);
    });
  }
  const nearby = `"${OTHER_SECRET}"${" ".repeat(300)}${script()}"${OTHER_SECRET}"`;
  await inFolder({ files: { gemini: nearby } }, async (folder) => assert.equal(await found({ path: folder }), `${GEMINI_ID} ${SECRET}`));
});

Deno.test("the tool's secret is never used for another client", async () => {
  await inFolder({ files: { gemini: script() } }, async (path) => {
    assert.match(await found({ path, set: { GEMINI_CLI_CLIENT_ID: "env-id" } }), /set GEMINI_CLI_CLIENT_SECRET/);
    assert.match(await found({ path, grant: { clientId: "own-id" } }), /GEMINI_CLI_CLIENT_SECRET/);
    assert.equal(await found({ path, grant: { clientId: GEMINI_ID } }), `${GEMINI_ID} ${SECRET}`);
  });
});

Deno.test("what is too large, a folder, or one script too many is not read", async () => {
  await inFolder({ files: { gemini: script() } }, async (folder) => {
    await truncate(join(folder, "gemini"), 49 * 1024 * 1024);
    assert.match(await found({ path: folder }), /is not known/);
  });
  await inFolder({ files: { "gemini/x": "" } }, async (folder) => assert.match(await found({ path: folder }), /is not known/));
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`bundle/a${String(index).padStart(3, "0")}.js`, ""]));
  for (const [name, expected] of [["bundle/0.js", `${GEMINI_ID} ${SECRET}`], ["bundle/z.js", /is not known/]] as const) {
    await inFolder({ files: { gemini: "", ...many, [name]: script() } }, async (folder) => {
      const got = await found({ path: folder });
      if (typeof expected === "string") assert.equal(got, expected);
      else assert.match(got, expected);
    });
  }
});

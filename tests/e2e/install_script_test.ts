/**
 * `install.sh` against a release on 127.0.0.1, in each shell and with each downloader that this machine has. A small
 * script stands for the executable: what is tested is what is put in place, and when.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";
import { thisMachine } from "../../tasks/build/targets.ts";

const SCRIPT = resolve(import.meta.dirname ?? ".", "../../install.sh");
const NAME = `keyproxy-${thisMachine()}`;
const PROGRAM = '#!/bin/sh\necho "keyproxy 9.9.9 (feed123)"\n';
const LATEST = "/latest/download";
/** All that the script may call, but for a downloader. */
const TOOLS = [
  ...["sh", "uname", "sysctl", "find", "ls", "mktemp", "awk", "cut", "grep", "mkdir", "cp", "mv", "rm", "chmod", "cat"],
  ...["sha256sum", "shasum"],
];

/** What the release answers to a path; a number is how many bytes of the file come before the connection breaks. */
interface Release {
  readonly files: Readonly<Record<string, string>>;
  readonly cutAfter?: number;
}

interface World {
  readonly asked: readonly string[];
  readonly folder: string;
  readonly bin: string;
  /** Runs the script; `tools` is what stands on its PATH beside the shell's. */
  install(options?: {
    readonly env?: Readonly<Record<string, string>>;
    readonly args?: readonly string[];
    readonly shell?: string;
    readonly downloader?: string;
  }): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

function found(name: string): string | undefined {
  return (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const DOWNLOADERS = ["curl", "wget"].filter((name) => found(name) !== undefined);
const SHELLS = ["sh", "dash", "bash", "busybox"].filter((name) => found(name) !== undefined);

function sums(text: string, name = NAME): string {
  return `${"0".repeat(64)}  keyproxy-other\n${createHash("sha256").update(text).digest("hex")}  ${name}\n`;
}

const GOOD = { [`${LATEST}/SHA256SUMS`]: sums(PROGRAM), [`${LATEST}/${NAME}`]: PROGRAM };

async function withRelease({ files, cutAfter }: Release, work: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-install-"));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const text = files[path];
    if (text === undefined) return void response.writeHead(404).end("not found");
    response.writeHead(200, { "content-length": text.length });
    if (cutAfter === undefined || path.endsWith("SHA256SUMS")) return void response.end(text);
    response.write(text.slice(0, cutAfter), () => request.socket.destroy());
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const bin = join(folder, "home", ".local", "bin");
  await mkdir(join(folder, "home"));
  await mkdir(join(folder, "tmp"));
  try {
    await work({
      asked,
      folder,
      bin,
      async install({ env = {}, args = [], shell = "sh", downloader = DOWNLOADERS[0] ?? "" } = {}) {
        const tools = await mkdtemp(join(folder, "tools-"));
        for (const name of [...TOOLS, downloader]) {
          const path = found(name);
          if (path !== undefined) await symlink(path, join(tools, name));
        }
        const command = [...shell === "busybox" ? ["busybox", "sh"] : [shell], SCRIPT, ...args];
        return await ran(found(command[0] ?? "") ?? "", command.slice(1), {
          HOME: join(folder, "home"),
          TMPDIR: join(folder, "tmp"),
          PATH: `${join(folder, "first")}:${tools}`,
          SHELL: "/bin/bash",
          KEYPROXY_DOWNLOAD_BASE: base,
          ...env,
        });
      },
    });
    assert.deepEqual(await readdir(join(folder, "tmp")), [], "temporary files are removed");
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function ran(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number; out: string; err: string }>((done) => {
    const child = execFile(
      command,
      [...args],
      { env, timeout: 60_000 },
      (_error, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

/** One clear line and nothing in place. */
async function failed({ bin }: World, { code, err }: { readonly code: number; readonly err: string }, why: RegExp): Promise<void> {
  assert.equal(code, 1, err);
  assert.match(err, /^keyproxy is not installed: [^\n]+\n$/);
  assert.match(err, why);
  assert.deepEqual(await readdir(bin).catch(() => []), []);
}

Deno.test("this machine has something to download with and a shell", () => {
  assert.ok(DOWNLOADERS.length > 0, "install curl or wget");
  assert.ok(SHELLS.length > 0);
});

for (const shell of SHELLS) {
  for (const downloader of DOWNLOADERS) {
    Deno.test(`a right sum is installed and runs, in ${shell} with ${downloader}; once more replaces it`, () =>
      withRelease({ files: GOOD }, async (world) => {
        for (let time = 0; time < 2; time++) {
          const { code, out, err } = await world.install({ shell, downloader });
          assert.deepEqual([code, err], [0, ""]);
          assert.match(out, new RegExp(`keyproxy 9\\.9\\.9 \\(feed123\\) is installed: ${world.bin}/keyproxy\n`));
          assert.ok(out.includes(`echo 'export PATH="${world.bin}:$PATH"' >> ~/.bashrc`), out);
        }
        assert.deepEqual(await readdir(world.bin), ["keyproxy"]);
        assert.equal((await ran(join(world.bin, "keyproxy"), [], {})).out, "keyproxy 9.9.9 (feed123)\n");
      }));
  }
}

for (const downloader of DOWNLOADERS) {
  Deno.test(`a wrong sum, a missing file and a cut download put nothing in place, with ${downloader}`, async () => {
    await withRelease({ files: { ...GOOD, [`${LATEST}/SHA256SUMS`]: sums("another") } }, async (world) => {
      await failed(world, await world.install({ downloader }), /damaged or not genuine: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}/);
    });
    await withRelease({ files: { [`${LATEST}/SHA256SUMS`]: sums(PROGRAM) } }, async (world) => {
      await failed(world, await world.install({ downloader }), new RegExp(`cannot download http\\S+/latest/download/${NAME}`));
    });
    await withRelease({ files: GOOD, cutAfter: 10 }, async (world) => {
      await failed(world, await world.install({ downloader }), /cannot download/);
    });
    await withRelease({ files: {} }, async (world) => {
      await failed(world, await world.install({ downloader }), /cannot download \S+\/SHA256SUMS/);
    });
  });
}

Deno.test("a download that fails leaves the installed executable as it was", () =>
  withRelease({ files: { ...GOOD, [`${LATEST}/SHA256SUMS`]: sums("another") } }, async (world) => {
    await mkdir(world.bin, { recursive: true });
    await writeFile(join(world.bin, "keyproxy"), "the old one");
    assert.equal((await world.install()).code, 1);
    assert.equal(await readFile(join(world.bin, "keyproxy"), "utf8"), "the old one");
  }));

Deno.test("sums without this machine's executable, and an executable that does not run, put nothing in place", async () => {
  await withRelease({ files: { ...GOOD, [`${LATEST}/SHA256SUMS`]: sums(PROGRAM, "keyproxy-other-x64") } }, async (world) => {
    await failed(world, await world.install(), new RegExp(`SHA256SUMS has no line for ${NAME}`));
  });
  const broken = "#!/bin/sh\necho no such library >&2\nexit 127\n";
  await withRelease({ files: { [`${LATEST}/SHA256SUMS`]: sums(broken), [`${LATEST}/${NAME}`]: broken } }, async (world) => {
    await failed(world, await world.install(), /does not run on this machine \(no such library\)/);
  });
});

Deno.test("a machine without an executable is told so before anything is asked for", () =>
  withRelease({ files: GOOD }, async (world) => {
    await mkdir(join(world.folder, "first"));
    const uname = join(world.folder, "first", "uname");
    for (
      const [system, machine, why] of [["Linux", "riscv64", /processor riscv64/], ["Haiku", "x86_64", /executable for Haiku/]] as const
    ) {
      await writeFile(uname, `#!/bin/sh\n[ "$1" = -s ] && echo ${system} || echo ${machine}\n`);
      await chmod(uname, 0o755);
      await failed(world, await world.install(), why);
    }
    assert.deepEqual(world.asked, []);
  }));

Deno.test("version and folder can be chosen; wrong ones are one clear line", () =>
  withRelease({ files: { "/download/v1.2.3/SHA256SUMS": sums(PROGRAM), [`/download/v1.2.3/${NAME}`]: PROGRAM } }, async (world) => {
    const folder = join(world.folder, "a folder");
    const chosen = await world.install({ env: { KEYPROXY_VERSION: "v1.2.3", KEYPROXY_INSTALL_DIR: folder } });
    assert.deepEqual([chosen.code, await readdir(folder)], [0, ["keyproxy"]], chosen.err);
    const twisted = await world.install({ env: { KEYPROXY_VERSION: "../../x" } });
    assert.deepEqual([twisted.code, /is not a version/.test(twisted.err)], [2, true]);
    await writeFile(join(world.folder, "file"), "");
    const below = await world.install({ env: { KEYPROXY_VERSION: "1.2.3", KEYPROXY_INSTALL_DIR: join(world.folder, "file", "bin") } });
    await failed(world, below, /cannot make the folder/);
  }));

Deno.test("help is 0, an unknown option is 2, and a copy from the source says that it has no address", () =>
  withRelease({ files: GOOD }, async (world) => {
    const help = await world.install({ args: ["--help"] });
    assert.deepEqual([help.code, /KEYPROXY_INSTALL_DIR/.test(help.out)], [0, true]);
    assert.equal((await world.install({ args: ["--nothing"] })).code, 2);
    await failed(world, await world.install({ env: { KEYPROXY_DOWNLOAD_BASE: "" } }), /set KEYPROXY_DOWNLOAD_BASE/);
    assert.deepEqual(world.asked, []);
  }));

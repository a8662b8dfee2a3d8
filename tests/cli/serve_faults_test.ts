/** `serve` that cannot: one line with what to do, exit code 2, and nothing is overwritten. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { runProgram, startProgram } from "../support/process.ts";
import { inFolder } from "../support/folder.ts";

const HERE = ["--host", "127.0.0.1"];

Deno.test("a port in use, an address of another machine and a name nobody knows are told with their remedy", () =>
  inFolder(async (folder) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const at = server.address();
    const port = String(typeof at === "object" && at !== null ? at.port : 0);
    const env = { PROXY_API_KEY: "kp-of-a-test-0123456789" };
    for (
      const [args, said] of [
        [["serve", ...HERE, "--port", port], /^Cannot listen on 127\.0\.0\.1:\d+: the port is in use; choose another with --port, .*\n$/],
        [
          ["serve", "--host", "192.0.2.1", "--port", "0"],
          /^Cannot listen on 192\.0\.2\.1:0: this machine has no such address; .*--host.*\n$/,
        ],
        [
          ["serve", "--host", "nowhere.invalid", "--port", "0"],
          /^Cannot listen on nowhere\.invalid:0: the name cannot be resolved; .*--host.*\n$/,
        ],
      ] as const
    ) {
      const ran = await runProgram(args, { cwd: folder, env });
      assert.equal(ran.code, 2);
      assert.match(ran.output, said);
    }
    server.close();
    await once(server, "close");
  }));

Deno.test("a data directory that is a file, or that cannot be made, is told before anything is written", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    await writeFile(file, "mine");
    const isFile = await runProgram(["serve", ...HERE, "--port", "0", "--data-dir", "file"], { cwd: folder });
    assert.equal(isFile.code, 2);
    assert.match(
      isFile.output,
      /^Cannot keep data in .*file: it is a file, not a directory; name another directory with --data-dir or .*\n$/,
    );
    const below = await runProgram(["serve", ...HERE, "--port", "0", "--data-dir", "file/below"], { cwd: folder });
    assert.equal(below.code, 2);
    assert.match(below.output, /it is not there and cannot be made \(ENOTDIR\); name another directory/);
    assert.deepEqual([await readFile(file, "utf8"), await readdir(folder)], ["mine", ["file"]]);
  }));

Deno.test("a wrong value or flag is one line that names it", () =>
  inFolder(async (folder) => {
    for (
      const [args, said] of [
        [["serve", "--port", "99999"], /--port="99999": expected a whole number from 0 to 65535/],
        [["serve", "--prot", "1"], /^Unknown option '--prot'\. Did you mean --port\? keyproxy serve --help lists what there is\n$/],
        [["--hots", "127.0.0.1", "--port", "1"], /^Unknown option '--hots'\. Did you mean --host\?/],
        [["serve", "--env-file", "nowhere.env"], /nowhere\.env: expected a file that can be read/],
        [["srve"], /^Unknown command 'srve'\. Did you mean serve\?/],
        [["help", "srve"], /^Unknown command 'srve'\. Did you mean serve\?/],
        [["help", "creds", "ad"], /^Unknown command 'ad'\. Did you mean add\?/],
      ] as const
    ) {
      const ran = await runProgram(args, { cwd: folder });
      assert.equal(ran.code, 2);
      assert.match(ran.output, said);
    }
    assert.deepEqual(await readdir(folder), []);
  }));

Deno.test("the form without a command serves, in any order and with =, and a reader that leaves does not end it", () =>
  inFolder(async (folder) => {
    const program = startProgram(["--enable-request-logging", "--port=0", "--host=127.0.0.1"], { cwd: folder });
    const [, url] = await program.prints(/keyproxy listens on (\S+)\/v1/);
    program.child.stdout?.destroy();
    program.child.stderr?.destroy();
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
  }));

Deno.test("--add-credential opens the credential screen", () =>
  inFolder(async (folder) => {
    const ran = await runProgram(["--add-credential"], { cwd: folder });
    const same = await runProgram(["creds", "add"], { cwd: folder });
    assert.deepEqual([ran.code, ran.output], [same.code, same.output]);
    assert.match(ran.output, /provider/i);
  }));

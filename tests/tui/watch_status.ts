/** `keyproxy status --watch --url <address>` as a program: the address is its only argument. */
import process from "node:process";
import { watchStatus } from "../../src/cli/dashboard.ts";

process.exit(await watchStatus({ url: process.argv[2] }));

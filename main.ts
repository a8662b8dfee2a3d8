/** argv → command → exit code. Nothing else. */
import process from "node:process";
import { runProgram } from "./src/cli/program.ts";

process.exit(await runProgram(process.argv.slice(2)));

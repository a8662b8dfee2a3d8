/**
 * Answers that were recorded at real providers, read by every decoder they concern and written in every dialect. They
 * are not part of this project: `RECORDED_DIR=<folder> deno task recorded` names a folder, in which or in whose folders
 * there are whole answers (`*.json`), streams (`*.chunks.txt`, one event's JSON a line) and cassettes (`*.yaml`).
 */
import { asObject, isObject, parseJson } from "../../src/kernel/json.ts";
import { checkStream, checkWhole, codecOf } from "./reading.ts";
import { recordedFiles } from "./files.ts";

for (const { name, text } of recordedFiles(".json")) {
  const body = asObject(parseJson(text)) ?? {};
  const codec = codecOf(body);
  if (codec !== undefined) Deno.test(`recorded answer ${name}`, () => void checkWhole(codec, body));
}

for (const { name, text } of recordedFiles(".chunks.txt")) {
  const bodies = text.split("\n").map((line) => parseJson(line.replace(/^data: /, ""))).filter(isObject);
  const codec = bodies.map(codecOf).find((it) => it !== undefined);
  if (codec !== undefined) Deno.test(`recorded stream ${name}`, () => void checkStream(codec, bodies));
}

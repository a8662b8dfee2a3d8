/** What is wrong with a body, told by its field: checked against a schema, or noted while it is read. Only the first wrong field is told. */
import type { z } from "zod";
import { type Failure, failure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";

/** Checks a body against a schema; the failure names the first field that is wrong. */
export function checkBody(schema: z.ZodType, body: JsonObject): Failure | undefined {
  const checked = schema.safeParse(body);
  if (checked.success) return undefined;
  const issue = checked.error.issues[0];
  const path = issue === undefined ? "" : fieldPath(issue.path);
  return invalidField(path, issue?.message ?? "is not valid");
}

/** A 400 that names the field. */
export function invalidField(param: string, message: string): Failure {
  const subject = param === "" ? "Invalid request body" : `Invalid request field "${param}"`;
  return failure({
    scope: "request",
    kind: "invalid_request",
    status: 400,
    message: `${subject}: ${message}`,
    ...(param === "" ? {} : { param }),
    code: "invalid_request",
  });
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.map((part, index) => typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`).join("");
}

export class Problems {
  #first: Failure | undefined;

  /** The first problem, as a 400 that names its field. */
  get first(): Failure | undefined {
    return this.#first;
  }

  /** Notes that `field` is wrong; `wanted` says what was expected. */
  note(field: string, wanted: string): undefined {
    this.#first ??= invalidField(field, wanted);
    return undefined;
  }
}

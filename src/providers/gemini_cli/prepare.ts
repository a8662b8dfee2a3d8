/** A chat request on its way to Code Assist: crossed into Gemini's format, wrapped in the envelope, always streamed. */
import { type Failure, failure } from "../../kernel/failure.ts";
import type { Prepared, PrepareInput } from "../adapter.ts";

/** The call, or why the request cannot be carried over. */
export function prepareGeminiCli({ row }: PrepareInput): Prepared | Failure {
  return failure({ scope: "gateway", kind: "internal", status: 500, message: `Provider "${row.id}" cannot be called yet` });
}

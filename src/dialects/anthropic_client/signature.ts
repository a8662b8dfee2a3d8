/** The signature of thoughts that nobody signed: clients want one, and it must be known again when it comes back. */

/** Base64 of "unsigned by keyproxy", so that it looks like a signature and is none of anybody. */
export const UNSIGNED = "dW5zaWduZWQgYnkga2V5cHJveHk=";

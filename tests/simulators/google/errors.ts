/**
 * Errors in the forms of Google's APIs, with the words and details the real service sends. Pure: the same
 * fields always give the same bytes.
 */
import { Buffer } from "node:buffer";
import type { Json, JsonObject } from "../../../src/kernel/json.ts";
import { jsonReply, type Reply, type ReplyHeaders } from "../reply.ts";

/** Canonical names by HTTP status. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  412: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
export const CODE_ASSIST_DOMAIN = "cloudcode-pa.googleapis.com";
const COMPANION_DOMAIN = "cloudaicompanion.googleapis.com";

/**
 * How the error's JSON travels: as it is, as the only element of an array, as a string inside another error's
 * message (once or twice), or spoilt the way bodies from this service have been seen to be.
 */
export type ErrorForm =
  | "plain"
  | "array"
  | "stringified"
  | "stringified_twice"
  | "corrupt_commas"
  | "corrupt_domain"
  | "corrupt_key"
  | "corrupt_nbsp"
  | "corrupt_newline";

export interface GoogleErrorFields {
  readonly status: number;
  readonly message: string;
  /** Canonical name; by default what belongs to the status. */
  readonly name?: string;
  readonly details?: readonly JsonObject[];
  readonly headers?: ReplyHeaders;
  readonly form?: ErrorForm;
}

/** The error object, as it also stands in an event of a stream. */
export function googleErrorBody(fields: GoogleErrorFields): JsonObject {
  const { status, message, details } = fields;
  return {
    error: {
      code: status,
      message,
      status: fields.name ?? STATUS_NAMES[status] ?? "UNKNOWN",
      ...(details === undefined || details.length === 0 ? {} : { details }),
    },
  };
}

/** An error answer. */
export function googleError(fields: GoogleErrorFields): Reply {
  const body = googleErrorBody(fields);
  return {
    status: fields.status,
    headers: { "content-type": "application/json; charset=UTF-8", ...fields.headers },
    pieces: [Buffer.from(inForm(body, fields.form ?? "plain"))],
    form: "whole",
  };
}

function inForm(body: JsonObject, form: ErrorForm): string {
  const text = JSON.stringify(body, null, 2);
  switch (form) {
    case "plain":
      return text;
    case "array":
      return JSON.stringify([body]);
    case "stringified":
      return JSON.stringify(around(body, text));
    case "stringified_twice":
      return JSON.stringify(around(body, JSON.stringify(around(body, text))));
    case "corrupt_commas":
      return text.replace(/,\n(\s*)"status"/, ',\n$1,\n$1"status"');
    case "corrupt_domain":
      return text.replaceAll(`"domain": "${CODE_ASSIST_DOMAIN}"`, `"domain": "cloudcode-pa.googleapis.com,"`);
    case "corrupt_key":
      return text.replaceAll('"@type"', '" @type "');
    case "corrupt_nbsp":
      return text.replace('"details":', '\u00a0"details":');
    case "corrupt_newline":
      return text.replace(/("message": "[^" ]+) /, "$1\n");
  }
}

function around(body: JsonObject, message: string): JsonObject {
  const inner = body.error;
  return { error: { ...(typeof inner === "object" && inner !== null && !Array.isArray(inner) ? inner : {}), message, details: [] } };
}

/** `google.rpc.ErrorInfo`. */
export function errorInfo(reason: string, metadata: JsonObject = {}, domain: string = CODE_ASSIST_DOMAIN): JsonObject {
  return { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain, metadata };
}

/** 400 with a `BadRequest` detail when a field is to blame. */
export function invalidArgument(message: string, field?: string): Reply {
  const detail = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [{ ...(field ? { field } : {}), description: message }],
  };
  return googleError({ status: 400, message, details: field === undefined ? [] : [detail] });
}

/** 401 for no token, a foreign one or one that has ended. */
export function unauthenticated(
  reason: "CREDENTIALS_MISSING" | "ACCESS_TOKEN_EXPIRED" | "ACCESS_TOKEN_TYPE_UNSUPPORTED",
  method: string,
): Reply {
  const message = reason === "CREDENTIALS_MISSING"
    ? "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    : "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
  const metadata = { service: CODE_ASSIST_DOMAIN, method: `google.internal.cloud.code.v1internal.${method}` };
  return googleError({ status: 401, message, details: [errorInfo(reason, metadata, "googleapis.com")] });
}

/** 403: this project is not one the account may use. */
export function projectDenied(project: string): Reply {
  const resource = `projects/${project}/locations/global`;
  return googleError({
    status: 403,
    message:
      `Permission 'cloudaicompanion.companions.generateChat' denied on resource '//${COMPANION_DOMAIN}/${resource}' (or it may not exist).`,
    details: [errorInfo("IAM_PERMISSION_DENIED", { permission: "cloudaicompanion.companions.generateChat", resource }, COMPANION_DOMAIN)],
  });
}

/** 403 until a person has confirmed the account at `url`. */
export function validationRequired(url: string): Reply {
  const links = [
    { description: "Verify your account", url },
    { description: "Learn more", url: "https://support.google.com/accounts?p=al_alert" },
  ];
  return googleError({
    status: 403,
    message: "Verify your account to continue.",
    details: [
      errorInfo("VALIDATION_REQUIRED", { validation_link: url }),
      { "@type": "type.googleapis.com/google.rpc.Help", links },
    ],
  });
}

/** 403: the project has no licence. */
export function subscriptionRequired(): Reply {
  return googleError({
    status: 403,
    message: "Gemini Code Assist license is required to use this feature.",
    details: [errorInfo("SUBSCRIPTION_REQUIRED", {}, COMPANION_DOMAIN)],
  });
}

/** 403: the account is not one this service is for. */
export function notEligible(reason: string, message: string): Reply {
  return googleError({ status: 403, message, details: [errorInfo(reason)] });
}

/** 403 of VPC Service Controls. */
export function securityPolicyViolated(): Reply {
  return googleError({
    status: 403,
    message: "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: sim-vpcsc",
    details: [errorInfo("SECURITY_POLICY_VIOLATED", { uid: "sim-vpcsc", service: CODE_ASSIST_DOMAIN }, "googleapis.com")],
  });
}

/** 404: no such model, or not for this account. */
export function modelNotFound(): Reply {
  return googleError({ status: 404, message: "Requested entity was not found." });
}

/** The answer of a path nobody serves. */
export function notFound(path: string): Reply {
  return jsonReply(404, { error: { code: 404, message: `No simulated endpoint at ${path}`, status: "NOT_FOUND" } satisfies Json });
}

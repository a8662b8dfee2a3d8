/**
 * The gate of the simulated Code Assist: who calls is checked before what is called, and what is called
 * before what it means, as the real service does it.
 */
import type { Asked } from "../oauth/asked.ts";
import type { Reply } from "../reply.ts";
import type { AccountState } from "./accounts.ts";
import { isRefusing } from "./effects.ts";
import { invalidArgument, notFound, unauthenticated } from "./errors.ts";
import { countTokens, generateContent, refusalOf, streamGenerateContent } from "./generate.ts";
import { listProjects, loadCodeAssist, onboardUser, operation, retrieveUserQuota } from "./setup.ts";
import { accountOf, effectOf, type GoogleState } from "./state.ts";
import { fieldMistakeIn } from "./strict_fields.ts";

/** Any call of the API. */
export function codeAssist(state: GoogleState, asked: Asked): Reply {
  const account = authenticated(state, asked);
  if ("pieces" in account) return account;
  if (state.strictness === "strict" && asked.method === "POST") {
    if (asked.headers["content-type"]?.startsWith("application/json") !== true) {
      return invalidArgument('Invalid content type: expected "application/json".');
    }
    const mistake = fieldMistakeIn(asked.endpoint, asked.body);
    if (mistake !== undefined) return invalidArgument(mistake.message, mistake.field);
  }
  switch (asked.endpoint) {
    case "generateContent":
      return generateContent(state, account, asked);
    case "streamGenerateContent":
      return streamGenerateContent(state, account, asked);
    case "countTokens":
      return countTokens(state, account, asked);
    default:
      return setUp(state, account, asked);
  }
}

function setUp(state: GoogleState, account: AccountState, asked: Asked): Reply {
  const effect = state.faults.take(asked, isRefusing);
  if (effect !== undefined) return refusalOf(effect, account, asked.model ?? "");
  switch (asked.endpoint) {
    case "loadCodeAssist":
      return loadCodeAssist(account, asked);
    case "onboardUser":
      return onboardUser(state, account, asked);
    case "operation":
      return operation(state, account, asked);
    case "retrieveUserQuota":
      return retrieveUserQuota(state, account, asked);
    case "projects":
      return listProjects(account);
    default:
      return notFound(asked.path);
  }
}

function authenticated(state: GoogleState, asked: Asked): AccountState | Reply {
  const { bearer, account } = asked;
  const method = methodName(asked.endpoint);
  if (bearer === undefined) return unauthenticated("CREDENTIALS_MISSING", method);
  const effect = effectOf(state, asked, "expired_token", "revoked");
  if (effect?.kind === "expired_token") state.families.expire(bearer);
  if (effect?.kind === "revoked") state.families.revokeToken(bearer);
  const access = state.families.access(bearer);
  if (access.kind === "unknown" || account === undefined) return unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED", method);
  return access.kind === "good" ? accountOf(state, account) : unauthenticated("ACCESS_TOKEN_EXPIRED", method);
}

/** As an error names the method. */
function methodName(endpoint: string): string {
  const isPrediction = /Content$|^countTokens$/.test(endpoint);
  return `${isPrediction ? "PredictionService" : "CloudCode"}.${endpoint.slice(0, 1).toUpperCase()}${endpoint.slice(1)}`;
}

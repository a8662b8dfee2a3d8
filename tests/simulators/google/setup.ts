/**
 * loadCodeAssist, onboardUser and its operation, quota and projects: which tier and which project an account
 * has. Onboarding is idempotent: asking again tells of the same operation.
 */
import { asObject, asString, type JsonObject } from "../../../src/kernel/json.ts";
import type { Asked } from "../oauth/asked.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { type AccountState, finishOnboarding, isManaged, mayUse, type Operation, quotaBucket } from "./accounts.ts";
import { googleError, invalidArgument, notFound, projectDenied, securityPolicyViolated } from "./errors.ts";
import { GOOGLE_MODELS } from "./models.ts";
import { effectOf, type GoogleState } from "./state.ts";

const FREE_TIER = {
  id: "free-tier",
  name: "Gemini Code Assist for individuals",
  description: "Gemini-powered code suggestions and chat in multiple IDEs",
  privacyNotice: { showNotice: true },
};
const STANDARD_TIER = {
  id: "standard-tier",
  name: "Gemini Code Assist",
  description: "Unlimited coding assistant with the most powerful Gemini models",
  userDefinedCloudaicompanionProject: true,
};
const PAID_TIER = {
  id: "g1-pro-tier",
  name: "Google One AI Pro",
  availableCredits: [{ creditType: "GOOGLE_ONE_AI", creditAmount: "1000" }],
};
/** What the free tier says since this client was ended there. */
export const UNSUPPORTED_CLIENT_MESSAGE =
  "This client is no longer supported for Gemini Code Assist for individuals. To continue using Gemini, please migrate to the Antigravity suite of products: https://antigravity.google";

/** `POST /v1internal:loadCodeAssist`. */
export function loadCodeAssist(account: AccountState, asked: Asked): Reply {
  if (account.standing === "vpcsc") return securityPolicyViolated();
  const project = asString(asObject(asked.body)?.cloudaicompanionProject);
  if (project !== undefined && !mayUse(account, project)) return projectDenied(project);
  return jsonReply(200, loadAnswer(account, project));
}

function loadAnswer(account: AccountState, project: string | undefined): JsonObject {
  if (account.isOnboarded) return { ...tiersOf(account), ...projectField(account, project) };
  const allowedTiers = isManaged(account.standing)
    ? [{ ...FREE_TIER, isDefault: true }, STANDARD_TIER]
    : [{ ...STANDARD_TIER, isDefault: true }];
  const ineligible = ineligibleTier(account);
  return { allowedTiers, ...(ineligible === undefined ? {} : { ineligibleTiers: [ineligible] }) };
}

function tiersOf(account: AccountState): JsonObject {
  const free = { currentTier: FREE_TIER, allowedTiers: [{ ...FREE_TIER, isDefault: true }, STANDARD_TIER] };
  if (account.standing === "free") return free;
  if (account.standing === "paid") return { ...free, paidTier: PAID_TIER };
  return { currentTier: STANDARD_TIER, allowedTiers: [{ ...STANDARD_TIER, isDefault: true }] };
}

function projectField(account: AccountState, project: string | undefined): JsonObject {
  const known = account.managedProject ?? (account.standing === "no_project" ? undefined : project);
  return known === undefined ? {} : { cloudaicompanionProject: known };
}

function ineligibleTier(account: AccountState): JsonObject | undefined {
  const tier = { tierId: FREE_TIER.id, tierName: FREE_TIER.name };
  const { standing } = account;
  if (standing.startsWith("ineligible:")) {
    return { ...tier, reasonCode: standing.slice("ineligible:".length), reasonMessage: "Your current account is not eligible." };
  }
  switch (standing) {
    case "unsupported_client":
      return { ...tier, reasonCode: "UNSUPPORTED_CLIENT", reasonMessage: UNSUPPORTED_CLIENT_MESSAGE };
    case "dasher":
      return { ...tier, reasonCode: "DASHER_USER", reasonMessage: "Workspace accounts cannot use the tier for individuals." };
    case "validation_required":
      return {
        ...tier,
        reasonCode: "VALIDATION_REQUIRED",
        reasonMessage: "Verify your account to continue.",
        validationErrorMessage: "Verify your account to continue.",
        validationUrl: account.validationUrl,
        validationUrlLinkText: "Verify your account",
        validationLearnMoreUrl: "https://support.google.com/accounts?p=al_alert",
        validationLearnMoreLinkText: "Learn more",
      };
    default:
      return undefined;
  }
}

/** `POST /v1internal:onboardUser`. */
export function onboardUser(state: GoogleState, account: AccountState, asked: Asked): Reply {
  const body = asObject(asked.body) ?? {};
  const tierId = asString(body.tierId);
  if (tierId === undefined) return invalidArgument("tier_id is required.", "tier_id");
  const metadata = asObject(body.metadata) ?? {};
  if (tierId === FREE_TIER.id && ("cloudaicompanionProject" in body || "duetProject" in metadata)) {
    return googleError({ status: 412, message: "Precondition Failed" });
  }
  const project = asString(body.cloudaicompanionProject) ?? null;
  if (project !== null && !mayUse(account, project)) return projectDenied(project);
  const effect = effectOf(state, asked, "onboarding");
  account.operation ??= {
    name: `operations/${state.tokens.hex(`operation:${account.email}`, 24)}`,
    tierId,
    project,
    pollsLeft: effect?.polls ?? account.seed.onboardingPolls ?? 0,
    error: effect?.error ?? account.seed.onboardingError,
  };
  return pollOperation(state, account);
}

/** `GET /v1internal/operations/…`: one poll less to go. */
export function operation(state: GoogleState, account: AccountState, asked: Asked): Reply {
  const name = asked.path.replace("/v1internal/", "");
  return account.operation?.name === name ? pollOperation(state, account) : notFound(asked.path);
}

function pollOperation(state: GoogleState, account: AccountState): Reply {
  const pending = account.operation;
  if (pending === null) return notFound("operations");
  const { name } = pending;
  if (pending.pollsLeft > 0) {
    pending.pollsLeft--;
    return jsonReply(200, { name });
  }
  if (pending.error !== undefined) {
    account.operation = null;
    return jsonReply(200, { name, done: true, error: { ...pending.error } });
  }
  if (mayOnboard(account, pending)) finishOnboarding(account, state.tokens);
  const project = isManaged(account.standing) ? account.managedProject : pending.project;
  const response = {
    "@type": "type.googleapis.com/google.internal.cloud.code.v1internal.OnboardUserResponse",
    ...(project === null ? {} : { cloudaicompanionProject: { id: project, name: project, projectNumber: account.id.slice(0, 12) } }),
  };
  return jsonReply(200, { name, done: true, response });
}

/** Whether the account has a tier from now on: without a project only those have one for whom Google makes it. */
function mayOnboard(account: AccountState, { tierId, project }: Operation): boolean {
  if (isManaged(account.standing)) return tierId === FREE_TIER.id;
  return project !== null && !/^(ineligible:|unsupported_client|validation_required)/.test(account.standing);
}

/** `POST /v1internal:retrieveUserQuota`. */
export function retrieveUserQuota(state: GoogleState, account: AccountState, asked: Asked): Reply {
  const project = asString(asObject(asked.body)?.project);
  if (project !== undefined && !mayUse(account, project)) return projectDenied(project);
  const models = GOOGLE_MODELS.filter(({ family }) => family === "gemini-2" || family === "gemini-3");
  return jsonReply(200, { buckets: models.map((model) => quotaBucket(account, model, state.clock.now())) });
}

/** `GET /v1/projects`: the account's own projects, as the resource manager lists them. */
export function listProjects(account: AccountState): Reply {
  const all = [...(account.managedProject === null ? [] : [account.managedProject]), ...account.projects];
  const projects = all.map((projectId, index) => ({
    projectId,
    projectNumber: `${account.id.slice(0, 11)}${index}`,
    name: projectId,
    lifecycleState: "ACTIVE",
  }));
  return jsonReply(200, { projects });
}

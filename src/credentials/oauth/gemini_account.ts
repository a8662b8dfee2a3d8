/**
 * What a Gemini CLI login needs beyond tokens: who logged in, and the Cloud project that Code Assist is called
 * for. A project that came with the grant is never replaced; an account without a tier is given one first.
 */
import { asArray, asObject, asString, type Json, type JsonObject } from "../../kernel/json.ts";
import { NAME, VERSION } from "../../kernel/version.ts";
import type { Grant } from "../grant.ts";
import { pause } from "../../kernel/pause.ts";
import { type EndpointAnswer, endpointFetch, Refused } from "./endpoint_call.ts";
import { type Completion, type OAuthCall, type Refusal, refusal, type RefusalKind } from "./flow.ts";

const DEFAULT_BASE = "https://cloudcode-pa.googleapis.com/v1internal";
const POLL_MS = 5_000;
const POLL_LIMIT_MS = 300_000;
const RECHECK_MS = 24 * 3_600_000;
const QUOTED_CHARS = 300;

const FREE_TIER = "free-tier";
const STANDARD_TIER = "standard-tier";
/** What Google falls back to when it names no default. */
const LEGACY_TIER = "legacy-tier";

/** Finds the project and the tier. A grant that has a project is asked about again once a day. */
export const GEMINI_COMPLETION: Completion = {
  isComplete: (grant) => grant.projectId !== null && !isProjectNumber(grant.projectId),
  async complete(before, call, after) {
    const grant = before.account === null ? { ...before, account: await emailOf(before, call) } : before;
    if (GEMINI_COMPLETION.isComplete(grant) && !needsRecheck(grant, call.clock.now())) {
      return grant.account === before.account ? before : grant;
    }
    try {
      return await withProject({ grant, call, after });
    } catch (error) {
      if (error instanceof Refused) return softened(error.refusal, grant);
      throw error;
    }
  },
};

/** True when project and tier were asked for more than a day ago, or never. `now` is epoch ms. */
export function needsRecheck(grant: Grant, now: number): boolean {
  return grant.checkedAt === null || now - grant.checkedAt >= RECHECK_MS;
}

interface Asking {
  readonly grant: Grant;
  readonly call: OAuthCall;
  readonly after: Parameters<Completion["complete"]>[2];
}

async function withProject(asking: Asking): Promise<Grant> {
  const { grant, call } = asking;
  const variable = projectVariable(call);
  if (grant.projectId !== null && isProjectNumber(grant.projectId)) {
    const reason = `"${grant.projectId}" is the number of a Cloud project, and its id is wanted (letters and dashes): check ${variable}`;
    throw new Refused(refusal({ kind: "misconfigured", reason }));
  }
  const account = await loadCodeAssist(asking);
  const tried = [`${variable} (not set)`, `loadCodeAssist (${account.hasTier ? `tier ${account.tier}, no project` : "no tier"})`];
  let { tier, project } = account;
  if (!account.hasTier) {
    refuseHopeless(account, asking);
    const made = await onboard(account.defaultTier, asking);
    tier = account.paidTier ?? account.defaultTier;
    project = made;
    tried.push(`onboardUser (tier ${account.defaultTier}, no project)`);
  }
  const projectId = grant.projectId ?? project;
  if (projectId === undefined) throw new Refused(noProject({ account, tried, variable }));
  return { ...grant, projectId, tier, checkedAt: call.clock.now() };
}

interface Ineligible {
  readonly code: string;
  readonly message: string;
  readonly url: string | undefined;
}

/** What loadCodeAssist says of an account. */
interface Account {
  readonly hasTier: boolean;
  /** The one that counts: paid before current. */
  readonly tier: string;
  readonly paidTier: string | undefined;
  /** The tier to be onboarded to. */
  readonly defaultTier: string;
  readonly project: string | undefined;
  readonly ineligible: readonly Ineligible[];
}

async function loadCodeAssist(asking: Asking): Promise<Account> {
  const project = asking.grant.projectId ?? undefined;
  const answer = await ask(asking, ":loadCodeAssist", { ...projectField(project), metadata: metadataOf(project) });
  if (answer.status < 300) return readAccount(answer.body);
  // VPC Service Controls forbid this method and no other: such organisations have a standard licence.
  if (reasonsOf(answer.body).includes("SECURITY_POLICY_VIOLATED")) return readAccount({ currentTier: { id: STANDARD_TIER } });
  throw new Refused(refusalOf(answer, { asking, method: "loadCodeAssist" }));
}

function readAccount(body: JsonObject): Account {
  const current = asObject(body.currentTier);
  const paidTier = filled(asObject(body.paidTier)?.id);
  const allowed = asArray(body.allowedTiers).map(asObject);
  return {
    hasTier: current !== undefined,
    tier: paidTier ?? filled(current?.id) ?? STANDARD_TIER,
    paidTier,
    defaultTier: filled(allowed.find((tier) => tier?.isDefault === true)?.id) ?? LEGACY_TIER,
    project: projectIn(body.cloudaicompanionProject),
    ineligible: asArray(body.ineligibleTiers).map(asObject).filter((tier) => tier !== undefined).map((tier) => ({
      code: filled(tier.reasonCode) ?? "UNKNOWN",
      message: quoted(filled(tier.reasonMessage) ?? filled(tier.validationErrorMessage) ?? ""),
      url: filled(tier.validationUrl),
    })),
  };
}

/** Ends the search where no project would help. */
function refuseHopeless({ ineligible, defaultTier }: Account, { grant, call }: Asking): void {
  const unconfirmed = ineligible.find(({ code, url }) => code === "VALIDATION_REQUIRED" && url !== undefined);
  if (unconfirmed?.url !== undefined) throw new Refused(confirmFirst(unconfirmed.url));
  const ended = ineligible.find(({ code }) => code === "UNSUPPORTED_CLIENT");
  if (ended === undefined) return;
  // A licence survives the end of the free tier; whoever names a project before the first look may have one.
  const mayBeLicensed = grant.projectId !== null && grant.checkedAt === null && defaultTier !== FREE_TIER;
  if (!mayBeLicensed) throw new Refused(withdrawn(ended.message, call));
}

/** Gives the account its tier. The result is the project Google made or took for it; undefined when it names none. */
async function onboard(tier: string, asking: Asking): Promise<string | undefined> {
  const { clock } = asking.call;
  // The free tier refuses every request that so much as mentions a project.
  const project = tier === FREE_TIER ? undefined : asking.grant.projectId ?? undefined;
  const body = { tierId: tier, ...projectField(project), metadata: metadataOf(project) };
  let operation = granted(await ask(asking, ":onboardUser", body), { asking, method: "onboardUser" });
  const startedAt = clock.now();
  while (operation.done !== true) {
    const name = filled(operation.name);
    if (name === undefined || !/^operations\/[\w-]+$/.test(name)) return undefined;
    if (clock.now() - startedAt >= POLL_LIMIT_MS) {
      throw new Refused(refusal({ kind: "transient", reason: "Google is still setting the account up for Code Assist" }));
    }
    await pause(POLL_MS, asking.call);
    operation = await poll(name, asking) ?? operation;
  }
  const failed = asObject(operation.error);
  if (failed !== undefined) throw new Refused(failedOnboarding(failed));
  return projectIn(asObject(operation.response)?.cloudaicompanionProject);
}

/** Undefined when this poll failed for a reason that passes: the next one asks again. */
async function poll(name: string, asking: Asking): Promise<JsonObject | undefined> {
  try {
    return granted(await ask(asking, `/${name}`), { asking, method: "onboardUser" });
  } catch (error) {
    if (error instanceof Refused && (error.refusal.kind === "transient" || error.refusal.kind === "rate_limited")) return undefined;
    throw error;
  }
}

/** Without a body it is a GET. */
function ask({ grant, call }: Asking, path: string, body?: JsonObject): Promise<EndpointAnswer> {
  const headers = { ...bearer(grant), ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const url = `${call.endpoints.apiBase ?? DEFAULT_BASE}${path}`;
  return endpointFetch(
    call,
    url,
    body === undefined ? { method: "GET", headers } : { method: "POST", headers, body: JSON.stringify(body) },
  );
}

function granted(answer: EndpointAnswer, context: RefusalContext): JsonObject {
  if (answer.status < 300) return answer.body;
  throw new Refused(refusalOf(answer, context));
}

/** Null when it cannot be found out: a login works without. */
async function emailOf(grant: Grant, call: OAuthCall): Promise<string | null> {
  const { userInfoUrl } = call.endpoints;
  if (userInfoUrl === null) return null;
  try {
    const { status, body } = await endpointFetch(call, userInfoUrl, { method: "GET", headers: bearer(grant) });
    return status < 300 ? filled(body.email) ?? null : null;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

function bearer(grant: Grant): Record<string, string> {
  return { authorization: `Bearer ${grant.accessToken.reveal()}`, accept: "application/json", "user-agent": `${NAME}/${VERSION}` };
}

interface RefusalContext {
  readonly asking: Asking;
  readonly method: string;
}

const CONFIRM_REASON = "VALIDATION_REQUIRED";

/** What a 4xx of Code Assist means for the login. */
function refusalOf({ status, body }: EndpointAnswer, { asking, method }: RefusalContext): Refusal {
  const { grant, call, after } = asking;
  const [code] = reasonsOf(body);
  const words = quoted(filled(asObject(body.error)?.message) ?? "");
  const said = `Code Assist refused ${method} with ${status}${words === "" ? "" : ` (${words})`}`;
  const told = (kind: RefusalKind, advice = "") =>
    refusal({ kind, reason: `${said}${advice}`, status, ...(code === undefined ? {} : { code }) });
  if (code === "UNSUPPORTED_CLIENT") return withdrawn(words, call);
  if (code === CONFIRM_REASON) return confirmFirst(linkIn(body));
  if (code === "SUBSCRIPTION_REQUIRED") return told("needs_login", `: ${subject(grant)} has no Code Assist licence`);
  if (code === "SERVICE_DISABLED") {
    return told("needs_login", `: switch the "Gemini for Google Cloud" API on for ${subject(grant)}`);
  }
  // A token that has ended is renewed by others; one that came a moment ago is refused for good.
  if (status === 401) return told(after === "login" ? "needs_login" : "transient");
  if (status === 403) {
    return grant.projectId === null ? told("needs_login") : told("misconfigured", `: check ${projectVariable(call)}`);
  }
  return told("suspicious");
}

/** A look at a grant that has all it needs is never urgent: what nobody understands is asked again later. */
function softened(refused: Refusal, grant: Grant): Refusal {
  return refused.kind === "suspicious" && GEMINI_COMPLETION.isComplete(grant) ? refusal({ ...refused, kind: "transient" }) : refused;
}

/** Codes of `google.rpc.Code` that pass: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const PASSING_CODES: readonly Json[] = [2, 4, 8, 10, 13, 14];

function failedOnboarding(error: JsonObject): Refusal {
  const { code } = error;
  const kind = code !== undefined && PASSING_CODES.includes(code) ? "transient" : "needs_login";
  const words = quoted(filled(error.message) ?? "");
  const reason = `Google could not set the account up for Code Assist${words === "" ? "" : `: ${words}`}`;
  return refusal({ kind, reason, ...(typeof code === "number" ? { code: String(code) } : {}) });
}

function withdrawn(words: string, call: OAuthCall): Refusal {
  const said = words === "" ? "Google has ended this kind of login" : words.replace(/[.\s]+$/, "");
  const reason = `${said}. An account with a Code Assist licence still works: set ${projectVariable(call)} to its project`;
  return refusal({ kind: "withdrawn", code: "UNSUPPORTED_CLIENT", reason });
}

function confirmFirst(url: string | undefined): Refusal {
  const where = url === undefined ? "" : ` at ${url}`;
  return refusal({ kind: "needs_login", code: CONFIRM_REASON, reason: `Google wants the account to be confirmed first${where}` });
}

function noProject(
  { account, tried, variable }: { readonly account: Account; readonly tried: readonly string[]; readonly variable: string },
): Refusal {
  const messages = account.ineligible.map(({ message, code }) => (message || code).replace(/[.\s]+$/, ""));
  const what = messages.length > 0 ? `${messages.join("; ")}. No` : "No";
  const reason = `${what} Cloud project was found for this login. Tried: ${tried.join(", ")}. ` +
    `Set ${variable} to the id of a project that has the "Gemini for Google Cloud" API`;
  // With a project named in the environment it may work at the next look; an account that may not is another matter.
  return refusal({ kind: messages.length > 0 ? "needs_login" : "misconfigured", reason });
}

function projectVariable({ endpoints }: OAuthCall): string {
  return `${endpoints.row.prefix}_PROJECT_ID`;
}

function subject({ projectId }: Grant): string {
  return projectId === null ? "the account" : `project ${projectId}`;
}

function isProjectNumber(project: string): boolean {
  return /^\d+$/.test(project);
}

function projectField(project: string | undefined): { cloudaicompanionProject?: string } {
  return project === undefined ? {} : { cloudaicompanionProject: project };
}

function metadataOf(project: string | undefined): JsonObject {
  const metadata = { ideType: "IDE_UNSPECIFIED", platform: "PLATFORM_UNSPECIFIED", pluginType: "GEMINI" };
  return project === undefined ? metadata : { ...metadata, duetProject: project };
}

/** A project stands there as its id or as an object that has one. */
function projectIn(value: Json | undefined): string | undefined {
  return filled(value) ?? filled(asObject(value)?.id);
}

/** `reason` of every detail of an error, in order. */
function reasonsOf(body: JsonObject): readonly string[] {
  return asArray(asObject(body.error)?.details).map((detail) => filled(asObject(detail)?.reason)).filter((reason) => reason !== undefined);
}

/** The page on which the account is confirmed. */
function linkIn(body: JsonObject): string | undefined {
  const details = asArray(asObject(body.error)?.details).map(asObject);
  const links = details.flatMap((detail) => asArray(detail?.links)).map((link) => filled(asObject(link)?.url));
  const inMetadata = details.map((detail) => filled(asObject(detail?.metadata)?.validation_link));
  return [...links, ...inMetadata].find((link) => link !== undefined);
}

function filled(value: Json | undefined): string | undefined {
  return asString(value)?.trim() || undefined;
}

function quoted(words: string): string {
  const line = words.replace(/\s+/g, " ").trim();
  return line.length <= QUOTED_CHARS ? line : `${line.slice(0, QUOTED_CHARS - 1)}…`;
}

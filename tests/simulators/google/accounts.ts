/**
 * The people who can log in at the simulated Google: what they may use, and what they have used. State
 * changes only through the endpoints and the controls of the simulator.
 */
import type { Clock } from "../../../src/kernel/clock.ts";
import type { JsonObject } from "../../../src/kernel/json.ts";
import type { SeededTokens } from "../oauth/seeded_tokens.ts";
import type { QuotaGroup } from "./models.ts";

/**
 * What Code Assist thinks of an account.
 * `free`, `paid` (Google One): a managed project after onboarding. `standard`: a licence, with a project of one's own.
 * `no_project`: a standard tier that names no project. `dasher`: a Workspace account, which cannot have the free tier.
 * `validation_required`: nothing works until the account was confirmed. `unsupported_client`: the free tier for this
 * client has ended. `vpcsc`: loadCodeAssist is forbidden by the organization, everything else works.
 * `subscription`: onboarded, but without licence. `ineligible:<reasonCode>`: not for this account.
 */
export type Standing =
  | "free"
  | "paid"
  | "standard"
  | "no_project"
  | "dasher"
  | "validation_required"
  | "unsupported_client"
  | "vpcsc"
  | "subscription"
  | `ineligible:${string}`;

/** An account as a test describes it. */
export interface AccountSeed {
  readonly email: string;
  /** Default `free`. */
  readonly standing?: Standing;
  /** Already has its tier. Default true; standings without any tier ignore it. */
  readonly isOnboarded?: boolean;
  /** Polls the onboarding operation needs before it is done. Default 0. */
  readonly onboardingPolls?: number;
  /** The onboarding operation ends with this error. */
  readonly onboardingError?: OperationError;
  /** Projects of the account's own. Default: `own-<name>` for standings that need one, else none. */
  readonly projects?: readonly string[];
  /** Requests per 24 h and model group, refused beyond; a group left out is not limited. */
  readonly limits?: Partial<Readonly<Record<QuotaGroup, number>>>;
  /** Models the account cannot see: 404. */
  readonly hiddenModels?: readonly string[];
}

/** An account as it is now. */
export interface GoogleAccount {
  readonly email: string;
  readonly id: string;
  readonly standing: Standing;
  readonly isOnboarded: boolean;
  /** The project Google made for it; null before onboarding and for tiers that have none. */
  readonly managedProject: string | null;
  readonly projects: readonly string[];
  readonly validationUrl: string;
}

interface Window {
  readonly startedAt: number;
  usedCount: number;
}

/** An account from inside the simulator. */
export interface AccountState extends GoogleAccount {
  readonly seed: AccountSeed;
  standing: Standing;
  isOnboarded: boolean;
  managedProject: string | null;
  /** Clients the account ever agreed to. */
  readonly consents: Set<string>;
  /** The onboarding under way. */
  operation: Operation | null;
  readonly windows: Map<QuotaGroup, Window>;
}

/** A long-running operation. */
export interface Operation {
  readonly name: string;
  readonly tierId: string;
  readonly project: string | null;
  readonly error: OperationError | undefined;
  pollsLeft: number;
}

/** How an operation fails: a canonical code and a message. */
export interface OperationError {
  readonly code: number;
  readonly message: string;
}

const DAY_MS = 86_400_000;
/** What the free and the paid tier give in 24 h. */
const TIER_LIMITS: Readonly<Record<"free" | "paid", Readonly<Record<QuotaGroup, number>>>> = {
  free: { pro: 100, "25-flash": 1000, "3-flash": 1000, none: 1000 },
  paid: { pro: 250, "25-flash": 1500, "3-flash": 1500, none: 1500 },
};
const OWN_PROJECT: readonly Standing[] = ["standard", "no_project", "dasher", "vpcsc", "subscription"];

/** The one account of a simulator that was given none. */
export const DEFAULT_ACCOUNT = "ada@example.com";

/** An account as it is when the simulator starts. */
export function accountState(seed: AccountSeed, tokens: SeededTokens): AccountState {
  const { email, standing = "free" } = seed;
  const name = email.split("@")[0]?.replace(/[^a-z0-9]/gi, "-") ?? "nobody";
  const managed = `sim-managed-${tokens.hex(`project:${email}`, 5)}`;
  const hasTier = !/^(validation_required|unsupported_client|dasher|ineligible:)/.test(standing);
  const isOnboarded = hasTier && (seed.isOnboarded ?? true);
  return {
    email,
    seed,
    standing,
    id: tokens.digits(`account:${email}`, 15),
    isOnboarded,
    managedProject: isOnboarded && isManaged(standing) ? managed : null,
    projects: seed.projects ?? (OWN_PROJECT.includes(standing) ? [`own-${name}`] : []),
    validationUrl: `https://accounts.google.com/signin/continue?sarp=1&account=${encodeURIComponent(email)}`,
    consents: new Set(),
    operation: null,
    windows: new Map(),
  };
}

/** Whether accounts of this standing get their project from Google. */
export function isManaged(standing: Standing): boolean {
  return standing === "free" || standing === "paid";
}

/** Ends an onboarding: the account has its tier from now on. */
export function finishOnboarding(account: AccountState, tokens: SeededTokens): void {
  account.isOnboarded = true;
  if (isManaged(account.standing)) account.managedProject ??= `sim-managed-${tokens.hex(`project:${account.email}`, 5)}`;
}

/** Whether the account may call for `project`. */
export function mayUse(account: AccountState, project: string): boolean {
  return project === account.managedProject || account.projects.includes(project);
}

/** Counts a request. When the group's limit was reached: the instant at which the window ends, and the request does not count. */
export function spend(account: AccountState, group: QuotaGroup, clock: Clock): { readonly exhaustedUntil: number } | undefined {
  const limit = account.seed.limits?.[group];
  const window = currentWindow(account, group, clock.now());
  if (limit !== undefined && window.usedCount >= limit) return { exhaustedUntil: window.startedAt + DAY_MS };
  window.usedCount++;
  account.windows.set(group, window);
  return undefined;
}

/** The buckets of `retrieveUserQuota`; what is used up has no `remainingFraction`, as protobuf leaves out zeros. */
export function quotaBucket(account: AccountState, model: { readonly id: string; readonly group: QuotaGroup }, now: number): JsonObject {
  const limit = account.seed.limits?.[model.group] ?? TIER_LIMITS[account.standing === "free" ? "free" : "paid"][model.group];
  const { startedAt, usedCount } = currentWindow(account, model.group, now);
  const left = Math.max(limit - usedCount, 0);
  return {
    modelId: model.id,
    tokenType: "REQUESTS",
    ...(left === 0 ? {} : { remainingFraction: left / limit, remainingAmount: String(left) }),
    resetTime: new Date(startedAt + DAY_MS).toISOString(),
  };
}

function currentWindow(account: AccountState, group: QuotaGroup, now: number): Window {
  const window = account.windows.get(group);
  return window !== undefined && now < window.startedAt + DAY_MS ? window : { startedAt: now, usedCount: 0 };
}

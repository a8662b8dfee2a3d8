/**
 * The rotation core as a library: pools of credentials, leases, and what failures do to them. It needs no
 * server, no disk and no configuration; time and chance can be given.
 */
export { type Clock, type Random, systemClock } from "./kernel/clock.ts";
export { type Failure, failure, type FailureKind, type FailureScope, isFailure } from "./kernel/failure.ts";
export { Secret } from "./kernel/secret.ts";
export type { Usage } from "./kernel/usage.ts";
export { apiKeyCredential, type Credential, credentialId, keylessCredential } from "./credentials/credential.ts";
export { type Ask, DEFAULT_POOL_SETTINGS, Pool, type PoolOptions, type PoolSettings } from "./pool/pool.ts";
export type { Journal } from "./pool/keeper.ts";
export { Lease, type Outcome } from "./pool/lease.ts";
export type { MemberReport, MemberStatus } from "./pool/report.ts";
export { memoryStore } from "./store/memory.ts";
export { openStore } from "./store/open.ts";
export type { RestRow, StateBatch, Store, StoredState, UsageRow } from "./store/store.ts";
export { WriteBehind } from "./store/write_behind.ts";

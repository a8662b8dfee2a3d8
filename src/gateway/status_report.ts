/**
 * The state of a running server as `GET /admin/status` tells it: one schema for the server that writes it and for
 * the screens that read it. Ids and masked forms only; instants are epoch ms.
 */
import { z } from "zod";

const ATTEMPT = z.object({
  provider: z.string(),
  model: z.string(),
  /** Id of the credential. */
  credential: z.string(),
  started_at: z.number(),
  duration_ms: z.number(),
  /** Null when the attempt was answered. */
  failure: z.object({ kind: z.string(), status: z.number(), message: z.string() }).nullable(),
});

/** A finished request with what was tried for it: the last 32 attempts. Long texts are cut. */
export const REQUEST_REPORT = z.object({
  id: z.string(),
  model: z.string(),
  provider: z.string().nullable(),
  /** What the client got; 499 when it left. */
  status: z.number(),
  arrived_at: z.number(),
  duration_ms: z.number(),
  is_stream: z.boolean(),
  /** `kind: message`; null when it went well. */
  failure: z.string().nullable(),
  lossy: z.array(z.string()),
  /** Null when no usage is known. */
  usage: z.object({
    input_tokens: z.number(),
    cached_tokens: z.number(),
    output_tokens: z.number(),
    cost_usd: z.number().nullable(),
  }).nullable(),
  attempts: z.array(ATTEMPT),
});

const TODAY = z.object({
  requests: z.number(),
  failures: z.number(),
  input_tokens: z.number(),
  cached_tokens: z.number(),
  output_tokens: z.number(),
  cost_usd: z.number(),
});

const CREDENTIAL_REPORT = z.object({
  id: z.string(),
  /** From 1 within its provider, as `creds list` counts. */
  number: z.number(),
  /** First and last signs of a key, or the e-mail of a login. */
  display: z.string(),
  kind: z.string(),
  /** Variable or file it came from. */
  source: z.string(),
  priority: z.number(),
  /** `ready`, `busy`, `cooling`, `quarantined` or `disabled`. */
  state: z.string(),
  /** Why; empty when there is nothing to say. */
  reason: z.string(),
  /** Until when it rests; null when that is open, or it does not rest. */
  until_at: z.number().nullable(),
  in_flight: z.number(),
  /** Models it cannot serve now, while it serves others. */
  resting: z.array(z.object({ model: z.string(), reason: z.string(), until_at: z.number().nullable() })),
  /** Only of logins. */
  login: z.object({ state: z.string(), reason: z.string(), expires_at: z.number().nullable() }).nullable(),
  today: TODAY,
  /** Time to the first useful byte of its last answered attempts, newest last; at most 32. */
  latencies_ms: z.array(z.number()),
});

const PROVIDER_REPORT = z.object({
  id: z.string(),
  name: z.string(),
  base_url: z.string(),
  rotation_mode: z.string(),
  /** `closed`, `open` or `half_open`. */
  circuit: z.string(),
  queued: z.number(),
  in_flight: z.number(),
  /** Per credential and model; null = unlimited. */
  max_in_flight: z.number().nullable(),
  credentials: z.array(CREDENTIAL_REPORT),
});

export const STATUS_REPORT = z.object({
  /** The server's clock when the report was made. */
  at: z.number(),
  version: z.string(),
  pid: z.number(),
  started_at: z.number(),
  /** When the configuration in force was read. */
  configured_at: z.number(),
  /** It finishes what runs and takes nothing new. */
  is_stopping: z.boolean(),
  is_request_log_on: z.boolean(),
  requests: z.object({ in_flight: z.number(), finished: z.number(), failed: z.number() }),
  providers: z.array(PROVIDER_REPORT),
  /** The last finished requests, newest last; at most 50. */
  recent: z.array(REQUEST_REPORT),
});

export type RequestReport = z.infer<typeof REQUEST_REPORT>;
export type CredentialStatus = z.infer<typeof CREDENTIAL_REPORT>;
export type ProviderStatus = z.infer<typeof PROVIDER_REPORT>;
export type StatusReport = z.infer<typeof STATUS_REPORT>;

/** `POST /admin/reload`: what keeps the new configuration from being used; empty when it is in force. */
export const RELOAD_REPORT = z.object({ problems: z.array(z.string()) });

/** `POST /admin/credentials/{id}/…`: how the credential is afterwards. */
export const CHANGE_REPORT = CREDENTIAL_REPORT.pick({ id: true, display: true, state: true, reason: true, until_at: true });
export type ChangeReport = z.infer<typeof CHANGE_REPORT>;

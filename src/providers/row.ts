/**
 * The shape of one provider: a row of the catalog. A provider is data (where it is, how it wants its key,
 * which named quirks it has, how its failures read), never code.
 */
import type { FailureKind } from "../kernel/failure.ts";
import type { PROTOCOLS } from "./protocols.ts";
import type { Quirk } from "./quirks.ts";

/** What a client can ask for. */
export type { Operation } from "../canonical/request.ts";
import type { Operation } from "../canonical/request.ts";

/** The wire format a provider speaks. One member a native codec. */
export type Protocol = keyof typeof PROTOCOLS;

/** Providers whose calls need more than a row can say; see `adapter.ts`. */
export type AdapterName = "gemini_cli" | "qwen_code" | "iflow";

/** How the key travels. */
export type Auth =
  | { readonly kind: "bearer" }
  /** A local or open server: a key is sent when there is one. */
  | { readonly kind: "bearer_optional" }
  | { readonly kind: "none" }
  /** A token from a login, sent as bearer; plain keys only where `takesKeys`. */
  | { readonly kind: "oauth"; readonly takesKeys?: true }
  /** `name: <prefix><key>` */
  | { readonly kind: "header"; readonly name: string; readonly prefix?: string };

/** The shape of a provider's model list. `none`: it has no list. */
export type ListingShape = "openai" | "bare_array" | "github" | "cloudflare" | "envelope" | "ollama_tags" | "bedrock";

export interface Listing {
  /** Absolute URL, or a path relative to the base URL. May hold `{VARIABLE}` places. */
  readonly path: string;
  readonly shape: ListingShape;
  /** Lists beside it, of the same shape; what they hold is added when they can be had. */
  readonly further?: readonly string[];
  /** The list answers without a key, so it says nothing about a key. */
  readonly isPublic?: true;
}

/**
 * One way a provider words a failure. All given conditions must hold; the first rule that holds decides,
 * before the general table.
 */
export interface FailureRule {
  /** HTTP statuses it applies to; 200 = an error inside an OK body. Absent: any. */
  readonly status?: readonly number[];
  /** Machine-readable code or type of the body, compared whole and without case. */
  readonly code?: readonly string[];
  /** Looked for in the message, without case. An answer without a body has the empty message. */
  readonly text?: RegExp;
  /** Looked for in the whole body, for facts that stand beside the message. */
  readonly body?: RegExp;
  /** Does not apply when the provider declares a wait of less than an hour: "quota" is then a mere rate. */
  readonly unlessShortWait?: true;
  readonly kind: FailureKind;
  /** Renewing a login would not help. */
  readonly isLasting?: true;
  /** Rest at least this long when the provider gives no hint: a fixed time, or until a daily reset. */
  readonly rest?: { readonly forMs: number } | { readonly untilMidnight: "UTC" | "America/Los_Angeles" | "Asia/Shanghai" };
  /** The provider's hint is known to be too short here: the longer of hint and `rest` counts. */
  readonly restOutranksHint?: true;
  /** One sentence for the user after the provider's own words: what is probably wrong. */
  readonly advice?: string;
}

export interface ProviderRow {
  /** Model ids start with it: `<id>/<model>`. */
  readonly id: string;
  readonly name: string;
  /** `P` of `P_API_KEY`, `P_API_BASE`, …; upper case; the first is the one shown in examples. */
  readonly prefixes: readonly string[];
  /** Further variables that hold a key, e.g. `GITHUB_TOKEN`. */
  readonly keyVariables?: readonly string[];
  readonly protocol: Protocol;
  readonly adapter?: AdapterName;
  /** It has OpenAI's Responses too. */
  readonly speaksResponses?: true;
  /** Region of a cloud; from `P_LOCATION`. */
  readonly location?: string;
  /** Version of the interface, where an address names one; from `P_API_VERSION`. */
  readonly apiVersion?: string;
  /** Everything before `/chat/completions`. `{NAME}` places are filled from environment variable NAME. */
  readonly baseUrl: string;
  readonly listing: Listing | null;
  readonly auth: Auth;
  readonly operations: readonly Operation[];
  /** Models that are known to exist, for a provider without a list. */
  readonly models?: readonly string[];
  /** Models that share a quota: a limit of one is a limit of all of its group. */
  readonly quotaGroups?: readonly (readonly string[])[];
  /** Runs on the user's own machine: needs no key and has no in-flight limit by default. */
  readonly isLocal?: true;
  /** Fixed headers the protocol needs. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly quirks?: readonly Quirk[];
  readonly failures?: readonly FailureRule[];
  /** Response headers that say when a limit ends, beyond the general ones. */
  readonly resetHeaders?: readonly string[];
  /** Most inputs, and most characters, of one embeddings call. */
  readonly embeddingCaps?: { readonly maxItems?: number; readonly maxChars?: number };
  /** One sentence a user should know before choosing it; shown in the provider list. */
  readonly note?: string;
}

/** Login files of every tool that writes one: read as one thing, written back in their own form. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { asObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { anyGrant, plain, someGrant } from "../../../tests/support/grant_fixtures.ts";
import { type Grant, originOf } from "../grant.ts";
import { type GrantNotes, readGrant, readInstant, writeGrant } from "./grant_json.ts";

const AT = Date.UTC(2026, 0, 1);

function reading(json: Json, provider?: string): { readonly grant: Grant; readonly notes: GrantNotes } {
  const found = readGrant(json, provider);
  if ("problem" in found) assert.fail(found.problem);
  return found;
}

function problem(json: Json | undefined, provider?: string): string {
  const found = readGrant(json, provider);
  return "problem" in found ? found.problem : assert.fail("it was read");
}

function idToken(claims: object): string {
  return ["{}", JSON.stringify(claims), "sig"].map((part) => Buffer.from(part).toString("base64url")).join(".");
}

const GOOGLE = { access_token: "ya29.a", refresh_token: "1//r", scope: "a b", token_type: "Bearer", expiry_date: AT };
const QWEN = { access_token: "a", token_type: "Bearer", refresh_token: "r", resource_url: "portal.qwen.ai", expiry_date: AT };
const IFLOW = {
  access_token: "a",
  refresh_token: "r",
  expiry_date: AT,
  token_type: "bearer",
  scope: "read",
  apiKey: "sk-1",
  userId: "7",
  phone: "+86 1",
};
const MIRROWEL_IFLOW = {
  access_token: "a",
  refresh_token: "r",
  api_key: "sk-1",
  email: "x@example.com",
  expiry_date: "2026-01-01T00:00:00Z",
  token_type: "bearer",
  scope: "read",
};
const MIRROWEL_GOOGLE = {
  ...GOOGLE,
  client_id: "id",
  client_secret: "s",
  token_uri: "https://oauth2.googleapis.com/token",
  universe_domain: "googleapis.com",
  _proxy_metadata: {
    email: "m@example.com",
    last_check_timestamp: 1767225600.5,
    project_id: "p-1",
    tier: "free-tier",
    tier_full: null,
    credential_type: "oauth",
  },
};
const CPA_GOOGLE = {
  token: {
    access_token: "ya29.a",
    refresh_token: "1//r",
    token_type: "Bearer",
    expiry: "2026-01-01T08:00:00.123456789+08:00",
    token_uri: "https://oauth2.googleapis.com/token",
    client_id: "id",
    client_secret: "s",
    scopes: ["a", "b"],
    universe_domain: "googleapis.com",
  },
  project_id: "p-1,p-2",
  email: "c@example.com",
  auto: true,
  checked: false,
  type: "gemini",
};
const CPA_QWEN = {
  access_token: "a",
  refresh_token: "r",
  last_refresh: "2025-12-31T18:00:00Z",
  resource_url: "portal.qwen.ai",
  email: "q",
  type: "qwen",
  expired: "2026-01-01T00:00:00Z",
};
const GCLOUD = {
  credential: { access_token: "a", refresh_token: "r", token_expiry: "2026-01-01T00:00:00Z", id_token: { sub: "1" } },
  key: { account: "g" },
};
const KEYCHAIN = {
  serverName: "main-account",
  token: { accessToken: "a", refreshToken: "r", tokenType: "Bearer", scope: "s", expiresAt: AT },
  updatedAt: AT,
};
const PYTHON = { token: "ya29.a", refresh_token: "1//r", token_uri: "https://x.example/t", client_id: "id", expiry: "2026-01-01T00:00:00" };
const FORMS: Readonly<Record<string, JsonObject>> = {
  GOOGLE,
  QWEN,
  IFLOW,
  MIRROWEL_IFLOW,
  MIRROWEL_GOOGLE,
  CPA_GOOGLE,
  CPA_QWEN,
  GCLOUD,
  KEYCHAIN,
  PYTHON,
};

for (const [name, form] of Object.entries(FORMS)) {
  Deno.test(`${name}: tokens and their end are found wherever they stand`, () => {
    const { grant } = reading(form);
    assert.ok(["a", "ya29.a"].includes(grant.accessToken.reveal()));
    assert.ok(["r", "1//r"].includes(grant.refreshToken?.reveal() ?? ""));
    assert.equal(Math.floor((grant.expiresAt ?? 0) / 1000) * 1000, AT);
    assert.equal(grant.origin, originOf(grant.refreshToken?.reveal() ?? ""));
  });

  Deno.test(`${name}: written back, it has its own names and fields, and says the same`, () => {
    const { grant } = reading(form);
    const next = {
      ...grant,
      accessToken: new Secret("next"),
      refreshToken: new Secret("next-r"),
      expiresAt: AT + 5_000,
    };
    const written = asObject(JSON.parse(JSON.stringify(writeGrant(next, { previous: form })))) ?? {};
    assert.deepEqual(plain(reading(written).grant), plain(next));
    const { _proxy_metadata, ...rest } = written;
    const { _proxy_metadata: _before, ...restBefore } = form;
    // A token type that was not there is the only name we add.
    const names = (object: JsonObject) => Object.keys(object).filter((it) => it !== "token_type").toSorted();
    assert.deepEqual(names(rest), names(restBefore));
    for (const [field, value] of Object.entries(rest)) {
      assert.equal(typeof value, typeof (restBefore[field] ?? "text"), `the form of ${field}`);
    }
    assert.deepEqual(names(asObject(_proxy_metadata) ?? {}).includes("origin"), true);
  });
}

Deno.test("what stands beside the tokens is read: account, key, project, client, host", () => {
  const google = reading(MIRROWEL_GOOGLE).grant;
  assert.deepEqual([google.account, google.projectId, google.tier, google.checkedAt], ["m@example.com", "p-1", "free-tier", 1767225600500]);
  assert.deepEqual([google.clientId, google.clientSecret?.reveal(), google.universeDomain], ["id", "s", "googleapis.com"]);
  const cpa = reading(CPA_GOOGLE).grant;
  assert.deepEqual([cpa.account, cpa.projectId, cpa.scope, cpa.clientSecret?.reveal()], ["c@example.com", "p-1", "a b", "s"]);
  assert.deepEqual([reading(IFLOW).grant.apiKey?.reveal(), reading(IFLOW).grant.account], ["sk-1", "+86 1"]);
  assert.equal(reading(MIRROWEL_IFLOW).grant.apiKey?.reveal(), "sk-1");
  assert.equal(reading(QWEN).grant.resourceUrl, "portal.qwen.ai");
});

Deno.test("a file that names nobody is told by whom its ID token names", () => {
  assert.equal(reading({ ...GOOGLE, id_token: idToken({ email: "id@example.com" }) }).grant.account, "id@example.com");
  for (const odd of ["x", "a.b.c", idToken({ email: 5 }), idToken([])]) {
    assert.equal(reading({ ...GOOGLE, id_token: odd }).grant.account, null);
  }
});

Deno.test("the user's notes are read, changed and removed; what others noted stays", () => {
  const file = { ...GOOGLE, _proxy_metadata: { label: "work", priority: 2, imported_origin: "o", imported_from: "/x", theirs: null } };
  const { grant, notes } = reading(file);
  assert.deepEqual(notes, { label: "work", priority: 2, importedOrigin: "o", importedFrom: "/x" });
  const same = writeGrant(grant, { previous: file });
  assert.deepEqual(reading(same).notes, notes);
  assert.equal(asObject(same._proxy_metadata)?.theirs, null);
  const changed = reading(writeGrant(grant, { previous: file, notes: { label: null, priority: 0 } })).notes;
  assert.deepEqual(changed, { label: null, priority: 0, importedOrigin: "o", importedFrom: "/x" });
});

Deno.test("a field that is gone leaves the file, whatever it was called", () => {
  const { grant } = reading(IFLOW);
  const written = writeGrant({ ...grant, apiKey: null, scope: null }, { previous: IFLOW });
  assert.deepEqual(["apiKey" in written, "api_key" in written, "scope" in written, written.userId], [false, false, false, "7"]);
});

Deno.test("two names for one field are kept in step", () => {
  const file = { ...QWEN, expired: "2026-01-01T00:00:00Z", expires_at: AT / 1000 };
  const written = writeGrant({ ...reading(file).grant, expiresAt: AT + 1_000 }, { previous: file });
  assert.deepEqual([written.expiry_date, written.expired, written.expires_at], [AT + 1_000, "2026-01-01T00:00:01.000Z", AT / 1000 + 1]);
});

Deno.test("what is written is read again, field by field, over any file", () => {
  fc.assert(
    fc.property(anyGrant, fc.constantFrom(undefined, ...Object.values(FORMS)), (grant, previous) => {
      // What a file itself says of its owner and project holds where we know nothing.
      const known = previous === undefined ? {} : { account: grant.account ?? "someone", projectId: grant.projectId ?? "some-project" };
      const whole = { ...grant, ...known, ...(previous === CPA_GOOGLE ? { scope: grant.scope ?? "s" } : {}) };
      const text = JSON.stringify(writeGrant(whole, { previous }));
      assert.deepEqual(plain(reading(JSON.parse(text)).grant), plain(whole));
    }),
  );
});

Deno.test("a grant without an origin gets the one its tokens have", () => {
  const written = reading(writeGrant(someGrant("1", { origin: null }))).grant;
  assert.equal(written.origin, originOf("refresh-1"));
});

Deno.test("what is no login is told apart, and no token is repeated", () => {
  assert.equal(problem(undefined), "it is not JSON");
  assert.equal(problem([]), "expected an object, found a list");
  assert.equal(problem(null), "expected an object, found null");
  assert.equal(problem({}), 'expected "refresh_token" to be a string, found nothing');
  assert.equal(problem({ access_token: "tok-1", refresh_token: null }), 'expected "refresh_token" to be a string, found null');
  assert.equal(problem({ access_token: "tok-1", refresh_token: 5 }), 'expected "refresh_token" to be a string, found a number');
  assert.equal(problem({ access_token: ["tok-1"], refresh_token: "r" }), 'expected "access_token" to be a string, found a list');
  assert.match(problem({ access_token: "tok 1", refresh_token: "r" }), /^"access_token" holds blanks/);
  assert.match(problem({ ...IFLOW, apiKey: "sk-中" }), /^"api_key" holds blanks/);
  assert.equal(problem({ access_token: "tok-1", refresh_token: { tok: 1 } }), 'expected "refresh_token" to be a string, found an object');
  assert.equal(problem({ token: { access_token: {}, refresh_token: "r" } }), 'expected "access_token" to be a string, found an object');
});

Deno.test("a login of another provider is not taken for one of this", () => {
  assert.equal(problem({ ...CPA_QWEN, type: "codex" }, "qwen_code"), "it is a login of codex, not of qwen_code");
  assert.equal(
    problem({ type: "service_account", refresh_token: "x" }, "gemini_cli"),
    "it is a login of a service account, not of gemini_cli",
  );
  assert.ok(reading(CPA_QWEN, "qwen_code"));
  assert.ok(reading({ ...QWEN, type: "oauth" }, "qwen_code"));
});

Deno.test("a login with one token: without an end it lasts until it is refused, without an access token it is renewed first", () => {
  assert.equal(reading({ access_token: "a", expiry_date: AT }).grant.refreshToken, null);
  const renewable = reading({ refresh_token: "r", expiry_date: AT }).grant;
  assert.deepEqual([renewable.accessToken.reveal(), renewable.expiresAt], ["", null]);
});

Deno.test("an instant is read in every form the tools write", () => {
  const forms: [Json | undefined, number | null][] = [
    [AT, AT],
    [AT / 1000, AT],
    [AT / 1000 + 0.25, AT + 250],
    [99_999_999_999, 99_999_999_999_000],
    [1e11, 1e11],
    [String(AT), AT],
    [` ${AT / 1000}.5 `, AT + 500],
    ["2026-01-01T00:00:00Z", AT],
    ["2026-01-01T00:00:00.123456789Z", AT + 123],
    ["2026-01-01T08:00:00+08:00", AT],
    ["2026-01-01t08:00:00.5+0800", AT + 500],
    ["2026-01-01 00:00:00", AT],
    ["2026-01-01T00:00:00.000001", AT],
    ["2026-01-01 08:00", AT],
    ["0001-01-01T00:00:00Z", null],
    ["2026-13-01T00:00:00Z", null],
    ["tomorrow", null],
    ["", null],
    [0, null],
    [-1, null],
    [1e15, null],
    [Infinity, null],
    [NaN, null],
    [null, null],
    [undefined, null],
    [true, null],
    [{}, null],
  ];
  for (const [form, at] of forms) assert.equal(readInstant(form), at, String(form));
});

/** What people paste: every form of the same answer reads the same, and what is wrong is told. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readPasted, readQuery } from "./pasted.ts";

const STATE = "s".repeat(43);
const REDIRECT = "http://localhost:8085/oauth2callback";

/** The characters RFC 6749 allows in a code, without those that have a meaning where one pastes. */
const CODES = fc.stringMatching(/^[A-Za-z0-9/+_.~=!$*-]{1,80}$/);
const STATES = fc.stringMatching(/^[A-Za-z0-9_-]{1,60}$/);

Deno.test("an address, its query, code#state and the code alone give the same code", () => {
  fc.assert(fc.property(CODES, STATES, (code, state) => {
    const query = new URLSearchParams({ state, code, scope: "a b" }).toString();
    const forms = [
      `${REDIRECT}?${query}`,
      `https://elsewhere.example/page?${query}#`,
      `localhost:8085/oauth2callback?${query}#top`,
      `/oauth2callback?${query}`,
      `?${query}`,
      query,
      new URLSearchParams({ code, state }).toString(),
      `${code}#${state}`,
      code,
      encodeURIComponent(code),
    ];
    for (const form of forms) {
      for (const text of [form, ` ${form}\r\n`, `"${form}"`, `<${form}>`, `'${form}' `]) {
        assert.deepEqual(readPasted(text, state), { kind: "code", code }, text);
      }
    }
  }));
});

Deno.test("a state that is there must be the one of this login", () => {
  for (const text of [`${REDIRECT}?code=c&state=other`, "code=c&state=", "?state=x&code=c", "c#other", `${REDIRECT}?error=e&state=other`]) {
    const got = readPasted(text, STATE);
    assert.ok(got.kind === "unusable" && /another login/.test(got.why), text);
  }
  assert.deepEqual(readPasted(`${REDIRECT}?code=c`, STATE), { kind: "code", code: "c" });
});

Deno.test("the provider's no is read from every form", () => {
  const no = { kind: "error", error: "access_denied", description: null };
  for (const text of [`${REDIRECT}?error=access_denied&state=${STATE}`, "?error=access_denied", "error=access_denied&code="]) {
    assert.deepEqual(readPasted(text, STATE), no, text);
  }
  const told = readPasted(`error=server_error&error_description=It+is+late&state=${STATE}`, STATE);
  assert.deepEqual(told, { kind: "error", error: "server_error", description: "It is late" });
});

Deno.test("what cannot be used is told so that the next paste can be right", () => {
  const table: [string, RegExp][] = [
    ["", /nothing/],
    [' "" ', /nothing/],
    [REDIRECT, /no code/],
    [`https://accounts.example/auth?client_id=x&state=${STATE}`, /no code/],
    ["http://", /no code/],
    ["two words", /expected the address/],
    ["ftp://host/x", /expected the address/],
    [`#${STATE}`, /expected the address/],
    ["x\u0000y", /expected the address/],
    ["x".repeat(20_000), /too long/],
  ];
  for (const [text, why] of table) {
    const got = readPasted(text, STATE);
    assert.ok(got.kind === "unusable", text);
    assert.match(got.why, why);
  }
});

Deno.test("no text makes it throw, and nothing but a code or a no comes of it", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (text, state) => {
    assert.ok(["code", "error", "unusable"].includes(readPasted(text, state).kind));
  }));
});

Deno.test("a callback must bring the state", () => {
  const read = (query: string) => readQuery(new URLSearchParams(query), STATE, "state_required");
  assert.deepEqual(read(`code=c&state=${STATE}`), { kind: "code", code: "c" });
  for (const query of ["code=c", "code=c&state=", `code=c&state=${STATE}x`, `state=${STATE}`, `code=&state=${STATE}`, "error=e", ""]) {
    assert.equal(read(query).kind, "unusable", query);
  }
});

/** The warnings of the program itself: every form is told apart into what is wrong and what to do. */
import assert from "node:assert/strict";
import { ofWarning } from "./own_warnings.ts";

const variables = new Map([
  ["OPENIA_API_KEY", { value: "x", origin: "/srv/.env" }],
  ["GROQ_API_KEY", { value: "x", origin: "environment" }],
]);

const CASES: readonly (readonly [text: string, what: string, fix: string])[] = [
  [
    "OPENIA_API_KEY is ignored: no provider is called OPENIA. Did you mean OPENAI_API_KEY? For a provider of your own set OPENIA_API_BASE to its address.",
    "OPENIA_API_KEY is ignored: no provider is called OPENIA",
    "Rename OPENIA_API_KEY to OPENAI_API_KEY in /srv/.env, or remove it",
  ],
  [
    "OPENIA_API_KEY is ignored: no provider is called OPENIA. For a provider of your own set OPENIA_API_BASE to its address.",
    "OPENIA_API_KEY is ignored: no provider is called OPENIA",
    "Set OPENIA_API_BASE to its address, if it is a provider of your own",
  ],
  [
    "Others on this machine can read the login in /d/a.json: run chmod 600 /d/a.json",
    "Others on this machine can read the login in /d/a.json",
    "chmod 600 /d/a.json",
  ],
  [
    "GROQ_API_KEY is ignored: it still holds the text of an example.",
    "GROQ_API_KEY is ignored: it still holds the text of an example",
    "Put the real key into GROQ_API_KEY in the environment, or remove it",
  ],
  [
    "GROQ_API_KEY is ignored: it holds the same key as X.",
    "GROQ_API_KEY is ignored: it holds the same key as X",
    "Correct or remove GROQ_API_KEY in the environment",
  ],
  [
    "OPENAI_API_BASE is set, but OpenAI has no key: set OPENAI_API_KEY.",
    "OPENAI_API_BASE is set, but OpenAI has no key",
    "Set OPENAI_API_KEY",
  ],
  ['"/w/y.env" is ignored: EISDIR.', '"/w/y.env" is ignored: EISDIR', "Rename or remove /w/y.env"],
  ["Cannot look for logins in /w/a b: ENOTDIR.", "Cannot look for logins in /w/a b: ENOTDIR", "mv '/w/a b' '/w/a b.old'"],
  ["Something else.", "Something else", "Correct what it names, then run keyproxy doctor again"],
];

Deno.test("a warning is told apart into what is wrong and what to do", () => {
  for (const [text, what, fix] of CASES) {
    assert.deepEqual(ofWarning(text, { area: "providers", variables }), { area: "providers", level: "warning", what, fix });
  }
});

/** What the demo sends, and which answers it counts as whole. */
import assert from "node:assert/strict";
import { planRequests, readProblem } from "./requests.ts";

Deno.test("the burst has both kinds by turns, each request with an id of its own", () => {
  const plan = planRequests(5);
  assert.deepEqual(plan.map(({ kind }) => kind), ["chat", "stream", "chat", "stream", "chat"]);
  assert.equal(new Set(plan.map(({ requestId }) => requestId)).size, 5);
});

Deno.test("only a whole answer counts as answered", () => {
  const event = `data: {"choices": []}\n\n`;
  const problems = [
    readProblem({ kind: "chat", status: 200, text: `{"choices": []}` }),
    readProblem({ kind: "chat", status: 200, text: "<html>" }),
    readProblem({ kind: "chat", status: 503, text: `{"error": {"message": "all rest"}}` }),
    readProblem({ kind: "chat", status: 502, text: "" }),
    readProblem({ kind: "stream", status: 200, text: `${event}data: [DONE]\n\n` }),
    readProblem({ kind: "stream", status: 200, text: event }),
    readProblem({ kind: "stream", status: 200, text: `${event}data: {"error": {"message": "cut"}}\n\ndata: [DONE]\n\n` }),
    readProblem({ kind: "stream", status: 429, text: `{"error": {"message": "slow down"}}` }),
  ];
  assert.deepEqual(problems, [
    undefined,
    "the answer has no choices",
    "all rest",
    "the answer has no explanation",
    undefined,
    "the stream broke off",
    "cut",
    "slow down",
  ]);
});

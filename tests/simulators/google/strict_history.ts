/**
 * The rules a conversation must keep: who speaks when, which tool results belong to which calls, and which
 * calls must still carry the model's signature.
 */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../../src/kernel/json.ts";
import type { GoogleModel } from "./models.ts";
import { PART_KINDS } from "./shapes.ts";
import { isSignatureFor } from "./signatures.ts";
import type { FieldMistake } from "./strict_fields.ts";

interface Turn {
  readonly role: string;
  readonly parts: readonly JsonObject[];
  readonly field: string;
}

/** The first rule that `contents` breaks for `model`; undefined when it keeps them all. */
export function historyMistakeIn(contents: Json | undefined, model: GoogleModel): FieldMistake | undefined {
  const turns = asArray(contents).map((content, index): Turn => {
    const fields = asObject(content) ?? {};
    return {
      role: asString(fields.role) ?? "user",
      parts: asArray(fields.parts).filter(isObject),
      field: `request.contents[${index}]`,
    };
  });
  if (turns.length === 0) return { message: "* GenerateContentRequest.contents: contents is not specified", field: "request.contents" };
  for (const turn of turns) {
    const mistake = partMistake(turn);
    if (mistake !== undefined) return mistake;
  }
  return orderMistake(turns) ?? callMistake(turns) ?? signatureMistake(turns, model);
}

function partMistake({ role, parts, field }: Turn): FieldMistake | undefined {
  if (role !== "user" && role !== "model") {
    return { message: "Please use a valid role: user, model.", field: `${field}.role` };
  }
  if (parts.length === 0) {
    const message = "Unable to submit request because it must include at least one parts field, which describes the prompt input.";
    return { message, field: `${field}.parts` };
  }
  for (const [index, part] of parts.entries()) {
    const isSigned = part.thoughtSignature !== undefined;
    const kinds = PART_KINDS.filter((kind) => part[kind] !== undefined);
    const isEmpty = kinds.length === 0 || (kinds[0] === "text" && part.text === "");
    if (isEmpty && !isSigned) {
      const message = "Unable to submit request because it must have a text parameter: a part has no data.";
      return { message, field: `${field}.parts[${index}].data` };
    }
    const name = asObject(part.functionCall ?? part.functionResponse)?.name;
    if ((kinds[0] === "functionCall" || kinds[0] === "functionResponse") && (name === undefined || name === "")) {
      return { message: `${kinds[0] === "functionCall" ? "Function call" : "Function response"} name cannot be empty.`, field };
    }
  }
  return undefined;
}

function orderMistake(turns: readonly Turn[]): FieldMistake | undefined {
  if (turns[0]?.role !== "user") {
    return { message: "Please ensure that the first content has the role user.", field: "request.contents[0]" };
  }
  const repeated = turns.findIndex((turn, index) => index > 0 && turn.role === turns[index - 1]?.role);
  if (repeated > 0) {
    return { message: "Please ensure that multiturn requests alternate between user and model.", field: `request.contents[${repeated}]` };
  }
  return turns.at(-1)?.role === "user"
    ? undefined
    : { message: "Please ensure that multiturn requests end with a user role.", field: `request.contents[${turns.length - 1}]` };
}

function callMistake(turns: readonly Turn[]): FieldMistake | undefined {
  for (const [index, turn] of turns.entries()) {
    const responses = responsesIn(turn);
    const previous = turns[index - 1];
    const calls = previous?.role === "model" ? callsIn(previous) : [];
    if (calls.length === 0 && responses.length === 0) continue;
    if (turn.role !== "user") return { message: "Please ensure that function responses come from the user.", field: turn.field };
    if (responses.length !== calls.length) {
      const message =
        "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
      return { message, field: turn.field };
    }
    const first = turn.parts.findIndex((part) => part.functionResponse !== undefined);
    if (first !== 0 || responses.some((_, at) => turn.parts[at]?.functionResponse === undefined)) {
      return { message: "Please ensure that function response parts come before any other part.", field: turn.field };
    }
    const wrong = calls.findIndex((call, at) =>
      call.name !== responses[at]?.name || (call.id !== undefined && call.id !== responses[at]?.id)
    );
    if (wrong >= 0) {
      const message = `Please ensure that function response ${wrong} matches the function call "${asString(calls[wrong]?.name)}".`;
      return { message, field: turn.field };
    }
  }
  return undefined;
}

function callsIn(turn: Turn): readonly JsonObject[] {
  return turn.parts.map((part) => part.functionCall).filter(isObject);
}

function responsesIn(turn: Turn): readonly JsonObject[] {
  return turn.parts.map((part) => part.functionResponse).filter(isObject);
}

/** Gemini 3: within the current turn the first call of every step is signed; whatever signature there is must be a real one. */
function signatureMistake(turns: readonly Turn[], model: GoogleModel): FieldMistake | undefined {
  if (model.family !== "gemini-3") return undefined;
  const lastWords = turns.findLastIndex((turn) => turn.role === "user" && turn.parts.some((part) => part.functionResponse === undefined));
  for (const turn of turns.slice(lastWords + 1).filter(({ role }) => role === "model")) {
    const at = turn.parts.findIndex((part) => part.functionCall !== undefined);
    if (at < 0 || turn.parts[at]?.thoughtSignature !== undefined) continue;
    const name = asString(asObject(turn.parts[at]?.functionCall)?.name);
    const message =
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\` , position ${
        at + 1
      }.`;
    return { message, field: `${turn.field}.parts[${at}]` };
  }
  for (const turn of turns) {
    const at = turn.parts.findIndex((part) => part.thoughtSignature !== undefined && !isSignatureFor(part.thoughtSignature, model));
    if (at >= 0) return { message: "Corrupted thought signature.", field: `${turn.field}.parts[${at}]` };
  }
  return undefined;
}

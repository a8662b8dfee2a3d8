/**
 * Reads the error out of any provider's answer: one message, one code, whatever the shape. No field is
 * trusted to exist, an HTML page is never quoted, and text is clipped.
 */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import { parseDamagedJson } from "./damaged_json.ts";

const MESSAGE_CHARS = 500;
const CODE_CHARS = 100;
const TITLE_CHARS = 120;
/** How deep an error may stand inside others: in a field, in an array, or as JSON text in a message. */
const NESTED_MAX = 8;

/** What an error answer says. */
export interface ErrorBody {
  /** The provider's words, clipped; empty when there was no body. */
  readonly message: string;
  /** Machine-readable code; numbers as text. */
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
  readonly found: "json" | "html" | "text" | "empty";
  /** The parsed body when it was JSON. */
  readonly body?: Json;
}

interface Fields {
  readonly message?: string | undefined;
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  readonly param?: string | undefined;
}

/** Reads the text of an error answer. `maxChars` is the longest message (500). */
export function readErrorBody(text: string, options: { readonly maxChars?: number } = {}): ErrorBody {
  const trimmed = text.trim();
  if (trimmed === "") return { message: "", found: "empty" };
  const json = parseDamagedJson(trimmed) ?? parseDamagedJson(firstEvent(trimmed));
  if (json !== undefined) return readErrorJson(json, options);
  if (isHtml(trimmed)) return { message: describePage(trimmed), found: "html" };
  return { message: clip(trimmed, options.maxChars ?? MESSAGE_CHARS), found: "text" };
}

/** As {@link readErrorBody}, for a body that was parsed already. */
export function readErrorJson(json: Json, options: { readonly maxChars?: number } = {}): ErrorBody {
  const fields = readFields(json, 0);
  const message = fields.message ?? fields.code ?? fields.type ?? JSON.stringify(json);
  return {
    message: clip(message, options.maxChars ?? MESSAGE_CHARS),
    ...(fields.code === undefined ? {} : { code: clip(fields.code, CODE_CHARS) }),
    ...(fields.type === undefined ? {} : { type: clip(fields.type, CODE_CHARS) }),
    ...(fields.param === undefined ? {} : { param: clip(fields.param, CODE_CHARS) }),
    found: "json",
    body: json,
  };
}

/** True when a JSON body or stream event that came with status 200 is an error, not an answer. */
export function errorInsideAnswer(json: Json): boolean {
  const body = asObject(Array.isArray(json) ? json[0] : json);
  if (body === undefined) return false;
  if (saysError(body["error"]) || body["type"] === "error" || body["object"] === "error") return true;
  if (failedResponse(body) !== undefined) return true;
  const choice = asObject(asArray(body["choices"])[0]);
  if (choice?.["finish_reason"] === "error" || saysError(choice?.["error"])) return true;
  if (isNonZero(asObject(body["base_resp"])?.["status_code"])) return true;
  return choice === undefined && isRefusedEnvelope(body);
}

/** `{code|status, message|msg}` and `{success: false}` around nothing: an envelope without its answer. */
function isRefusedEnvelope(body: JsonObject): boolean {
  if (isFull(body["data"]) || isFull(body["result"])) return false;
  if (body["success"] === false) return true;
  const hasWords = asString(body["message"]) !== undefined || asString(body["msg"]) !== undefined;
  return hasWords && [body["code"], body["status"]].some((code) => isNonZero(code) && Number(code) !== 200);
}

/** A response of OpenAI's Responses that failed, alone or inside the event that tells of it. */
function failedResponse(body: JsonObject): JsonObject | undefined {
  const response = body["type"] === "response.failed" ? asObject(body["response"]) : body;
  return response?.["object"] === "response" && response["status"] === "failed" ? response : undefined;
}

function saysError(value: Json | undefined): boolean {
  if (typeof value === "string") return value !== "";
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) && Object.values(value).some((field) => field !== null && field !== "");
}

function isFull(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) && Object.keys(value).length > 0;
}

function isNonZero(code: Json | undefined): boolean {
  if (typeof code === "number") return code !== 0;
  return typeof code === "string" && /^-?\d+$/.test(code) && Number(code) !== 0;
}

function readFields(json: Json | undefined, depth: number): Fields {
  if (depth > NESTED_MAX) return {};
  if (typeof json === "string") return opened({ message: filled(json) }, depth);
  if (Array.isArray(json)) return json.length === 1 || isObject(json[0]) ? readFields(json[0], depth + 1) : { message: textOf(json) };
  const body = asObject(json);
  if (body === undefined) return {};
  const inner = errorNode(body);
  const own = opened(ownFields(body), depth);
  return inner === undefined ? own : { ...own, ...defined(readFields(inner, depth + 1)) };
}

/** Where this shape keeps its error, when that is not the object itself. */
function errorNode(body: JsonObject): Json | undefined {
  const { error } = body;
  if (saysError(error) && asString(body["error_description"]) === undefined) return error;
  const failed = failedResponse(body);
  if (failed !== undefined) return failed.error ?? failed;
  const choiceError = asObject(asArray(body["choices"])[0])?.["error"];
  if (saysError(choiceError)) return choiceError;
  if (textOf(body["message"]) !== undefined) return undefined;
  if (isObject(body["detail"])) return body["detail"];
  return asArray(body["errors"])[0] ?? asObject(body["base_resp"]) ?? asObject(body["fault"]);
}

function ownFields(body: JsonObject): Fields {
  const detail = asObject(body["detail"]);
  const type = filled(body["type"]);
  return {
    message: withRaw(messageOf(body), body),
    code: reasonOf(body) ??
      firstCode(body["code"], body["status_code"], body["error_code"], detail?.["errorcode"], oauthCode(body), bareStatus(body)),
    type: (type === "error" ? undefined : type) ?? filled(body["reason"]) ?? filled(body["status"]),
    param: filled(body["param"]),
  };
}

function messageOf(body: JsonObject): string | undefined {
  const places = ["message", "error_description", "faultstring", "status_msg", "detail", "msg", "title"];
  for (const place of places) {
    const text = textOf(body[place]);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** OAuth servers put the code into `error` and the words beside it. */
function oauthCode(body: JsonObject): Json | undefined {
  return filled(body["error_description"]) === undefined ? undefined : body["error"];
}

/** `{status: "449", msg}`: the status is the code only where nothing else is. */
function bareStatus(body: JsonObject): Json | undefined {
  return filled(body["msg"]) === undefined ? undefined : body["status"];
}

/** Google names the cause in `details[].reason`; its `code` only repeats the HTTP status. */
function reasonOf(body: JsonObject): string | undefined {
  for (const detail of asArray(body["details"])) {
    const reason = filled(asObject(detail)?.["reason"]);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** OpenRouter says "Provider returned error" and keeps what the provider said in `metadata.raw`. */
function withRaw(message: string | undefined, body: JsonObject): string | undefined {
  const raw = filled(asObject(body["metadata"])?.["raw"]);
  if (raw === undefined || message === undefined) return message;
  const said = isHtml(raw) ? describePage(raw) : readFields(parseDamagedJson(raw) ?? raw, 1).message;
  return said === undefined || said === message ? message : `${message}: ${said}`;
}

/** An error that came as JSON text inside the message. */
function opened(fields: Fields, depth: number): Fields {
  const { message } = fields;
  if (message === undefined || !/^[[{]/.test(message)) return fields;
  const json = parseDamagedJson(message);
  return json === undefined ? fields : { ...fields, ...defined(readFields(json, depth + 1)) };
}

function textOf(value: Json | undefined): string | undefined {
  if (typeof value === "string") return filled(value);
  if (Array.isArray(value)) {
    const parts = value.map(textOf).filter((part) => part !== undefined);
    return parts.length === 0 ? undefined : parts.join("; ");
  }
  const item = asObject(value);
  if (item === undefined) return undefined;
  const text = textOf(item["msg"]) ?? textOf(item["message"]) ?? textOf(item["error"]) ?? JSON.stringify(item);
  const place = asArray(item["loc"]).join(".");
  return place === "" ? text : `${place}: ${text}`;
}

function firstCode(...candidates: readonly (Json | undefined)[]): string | undefined {
  for (const candidate of candidates) {
    if (typeof candidate === "number") return String(candidate);
    const text = filled(candidate);
    if (text !== undefined) return text;
  }
  return undefined;
}

function filled(value: Json | undefined): string | undefined {
  const text = asString(value)?.trim();
  return text === "" ? undefined : text;
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The first `data:` of a body that is an event stream; other text comes back unchanged. */
function firstEvent(text: string): string {
  return /^(?:event:|data:|:|id:)/.test(text) ? /^data:\s*(.+)$/m.exec(text)?.[1] ?? text : text;
}

/** True for text that opens like a web page. */
export function isHtml(text: string): boolean {
  const start = text.slice(0, 2_000);
  return /^\s*<(?:!doctype\s+html|html|head|body|title|center|h1|meta|script)\b/i.test(start) || /^\s*<[\s\S]*<html[\s>]/i.test(start);
}

function describePage(html: string): string {
  const title = /<title[^>]*>([^<]+)/i.exec(html.slice(0, 20_000))?.[1]?.replace(/\s+/g, " ").trim();
  return title === undefined || title === "" ? "an HTML page" : `an HTML page titled "${clip(title, TITLE_CHARS)}"`;
}

function clip(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`;
}

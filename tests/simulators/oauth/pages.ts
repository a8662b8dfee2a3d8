/** Pages and redirects a browser gets from a simulated login provider; everything put into a page is escaped. */
import { Buffer } from "node:buffer";
import type { JsonObject } from "../../../src/kernel/json.ts";
import { jsonReply, type Reply, type ReplyHeaders } from "../reply.ts";

/** What a proxy in between shows. */
export const PLAIN_HTML =
  "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n";

/** An HTML page; `body` is HTML. */
export function page(fields: { readonly status?: number; readonly title: string; readonly body: string }): Reply {
  const html = `<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>${
    escaped(fields.title)
  }</title></head><body>${fields.body}</body></html>\n`;
  return {
    status: fields.status ?? 200,
    headers: { "content-type": "text/html; charset=utf-8" },
    pieces: [Buffer.from(html)],
    form: "whole",
  };
}

/** A page with one link per choice: `allow` and `deny` for a person or a test to follow. */
export function consentPage(
  fields: { readonly account: string; readonly client: string; readonly allowUrl: string; readonly denyUrl: string },
): Reply {
  const link = (id: string, url: string) => `<a id="${id}" href="${escaped(url)}">${id}</a>`;
  const body = `<p>${escaped(fields.client)} wants to act for ${escaped(fields.account)}.</p><p>${link("allow", fields.allowUrl)} ${
    link("deny", fields.denyUrl)
  }</p>`;
  return page({ title: "Consent", body });
}

/** 302 to `url`. */
export function redirect(url: string | URL): Reply {
  return { status: 302, headers: { location: String(url) }, pieces: [], form: "whole" };
}

/** `url` with these query parameters added. */
export function withQuery(url: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) target.searchParams.set(name, value);
  return target.href;
}

/** An error of a token endpoint, RFC 6749 5.2. */
export function oauthError(
  status: number,
  error: string,
  more: { readonly description?: string; readonly fields?: JsonObject; readonly headers?: ReplyHeaders } = {},
): Reply {
  const { description, fields, headers } = more;
  const body = { error, ...(description === undefined ? {} : { error_description: description }), ...fields };
  return jsonReply(status, body, { "cache-control": "no-store", ...headers });
}

/** `text` as it may stand in a page or an attribute. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

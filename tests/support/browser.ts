/** The person's side of a login: a free port for the way back, and a browser that follows redirects on this machine. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? String(address.port) : assert.fail("no port");
}

/** A browser: follows every redirect on this machine, and tells where it ended and what it showed. */
export async function browse(url: string): Promise<{ readonly url: string; readonly status: number; readonly text: string }> {
  let at = url;
  for (let step = 0; step < 10; step++) {
    const response = await fetch(at, { redirect: "manual" });
    const text = await response.text();
    const next = new URL(response.headers.get("location") ?? "https://elsewhere.example", at);
    if (response.status < 300 || response.status > 399 || !["127.0.0.1", "localhost"].includes(next.hostname)) {
      return { url: at, status: response.status, text };
    }
    at = next.href;
  }
  return assert.fail("redirected in a circle");
}

/** Where the provider sends the browser back to, without going there. */
export async function wayBack(url: string): Promise<URL> {
  let at = url;
  for (let step = 0; step < 10; step++) {
    const response = await fetch(at, { redirect: "manual" });
    await response.body?.cancel();
    at = new URL(response.headers.get("location") ?? assert.fail("no redirect"), at).href;
    if (/callback/.test(new URL(at).pathname)) return new URL(at);
  }
  return assert.fail("never came back");
}

/**
 * Lines to paste: curl and the OpenAI SDK pointed at an address. Pure. Code begins in the first column, so
 * that it may be pasted as it is, and no line is longer than 80 columns.
 */
import type { Paint } from "../../terminal/text.ts";

/** What the lines call, and with which key. */
export interface PasteTarget {
  /** Base URL with `/v1`. */
  readonly url: string;
  readonly model: string;
  readonly proxyKey: string;
}

/** The three ways to call a proxy, each under its title. */
export function renderPaste(target: PasteTarget, paint: Paint): string {
  const block = (title: string, lines: readonly string[]) => ["", paint("cyan", title), "", ...lines];
  return [
    ...block("curl", curl(target)),
    ...block("JavaScript (npm install openai)", javaScript(target)),
    ...block("Python (pip install openai)", python(target)),
    "",
  ].join("\n");
}

/** What to set to serve keys of one's own. */
export function renderServe({ proxyKey }: Pick<PasteTarget, "proxyKey">, paint: Paint): string {
  return [
    paint("bold", "With your own keys"),
    "",
    "Put these lines into a file .env. Further keys are OPENAI_API_KEY_2, _3, …;",
    "other providers OPENROUTER_API_KEY, GROQ_API_KEY, … Clients send PROXY_API_KEY.",
    "",
    "OPENAI_API_KEY=<your key>",
    `PROXY_API_KEY=${proxyKey}`,
    "",
    "Start it in the same directory, then call it from anywhere:",
    "",
    "keyproxy serve --host 127.0.0.1",
    "",
  ].join("\n");
}

function curl({ url, model, proxyKey }: PasteTarget): string[] {
  return [
    `curl ${url}/chat/completions \\`,
    `  -H "Authorization: Bearer ${proxyKey}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"model": "${model}",`,
    `       "messages": [{"role": "user", "content": "Hello"}]}'`,
  ];
}

function javaScript({ url, model, proxyKey }: PasteTarget): string[] {
  return [
    `import OpenAI from "openai";`,
    `const client = new OpenAI({`,
    `  baseURL: "${url}",`,
    `  apiKey: "${proxyKey}",`,
    `});`,
    `const chat = await client.chat.completions.create({`,
    `  model: "${model}",`,
    `  messages: [{ role: "user", content: "Hello" }],`,
    `});`,
    `console.log(chat.choices[0].message.content);`,
  ];
}

function python({ url, model, proxyKey }: PasteTarget): string[] {
  return [
    `from openai import OpenAI`,
    `client = OpenAI(base_url="${url}",`,
    `                api_key="${proxyKey}")`,
    `chat = client.chat.completions.create(`,
    `    model="${model}",`,
    `    messages=[{"role": "user", "content": "Hello"}])`,
    `print(chat.choices[0].message.content)`,
  ];
}

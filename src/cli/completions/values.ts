/**
 * Values that a place of the command line can take. Quick, and quiet about whatever goes wrong: nobody is asked but
 * a server on this machine, and that one not for long.
 */
import type { AdminClient } from "../../app/admin_client.ts";
import { recallModels } from "../../app/seen_models.ts";
import { serverOf } from "../../app/server_place.ts";
import { readSetup, type Setup } from "../../app/setup.ts";
import { viewCredentials } from "../../app/credential_view.ts";
import process from "node:process";
import { z } from "zod";
import { ALL_SETTINGS } from "../../config/schema.ts";
import { EXPORT_FORMATS } from "../../credentials/oauth/grant_export.ts";
import { OAUTH_ROWS } from "../../credentials/oauth/rows.ts";
import { isLoopback } from "../../kernel/address.ts";
import { systemClock } from "../../kernel/clock.ts";
import { LOG_LEVELS } from "../../kernel/log.ts";
import { CATALOG } from "../../providers/catalog.ts";
import { TOOLS } from "../connect/tools.ts";
import type { Offer } from "./context.ts";

/** What the shell knows better. */
export type Paths = "files" | "folders";

const plain = (values: readonly string[]) => () => Promise.resolve(values.map((value) => ({ value, description: "" })));

/** By the name of an option, or of an argument after its command. */
const VALUES: Readonly<Record<string, Paths | (() => Promise<readonly Offer[]>)>> = {
  "--env-file": "files",
  "--output": "files",
  "--data-dir": "folders",
  "--from-folder": "folders",
  "--provider": configuredProviders,
  "--model": modelIds,
  "--host": plain(["127.0.0.1", "0.0.0.0"]),
  "--log-level": plain(LOG_LEVELS),
  "--log-format": plain(["pretty", "json"]),
  "--format": plain(EXPORT_FORMATS),
  "--from-tool": plain([...OAUTH_ROWS.flatMap(({ provider, toolName }) => toolName === null ? [] : [provider]), "all"]),
  "connect tool": () => Promise.resolve(TOOLS.map(({ id, name }) => ({ value: id, description: name }))),
  "creds add provider": catalog,
  "providers show provider": catalog,
  "creds check provider|id": providersAndCredentials,
  "creds remove id": credentials,
  "creds edit id": credentials,
  "creds reset id": credentials,
  "creds disable id": credentials,
  "creds enable id": credentials,
  "creds export which": () => providersAndCredentials().then((known) => [...known, { value: "all", description: "every login" }]),
  "logs show request": requests,
  "config get name": settingNames,
  "config set name=value": settingNames,
  "config unset name": settingNames,
};

/** Empty for what nothing is known of. */
export async function valuesOf(name: string): Promise<Paths | readonly Offer[]> {
  const known = VALUES[name];
  return typeof known === "function" ? await known() : known ?? [];
}

function catalog(): Promise<Offer[]> {
  return Promise.resolve(
    CATALOG.filter(({ operations }) => operations.length > 0).map(({ id, name }) => ({ value: id, description: name })),
  );
}

function settingNames(): Promise<Offer[]> {
  return Promise.resolve(ALL_SETTINGS.map(({ env, help }) => ({ value: env, description: help })));
}

async function setup(): Promise<Setup | undefined> {
  const read = await readSetup({ cwd: process.cwd(), env: process.env });
  return "problems" in read ? undefined : read;
}

async function views() {
  const read = await setup();
  if (read === undefined) return [];
  const { config, variables, sources } = read;
  return (await viewCredentials({ config, variables, cwd: sources.cwd, env: process.env, now: systemClock.now() })).views;
}

async function configuredProviders(): Promise<Offer[]> {
  const names = new Map((await views()).map(({ provider, providerName }) => [provider, providerName]));
  return [...names].map(([value, description]) => ({ value, description }));
}

async function credentials(): Promise<Offer[]> {
  return (await views()).map(({ provider, number, display }) => ({ value: `${provider}:${number}`, description: display }));
}

async function providersAndCredentials(): Promise<Offer[]> {
  return [...await configuredProviders(), ...await credentials()];
}

/** From the server's memory: a log on disk may be long. */
async function requests(): Promise<Offer[]> {
  const read = await setup();
  const server = read === undefined ? undefined : localServer(read);
  const recent = await server?.status(AbortSignal.timeout(LIMIT_MS)).then((report) => report.recent, () => []) ?? [];
  return [{ value: "last", description: "the newest" }, ...recent.toReversed().map(({ id, model }) => ({ value: id, description: model }))];
}

/** Whoever waits for a completion gives up soon. */
const LIMIT_MS = 300;
const LIST = z.object({ data: z.array(z.object({ id: z.string() })) });

/** From the running server, else as they were listed last. */
async function modelIds(): Promise<Offer[]> {
  const read = await setup();
  if (read === undefined) return [];
  const ids = await servedModels(read) ?? await recallModels(read.config.dataDir);
  return ids.map((value) => ({ value, description: "" }));
}

async function servedModels({ config }: Setup): Promise<string[] | undefined> {
  const server = localServer({ config });
  if (server === undefined) return undefined;
  const key = config.proxyKeys[0]?.reveal();
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  try {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const answer = await fetch(`${server.url}/v1/models?enriched=false`, { headers, signal, redirect: "error" });
    return LIST.parse(await answer.json()).data.map(({ id }) => id);
  } catch {
    return undefined;
  }
}

/** The server of this configuration when it is on this machine: completions leave it alone otherwise. */
function localServer({ config }: Pick<Setup, "config">): AdminClient | undefined {
  const server = serverOf({ config });
  return isLoopback(new URL(server.url).hostname.replace(/^\[|\]$/g, "")) ? server : undefined;
}

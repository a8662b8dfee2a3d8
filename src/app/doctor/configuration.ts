/** What the settings say: values that cannot be used, names nobody knows, and sources that contradict each other. Pure. */
import { basename } from "node:path";
import type { FullReading, Sources } from "../../config/load.ts";
import { describeProblem, type Problem } from "../../config/problem.ts";
import { ENV_FILE } from "../../config/schema.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { ofWarning } from "./own_warnings.ts";

const { ok, note, warning, error } = findingsOf("configuration");

export interface ConfigurationFacts {
  readonly sources: Pick<Sources, "env" | "files" | "envFile">;
  readonly reading: Pick<FullReading, "problems" | "warnings" | "variables">;
}

/** Everything that is wrong with the settings. */
export function judgeConfiguration({ sources, reading }: ConfigurationFacts): Finding[] {
  const found = [
    ...reading.problems.map((problem) => error(describeProblem(problem), fixOfProblem(problem))),
    ...reading.warnings.filter((it) => !isJudgedElsewhere(it)).map((it) =>
      ofWarning(it, { area: "configuration", variables: reading.variables })
    ),
    ...disagreements(sources),
    ...overrides(sources),
  ];
  return found.some(({ level }) => level === "error" || level === "warning") ? found : [ok(settingsAreFrom(sources)), ...found];
}

function settingsAreFrom({ files, envFile }: ConfigurationFacts["sources"]): string {
  const names = files.map(({ path }) => basename(path));
  return names.length === 0
    ? `No ${basename(envFile)} here: only the environment is used`
    : `Settings are from ${names.join(", ")} and the environment`;
}

function fixOfProblem({ variable, file, line }: Problem): string {
  if (variable === ENV_FILE.flag.name) return "Name a file that exists and can be read";
  if (file !== undefined) return line === undefined ? `Correct or remove ${file}` : `Correct line ${line} of ${file}`;
  return variable.startsWith("-") ? `Correct ${variable}` : `unset ${variable}`;
}

/** The proxy key has an area of its own. */
function isJudgedElsewhere(text: string): boolean {
  return text.startsWith("PROXY_API_KEY still holds");
}

/** Names that two files give different values. The files come strongest first. */
function disagreements({ files }: Pick<Sources, "files">): Finding[] {
  const first = new Map<string, { readonly value: string; readonly path: string }>();
  return files.flatMap(({ path, variables }) =>
    Object.entries(variables).flatMap(([name, value]) => {
      if (value.trim() === "") return [];
      const known = first.get(name);
      if (known === undefined) first.set(name, { value, path });
      return known === undefined || known.value === value ? [] : [
        warning(
          `${name} differs between ${basename(known.path)} and ${basename(path)}: the one in ${basename(known.path)} counts`,
          `Remove ${name} from ${path}`,
        ),
      ];
    })
  );
}

/** Names of files that the environment gives another value. */
function overrides({ env, files }: Pick<Sources, "env" | "files">): Finding[] {
  const seen = new Set<string>();
  return files.flatMap(({ path, variables }) =>
    Object.entries(variables).flatMap(([name, value]) => {
      const outer = env[name]?.trim() ?? "";
      if (seen.has(name) || outer === "" || value.trim() === "" || outer === value.trim()) return [];
      seen.add(name);
      return [note(`The environment's ${name} is used instead of the one in ${basename(path)}`, `unset ${name}`)];
    })
  );
}

/** The address of a running server, as it is given with `--url`. */
import { usage } from "../terminal/stop.ts";

/** The address without a path, as servers are asked under it; undefined when none is given. Stops for what is none. */
export function checkedUrl(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    throw usage(`Cannot use --url "${url}": expected an address such as http://127.0.0.1:8000`);
  }
  return url.replace(/\/+$/, "").replace(/\/v1(beta)?$/, "");
}

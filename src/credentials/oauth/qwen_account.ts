/**
 * What a Qwen login needs beyond tokens: nothing but the host to call, which came with them. It is tidied
 * here and judged where it is used: a grant never decides alone where its token goes.
 */
import type { Completion } from "./flow.ts";

/** A grant of Qwen can always be used: there is no account to ask for, and no host means the default one. */
export const QWEN_COMPLETION: Completion = {
  isComplete: () => true,
  complete(grant) {
    const resourceUrl = grant.resourceUrl?.trim().replace(/\/+$/, "") || null;
    return Promise.resolve(resourceUrl === grant.resourceUrl ? grant : { ...grant, resourceUrl });
  },
};

/** The groups that help shows commands in, in this order. */
export const GROUPS = { serve: "Serve:", keys: "Keys:", look: "Look:", setUp: "Set up:" } as const;

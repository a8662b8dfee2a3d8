/** Exit codes: 0 ok, 1 failed, 2 usage or configuration, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;

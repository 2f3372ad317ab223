/** Workers of a command, where `--parallel` says nothing. */
export const DEFAULT_WORKERS = 2

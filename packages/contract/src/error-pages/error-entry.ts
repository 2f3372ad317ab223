/** What is known of an error: its exit code, HTTP status, retry class and page. */
export interface ErrorEntry {
  readonly title: string
  /** What it means and why Tidemark stops, for `explain`. */
  readonly meaning: string
  /** What to do, one step a line. */
  readonly remedy: readonly string[]
  /** never: a person must act · again: the same command may succeed · resume: `resume` continues where it stopped */
  readonly retry: 'never' | 'again' | 'resume'
  readonly exit: 1 | 2 | 3
  /** it is about rows that can be kept out, so that the others land: a policy may quarantine them */
  readonly aboutRows?: true
  readonly http: 400 | 404 | 409 | 422 | 500 | 503
}

export const definition = { retry: 'never', exit: 2, http: 400 } as const
export const failed = { retry: 'resume', exit: 1, http: 500 } as const
export const held = { retry: 'again', exit: 3, http: 409 } as const

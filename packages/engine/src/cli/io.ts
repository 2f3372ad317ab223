import type { Config } from '../runtime/config.ts'

/** The world as a command sees it: handed to `main`, so that a test can hand over another one. */
export interface Output {
  write(text: string): unknown
}

export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: NodeJS.ReadableStream
  /** the environment, and below it the `.env` of a project's folder */
  readonly configOf: (projectDir: string | null) => Config
  /** which of the three is a terminal */
  readonly isTty: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** width of the terminal now; it may be resized while a command runs */
  readonly columns: () => number
  readonly cwd: string
  readonly now: () => Temporal.Instant
  /** IANA zone that times are shown in */
  readonly zone: string
  /** Called for SIGINT and SIGTERM until the returned function is called. */
  readonly onStop: (listener: () => void) => () => void
  /** Ends the process at once: for a person who asks a third time. */
  readonly exit: (code: number) => void
}

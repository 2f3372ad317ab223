import type { App } from '../app/app.ts'
import type { Config } from '../runtime/config.ts'

export interface OpenAppOptions {
  readonly projectDir: string
  readonly actor: string
  /** the command line as typed, for the audit */
  readonly command: string
  readonly config: Config
  /** Roll back the batches in flight instead of finishing them. */
  readonly hardSignal: AbortSignal
}

export interface DemoOptions {
  /** new or empty folder to play in; null: a new one that is named at the end */
  readonly project: string | null
  /** the tree of files to move; null: the packages that Tidemark itself is installed with */
  readonly files: string | null
  /** narrates; text with its line ends */
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

/** What stands behind the command line. Each member loads its code when it is first called: start-up time counts. */
export interface Backend {
  openApp(options: OpenAppOptions): Promise<App>
  /** Plays the whole story on real files; how many differences the final comparison found. */
  runDemo(options: DemoOptions): Promise<{ readonly project: string; readonly differences: bigint }>
  /** Makes a DuckDB file and runs statements in it. */
  makeDatabase(path: string, statements: readonly string[]): Promise<void>
  /** The statements that make and upgrade a control store, as text. */
  migrationSql(): Promise<string>
}

export const engineBackend: Backend = {
  openApp: async (options) => (await import('../app/wire.ts')).openApp(options),
  runDemo: async (options) => (await import('../demo/run-demo.ts')).runDemo(options),
  makeDatabase: async (path, statements) => (await import('../app/make-database.ts')).makeDatabase(path, statements),
  migrationSql: async () => (await import('../app/migration-sql.ts')).migrationSql(),
}

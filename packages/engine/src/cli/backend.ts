import type { DoctorDocument } from '@tidemark/contract/api'
import type { App } from '../app/app.ts'
import type { DemoDocument } from '../demo/demo-document.ts'
import type { DemoOptions } from '../demo/run-demo.ts'
import type { AppError } from '../runtime/app-error.ts'
import type { Config } from '../runtime/config.ts'

export interface OpenAppOptions {
  readonly projectDir: string
  readonly actor: string
  /** the command line as typed, for the audit */
  readonly command: string
  readonly config: Config
  /** Roll back the batches in flight instead of finishing them. */
  readonly hardSignal: AbortSignal
  readonly keepsBytes: boolean
}

/** What stands behind the command line. Each member loads its code when it is first called: start-up time counts. */
export interface Backend {
  openApp(options: OpenAppOptions): Promise<App>
  /** Looks at everything a run relies on; given why there is no project, at what is left. */
  diagnose(options: OpenAppOptions | AppError): Promise<DoctorDocument>
  /** Plays the whole story on real files; which runs it took, and how many differences the final comparison found. */
  runDemo(options: DemoOptions): Promise<DemoDocument>
  /** Makes a DuckDB file and runs statements in it. */
  makeDatabase(path: string, statements: readonly string[]): Promise<void>
  /** The statements that make and upgrade a control store, as text. */
  migrationSql(): Promise<string>
}

export const engineBackend: Backend = {
  openApp: async (options) => (await import('../app/wire.ts')).openApp(options),
  diagnose: async (options) => (await import('../app/diagnose.ts')).diagnose(options),
  runDemo: async (options) => (await import('../demo/run-demo.ts')).runDemo(options),
  makeDatabase: async (path, statements) => (await import('../app/make-database.ts')).makeDatabase(path, statements),
  migrationSql: async () => (await import('../app/migration-sql.ts')).migrationSql(),
}

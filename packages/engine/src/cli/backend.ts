import type { App } from '../app/app.ts'
import type { Io } from './io.ts'

export interface OpenAppOptions {
  readonly projectDir: string
  readonly actor: string
  /** the command line as typed, for the audit */
  readonly command: string
  readonly env: Io['env']
  /** Roll back the batches in flight instead of finishing them. */
  readonly hardSignal: AbortSignal
}

/** What stands behind the command line. Each member loads its code when it is first called: start-up time counts. */
export interface Backend {
  openApp(options: OpenAppOptions): Promise<App>
  /** The statements that make and upgrade a control store, as text. */
  migrationSql(): Promise<string>
}

export const engineBackend: Backend = {
  openApp: async (options) => (await import('../app/wire.ts')).openApp(options),
  migrationSql: async () => (await import('../app/migration-sql.ts')).migrationSql(),
}

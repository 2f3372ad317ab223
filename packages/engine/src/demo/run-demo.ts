/** `tidemark demo`: a real tree of files is moved, changed, interrupted, and compared. Read this first: every line is an act. */
import { AppError } from '../runtime/app-error.ts'
import { comparison } from './acts/comparison.ts'
import { delta } from './acts/delta.ts'
import { initialLoad } from './acts/initial-load.ts'
import { killAndResume } from './acts/kill-and-resume.ts'
import { lateCommit } from './acts/late-commit.ts'
import { readFiles } from './acts/read-files.ts'
import { rewind } from './acts/rewind.ts'
import { scopedRun } from './acts/scoped-run.ts'
import { freeName } from './changes.ts'
import { CommandLine } from './command-line.ts'
import type { DemoDocument } from './demo-document.ts'
import { commandIn, defaultProject } from './demo-folder.ts'
import type { DemoDatabase } from './demo-database.ts'
import { installedPackages } from './installed-packages.ts'
import { type DemoStyle, Narrator } from './narrator.ts'
import { positionOf } from './stage.ts'

export interface DemoOptions {
  readonly cwd: string
  /** new or empty folder to play in, or one that a demo made; null: `defaultProject` */
  readonly project: string | null
  /** the tree of files to move; null: the packages that Tidemark itself is installed with */
  readonly files: string | null
  /** plays on PostgreSQL: in the database of that URL, or on a server of its own; null: on DuckDB */
  readonly postgres: { readonly url: string | null } | null
  /** narrates; text with its line ends */
  readonly say: (text: string) => void
  readonly style: DemoStyle
  readonly signal: AbortSignal
}

/** Plays the whole story. An act that does not do what it says throws TM9002; differences at the end are counted. */
export async function runDemo(options: DemoOptions): Promise<DemoDocument> {
  const { cwd, files, say, style, signal } = options
  const project = options.project ?? defaultProject(cwd)
  const narrator = new Narrator(say, style)
  narrator.line(`A tree of files moves from one database to another. The project is ${project}.`)

  await using database = await openDatabase(options, project, narrator)
  await readFiles({ root: files ?? installedPackages(), project, database, signal }, narrator)
  const arrivals = await database.inOffice((office) => freeName(office, 'arrived in november'))
  const tidemark = new CommandLine(project, signal)
  const stage = { database, narrator, tidemark, arrivals }

  await initialLoad(stage)
  const loaded = positionOf(await tidemark.watermarks())
  if (loaded === null) throw new AppError('TM9002', 'the initial load left no watermark')
  await delta(stage)
  await lateCommit(stage)
  await killAndResume(stage)
  await scopedRun(stage)
  await rewind(stage, loaded)
  const differences = await comparison(database, narrator)
  return { project, command: commandIn(project), acts: narrator.runs, differences, stays: database.stays }
}

/** The driver of the one that is asked for is loaded, and no other. */
async function openDatabase(
  { postgres, cwd }: DemoOptions,
  project: string,
  narrator: Narrator,
): Promise<DemoDatabase> {
  if (postgres === null) return (await import('./duckdb/duckdb-database.ts')).openDuckdbDatabase(project)
  const { openPostgresDatabase } = await import('./postgres/postgres-database.ts')
  return await openPostgresDatabase(postgres.url, cwd, narrator)
}

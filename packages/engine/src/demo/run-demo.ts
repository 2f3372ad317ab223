/** `tidemark demo`: a real tree of files is moved, changed, interrupted, and compared. Read this first: every line is an act. */
import { AppError } from '../runtime/app-error.ts'
import { comparison } from './acts/comparison.ts'
import { delta } from './acts/delta.ts'
import { initialLoad } from './acts/initial-load.ts'
import { killAndResume } from './acts/kill-and-resume.ts'
import { readFiles } from './acts/read-files.ts'
import { rewind } from './acts/rewind.ts'
import { scopedRun } from './acts/scoped-run.ts'
import { freeName } from './changes.ts'
import { CommandLine } from './command-line.ts'
import type { DemoDocument } from './demo-document.ts'
import { commandIn, defaultProject } from './demo-folder.ts'
import { installedPackages } from './installed-packages.ts'
import { type DemoStyle, Narrator } from './narrator.ts'
import { inOffice } from './office.ts'
import { positionOf } from './stage.ts'

export interface DemoOptions {
  readonly cwd: string
  /** new or empty folder to play in, or one that a demo made; null: `defaultProject` */
  readonly project: string | null
  /** the tree of files to move; null: the packages that Tidemark itself is installed with */
  readonly files: string | null
  /** narrates; text with its line ends */
  readonly say: (text: string) => void
  readonly style: DemoStyle
  readonly signal: AbortSignal
}

/** Plays the whole story. An act that does not do what it says throws TM9002; differences at the end are counted. */
export async function runDemo({ cwd, project: given, files, say, style, signal }: DemoOptions): Promise<DemoDocument> {
  const project = given ?? defaultProject(cwd)
  const narrator = new Narrator(say, style)
  narrator.line(`A tree of files moves from one database to another. The project is ${project}.`)

  await readFiles({ root: files ?? installedPackages(), project, signal }, narrator)
  const arrivals = await inOffice(project, (office) => freeName(office, 'arrived in november'))
  const tidemark = new CommandLine(project, signal)
  const stage = { project, narrator, tidemark, arrivals }

  await initialLoad(stage)
  const loaded = positionOf(await tidemark.watermarks())
  if (loaded === null) throw new AppError('TM9002', 'the initial load left no watermark')
  await delta(stage)
  await killAndResume(stage)
  await scopedRun(stage)
  await rewind(stage, loaded)
  const differences = await comparison(project, narrator)
  return { project, command: commandIn(project), acts: narrator.runs, differences }
}

import { AppError } from '../../runtime/app-error.ts'
import type { DemoDatabase, LoadReport } from '../demo-database.ts'
import { makeProject } from '../demo-folder.ts'
import { count, counted, megabytes, type Narrator } from '../narrator.ts'
import { COUNTED_BEYOND, DEMO_LIMITS, type LeftOut, readTree } from '../read-tree.ts'

export interface ReadRequest {
  readonly root: string
  readonly project: string
  readonly database: DemoDatabase
  readonly signal: AbortSignal
}

/** Makes the project, and its source from a directory tree. */
export async function readFiles({ root, project, database, signal }: ReadRequest, narrator: Narrator): Promise<void> {
  narrator.act('A tree of real files')
  narrator.text(`reading ${root} …`)
  // first of all, so that a mistyped folder costs nobody the project of a former demo
  const tree = await readTree(root, DEMO_LIMITS, project, signal).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined || error instanceof AppError) throw error
    throw new AppError('TM1002', `--files ${root} cannot be read (${error.code})`, { cause: error })
  })
  await makeProject(project, database.definitions)
  const report = await database.load(tree, signal)
  if (report.files === 0) throw new AppError('TM1002', `--files ${root} holds no file that can be read`)
  narrator.text(
    ...sourceText(report, database.place),
    leftOutText({ ...tree.leftOut, unreadable: tree.leftOut.unreadable + report.unreadable }),
  )
}

const sourceText = ({ files, folders, bytes, levels }: LoadReport, place: string): readonly string[] => [
  `${counted(files, 'file')} in ${counted(folders, 'folder')}, ${megabytes(bytes)}, ${counted(levels, 'level')} deep,`,
  `are rows of a table now, as a FileTable of SQL Server has them: name, place, content (${place}).`,
  'A second table, metadata, has when each was modified and which business unit owns it.',
]

function leftOutText(n: LeftOut): string {
  const parts = [
    [n.large, `above ${DEMO_LIMITS.fileBytes / 1024 / 1024} MiB`],
    [n.links, 'symbolic links'],
    [n.special, 'sockets and devices'],
    [n.unreadable, 'unreadable'],
    [
      n.beyond,
      `${n.beyond < COUNTED_BEYOND ? '' : 'and more '}beyond the demo's limit of ${count(DEMO_LIMITS.files)} files or ${megabytes(DEMO_LIMITS.bytes)}`,
    ],
  ] as const
  const some = parts.filter(([many]) => many > 0).map(([many, what]) => `${count(many)} ${what}`)
  return some.length === 0 ? 'nothing was left out' : `left out: ${some.join(', ')}`
}

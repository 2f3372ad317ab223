/** Where a run that takes a snapshot may die, and how it does. */
import { expect } from 'vitest'
import { FAILPOINTS, HOT_FAILPOINTS, SNAPSHOT_FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { emptyProject, PROJECT_YAML, type Project } from '../e2e/project.ts'

/** what such a run does not come by */
const OTHERS = ['lease:after', 'spool:extracted', 'settle:swapped']
export const POINTS = [...FAILPOINTS, ...SNAPSHOT_FAILPOINTS]
  .filter((point) => !OTHERS.includes(point))
  .flatMap((point) => (point.startsWith('batch:') ? [point, `${point}:3`] : [point]))

/** Those of a run whose target keeps the snapshot too, and those on both sides of them. */
export const HOT_POINTS = [
  'snapshot:spooled',
  'capture:stored',
  ...HOT_FAILPOINTS,
  'batch:begun',
  'batch:recorded',
  'settle:target-done',
  'settle:after',
  'snapshot:kept',
]

/** A flow `m.t` whose source has changed since its first run; `more`: of the flow. */
export const changedSince = (more: string, ...changes: readonly string[]): Promise<Project> =>
  changedInto({ target: '{ kind: duckdb, path: data/b.duckdb }' }, more, ...changes)

export interface Into {
  readonly target: string
  /** of the project */
  readonly env?: string
  /** `m.t` may keep its snapshots there */
  readonly capture?: string
}

/** The same with another connection as its target. */
export async function changedInto(
  { target, env = '', capture = 'snapshot' }: Into,
  more: string,
  ...changes: readonly string[]
): Promise<Project> {
  const p = emptyProject()
  if (env !== '') p.write('.env', env)
  p.write('tidemark.yaml', PROJECT_YAML.replace('{ kind: duckdb, path: data/b.duckdb }', target))
  p.write(
    'modules/m.yaml',
    `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: ${capture}
      batch: { rows: 2 }
${more}`,
  )
  await p.duckdb('data/a.duckdb', "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(12) t(i)")
  await p.ok('run', 'm.t', '--deploy')
  await p.duckdb(
    'data/a.duckdb',
    "UPDATE src SET name = 'other' WHERE id IN (1, 2, 3, 4)",
    "INSERT INTO src VALUES (20, 'n20'), (21, 'n21')",
    ...changes,
  )
  return p
}

export async function died(p: Project, point: string): Promise<void> {
  const child = p.child(['run', 'm.t', '--parallel', '1'], { TIDEMARK_FAILPOINT: point })
  expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
}

/** Installations of plain rows, translated, and their flows as `check` reads them. */
import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect } from 'vitest'
import type { PlainRow } from '../../src/app/import/blob-delta-reader.ts'
import { readInstallation } from '../../src/app/import/read-installation.ts'
import { type Imported, translateInstallation } from '../../src/app/import/translate-installation.ts'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, NO_ROWS } from '../definition/definition-texts.ts'
import { configured, highWater, type PlainInstallation, plainReader, RUN_PROCEDURE } from './plain-installation.ts'

const PROJECT = 'project: test\nconnections:\n  office: { kind: duckdb, path: office.duckdb }\n'
export const GWENT = 'Gwent_LA_FileTable'
export const TABLE = `${GWENT}.dbo.Letters`

export const imported = async (installation: PlainInstallation): Promise<Imported> =>
  translateInstallation(await readInstallation(plainReader(installation)), {
    connection: 'office',
    database: 'BlobDeltaJobs',
  })

/** The flows of the modules as `check` reads them; throws what it would refuse. */
export function flowsOf({ modules }: Imported): readonly FlowSpec[] {
  const rows = deployed(
    modules.map((m) => m.yaml),
    NO_ROWS,
    PROJECT,
  )
  const { flows, problems } = resolveCatalog(rows, CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  return flows
}

export const told = ({ differences }: Imported, kind: string): readonly string[] =>
  differences.filter((d) => d.kind === kind).map((d) => `${d.subjects.join(', ')}: ${d.was} → ${d.now}`)

/** One table with these scripts. */
export const letters = (scripts: readonly PlainRow[], more: Readonly<Record<string, readonly PlainRow[]>> = {}) =>
  imported({
    tables: {
      BlobDeltaTableConfig: [configured({ target: GWENT, name: 'Letters' })],
      BlobDeltaHighWatermark: [highWater(TABLE, null)],
      BlobDeltaStepScript: scripts,
      ...more,
    },
    procedures: [RUN_PROCEDURE],
    units: { [`${GWENT}.dbo.LA_BU`]: ['A', 'B'] },
  })

export const letter = async (
  scripts: readonly PlainRow[],
  more: Readonly<Record<string, readonly PlainRow[]>> = {},
) => {
  const done = await letters(scripts, more)
  const [flow] = flowsOf(done)
  if (flow === undefined) throw new Error('there is no flow')
  return { done, flow }
}

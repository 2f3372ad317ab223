/** The whole import on a project, its flows on DuckDB: three-part names there are tables of a schema `database.schema`. */
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { App, ImportOptions } from '../../src/app/app.ts'
import type { PlainRow } from '../../src/app/import/blob-delta-reader.ts'
import { openApp } from '../../src/app/wire.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { readConfig } from '../../src/runtime/config.ts'
import { RUN } from '../support/project-folder.ts'
import {
  configured,
  highWater,
  type PlainInstallation,
  plainReader,
  RUN_PROCEDURE,
  STANDARD_SCRIPTS,
} from '../support/plain-installation.ts'

const GWENT = 'Gwent_LA_FileTable'
const [FIRST, SECOND] = ['2026-11-02 08:00:00.0000000', '2026-11-03 08:00:00.0000000']
const UNIT = '1a000000-0000-0000-0000-000000000001'
const OTHER_UNIT = '2b000000-0000-0000-0000-000000000002'

const SEED = [
  ...['AdvancedRBSBlob_WCCIS', 'AdvancedRBS_MetaData', 'AdvancedRBS_Forms', GWENT].map(
    (database) => `CREATE SCHEMA "${database}.dbo"`,
  ),
  ...['Letters', 'Referral'].flatMap((name) => [
    `CREATE TABLE "AdvancedRBSBlob_WCCIS.dbo"."${name}" (stream_id UUID, file_stream BLOB, name VARCHAR, path_locator VARCHAR,
       parent_path_locator VARCHAR, is_directory BOOLEAN)`,
    `CREATE TABLE "${GWENT}.dbo"."${name}" (stream_id UUID, file_stream BLOB, name VARCHAR, path_locator VARCHAR, is_directory BOOLEAN)`,
    `CREATE TABLE "AdvancedRBS_MetaData.dbo"."cw_${name.toLowerCase()}Base" ("cw_${name.toLowerCase()}Id" UUID, ModifiedOn TIMESTAMP,
       OwningBusinessUnit UUID)`,
  ]),
  `CREATE TABLE "${GWENT}.dbo".LA_BU (businessunit UUID)`,
  `INSERT INTO "${GWENT}.dbo".LA_BU VALUES ('${UNIT}'), ('${OTHER_UNIT}')`,
  `INSERT INTO "AdvancedRBSBlob_WCCIS.dbo"."Letters" VALUES
     (uuid_of(1), NULL, 'a', '/1/', NULL, true), (uuid_of(2), 'x', 'b', '/1/2/', '/1/', false), (uuid_of(3), 'y', 'c', '/1/3/', '/1/', false)`,
  `INSERT INTO "AdvancedRBS_MetaData.dbo"."cw_lettersBase" VALUES (uuid_of(1), '2026-11-01', '${UNIT}'),
     (uuid_of(2), '2026-11-02 03:00:00', '${UNIT}'), (uuid_of(3), '2026-11-04', '${OTHER_UNIT}')`,
  `INSERT INTO "${GWENT}.dbo"."Letters" VALUES (uuid_of(1), NULL, 'a', '/1/', true), (uuid_of(2), 'x', 'delivered earlier', '/1/2/', false)`,
]
const UUID_OF = "CREATE TEMP MACRO uuid_of(n) AS ('00000000-0000-0000-0000-00000000000' || n)::UUID"

const installation = (positions: readonly (string | null)[], more: readonly PlainRow[] = []): PlainInstallation => ({
  tables: {
    BlobDeltaTableConfig: ['Letters', 'Referral'].map((name) => configured({ target: GWENT, name })),
    BlobDeltaHighWatermark: [
      highWater(`${GWENT}.dbo.Letters`, positions[0] ?? null, { BusinessUnitId: null }),
      highWater(`${GWENT}.dbo.Letters`, positions[1] ?? null, { BusinessUnitId: UNIT.toUpperCase() }),
      highWater(`${GWENT}.dbo.Referral`, positions[2] ?? null, { BusinessUnitId: null }),
      ...more,
    ],
    BlobDeltaStepScript: STANDARD_SCRIPTS,
  },
  procedures: [RUN_PROCEDURE],
  units: { [`${GWENT}.dbo.LA_BU`]: [UNIT, OTHER_UNIT] },
})

class ImportWorld implements AsyncDisposable {
  readonly #folder: { readonly path: string } & Disposable
  installation: PlainInstallation

  private constructor(folder: { readonly path: string } & Disposable, given: PlainInstallation) {
    this.#folder = folder
    this.installation = given
  }

  static async make(given: PlainInstallation): Promise<ImportWorld> {
    const world = new ImportWorld(mkdtempDisposableSync(join(tmpdir(), 'tidemark-import-')), given)
    mkdirSync(join(world.dir, 'modules'))
    writeFileSync(
      join(world.dir, 'tidemark.yaml'),
      'project: test\ncontrol: sqlite:control.db\nengine: { temp: tmp }\nconnections:\n  office: { kind: duckdb, path: office.duckdb }\n',
    )
    await world.duckdb(UUID_OF, ...SEED)
    return world
  }

  get dir(): string {
    return this.#folder.path
  }

  async duckdb(...statements: readonly string[]): Promise<readonly (readonly (string | null)[])[]> {
    const limits = { memoryBytes: null, threads: null, tempDir: null }
    await using file = await openDuckdbFile(join(this.dir, 'office.duckdb'), 'write', limits)
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    let rows: readonly (readonly (string | null)[])[] = []
    for (const statement of statements) rows = await session.rows(statement)
    await session.run('USE memory')
    return rows
  }

  async app<T>(use: (app: App) => Promise<T>): Promise<T> {
    await using app = await openApp({
      projectDir: this.dir,
      actor: 'ada',
      command: 'tidemark import blobdelta',
      config: readConfig(null, {}),
      hardSignal: new AbortController().signal,
      openBlobDelta: async () => plainReader(this.installation),
    })
    return await use(app)
  }

  import(options: Partial<ImportOptions> = {}) {
    const given = { connection: 'office', database: 'BlobDeltaJobs', deploy: false, dir: null, ...options }
    return this.app((app) => app.importBlobDelta(given))
  }

  async audit(): Promise<readonly { actor: string; action: string; subject: string; reason: string | null }[]> {
    await using store = await openControlStore('sqlite:control.db', { projectDir: this.dir, readOnly: false })
    return (await store.ledger.listAudit(20)).map(({ actor, action, subject, reason }) => ({
      actor,
      action,
      subject,
      reason,
    }))
  }

  watermarks() {
    return this.app(async (app) =>
      (await app.watermarks()).watermarks.map(({ flow, scope, position }) => ({ flow, scope, position })),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#folder[Symbol.dispose]()
  }
}

const LETTERS = 'gwent_la_file-table.letters'
const REFERRAL = 'gwent_la_file-table.referral'

test('an import writes nothing into the control tables until it is asked to', async () => {
  await using w = await ImportWorld.make(installation([FIRST, SECOND, FIRST]))
  const found = await w.import()
  expect(found).toMatchObject({
    deployed: false,
    watermarks: [{ state: 'found' }, { state: 'found' }, { state: 'found' }],
  })
  expect(found.modules[0]?.yaml).toContain('module: gwent_la_file-table')
  expect(await w.watermarks()).toEqual([])
  await expect(w.app((app) => app.run(RUN, () => {}, new AbortController().signal))).rejects.toMatchObject({
    code: 'TM1003',
  })
})

test('the YAML of an import passes check beside the project', async () => {
  await using w = await ImportWorld.make(installation([FIRST, SECOND, FIRST]))
  const { modules } = await w.import({ dir: join(w.dir, 'modules') })
  for (const { file, yaml } of modules) writeFileSync(file ?? '', yaml)
  expect(await w.app((app) => app.check())).toEqual({ connections: 1, modules: 1, flows: 2, warnings: [] })
  // deployed as what the project's YAML says
  await w.import({ dir: join(w.dir, 'modules'), deploy: true })
  expect(await w.app((app) => app.compare(null))).toEqual({ undeployed: [], editedByHand: [] })
})

test('an import that is deployed keeps every watermark with who and why, and runs go on from there', async () => {
  await using w = await ImportWorld.make(installation([FIRST, SECOND, FIRST]))
  const done = await w.import({ deploy: true })
  expect(done.watermarks.map(({ state }) => state)).toEqual(['written', 'written', 'written'])
  expect(await w.watermarks()).toEqual([
    { flow: LETTERS, scope: {}, position: '2026-11-02 08:00:00' },
    { flow: LETTERS, scope: { business_unit: UNIT }, position: '2026-11-03 08:00:00' },
    { flow: REFERRAL, scope: {}, position: '2026-11-02 08:00:00' },
  ])
  expect((await w.audit()).filter(({ action }) => action === 'rewind')).toEqual(
    Array.from({ length: 3 }, () => ({
      actor: 'ada',
      action: 'rewind',
      subject: expect.stringMatching(/^watermark gwent_la_file-table\./),
      reason: 'imported from BlobDeltaJobs of connection office',
    })),
  )
  // nothing is said to be missing in the YAML of a project that has none
  expect(await w.app((app) => app.compare(null))).toEqual({ undeployed: [], editedByHand: [] })
  const { runs } = await w.app((app) => app.run({ ...RUN, flows: [LETTERS] }, () => {}, new AbortController().signal))
  // from the watermark less the buffer of four hours
  expect(runs).toMatchObject([
    { status: 'succeeded', window: { after: '2026-11-02 03:59:59.999999' }, rows: { inserted: 1, updated: 0 } },
  ])
  expect(await w.duckdb(`SELECT name FROM "${GWENT}.dbo"."Letters" ORDER BY path_locator`)).toEqual([
    ['a'],
    ['delivered earlier'],
    ['c'],
  ])
})

test('an import that is repeated finds its watermarks equal, and changes nothing', async () => {
  await using w = await ImportWorld.make(installation([FIRST, SECOND, FIRST]))
  await w.import({ deploy: true })
  const before = [await w.watermarks(), (await w.audit()).length]
  const again = await w.import({ deploy: true })
  expect(again.watermarks.map(({ state }) => state)).toEqual(['there', 'there', 'there'])
  expect([await w.watermarks(), (await w.audit()).length]).toEqual(before)
})

test('a watermark that is there already is not written over, and nothing else is written either', async () => {
  await using w = await ImportWorld.make(installation([FIRST, null, null]))
  await w.import({ deploy: true })
  const before = [await w.watermarks(), (await w.audit()).length]
  w.installation = installation([SECOND, SECOND, SECOND])
  await expect(w.import({ deploy: true })).rejects.toMatchObject({
    code: 'TM1042',
    detail: `${LETTERS} {} has 2026-11-02 08:00:00, the installation 2026-11-03 08:00:00`,
  })
  expect([await w.watermarks(), (await w.audit()).length]).toEqual(before)
})

test('an installation at work is not deployed, and can be looked at', async () => {
  const running = highWater(`${GWENT}.dbo.Referral`, null, { IsRunning: '1', BusinessUnitId: UNIT })
  await using w = await ImportWorld.make(installation([FIRST, null, null], [running]))
  await expect(w.import({ deploy: true })).rejects.toMatchObject({ code: 'TM1043', detail: `${GWENT}.dbo.Referral` })
  expect((await w.import()).modules).toHaveLength(1)
  expect(await w.watermarks()).toEqual([])
})

test('a watermark from the future is refused with its flow, and nothing is written', async () => {
  await using w = await ImportWorld.make(installation([FIRST, null, '2999-01-01 00:00:00.0000000']))
  await expect(w.import({ deploy: true })).rejects.toMatchObject({
    code: 'TM3008',
    detail: expect.stringContaining(REFERRAL),
  })
  expect(await w.watermarks()).toEqual([])
})

test('a connection that is not defined, or is no SQL Server, is refused', async () => {
  await using w = await ImportWorld.make(installation([FIRST]))
  await expect(w.import({ connection: 'ofice' })).rejects.toMatchObject({
    code: 'TM1013',
    detail: expect.stringContaining('did you mean office?'),
  })
  const plain = await openApp({
    projectDir: w.dir,
    actor: 'ada',
    command: 'test',
    config: readConfig(null, {}),
    hardSignal: new AbortController().signal,
  })
  await using app = plain
  await expect(
    app.importBlobDelta({ connection: 'office', database: 'BlobDeltaJobs', deploy: false, dir: null }),
  ).rejects.toMatchObject({
    code: 'TM1041',
    detail: 'connection office is of kind duckdb: an installation is on SQL Server',
  })
})

/** The reader of an installation on a server that speaks TDS; skipped, by name, where TIDEMARK_TEST_SQLSERVER names none. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BlobDeltaReader } from '../../src/app/import/blob-delta-reader.ts'
import { readInstallation } from '../../src/app/import/read-installation.ts'
import { openReader } from '../../src/app/import/open-reader.ts'
import { translateInstallation } from '../../src/app/import/translate-installation.ts'
import { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { sqlServerOptionsOf } from '../../src/drivers/sqlserver-url.ts'
import { EXCLUDED, PARENTS_SCRIPT, windowScript } from '../support/plain-installation.ts'

const SERVER = process.env['TIDEMARK_TEST_SQLSERVER']
const DATABASE = `tidemark_import_${randomBytes(4).toString('hex')}`
const UNIT = '1A000000-0000-0000-0000-000000000001'

const text = (value: string): string => `N'${value.replaceAll("'", "''")}'`

const INSTALLATION = [
  `CREATE TABLE dbo.BlobDeltaTableConfig (
    TableName sysname NOT NULL PRIMARY KEY, SourceDatabase sysname NOT NULL, SourceSchema sysname NOT NULL,
    SourceTable sysname NOT NULL, TargetDatabase sysname NOT NULL, TargetSchema sysname NOT NULL, TargetTable sysname NOT NULL,
    MetadataDatabase sysname NOT NULL, MetadataSchema sysname NOT NULL, MetadataTable sysname NOT NULL,
    MetadataIdColumn sysname NOT NULL, MetadataModifiedOnCol sysname NOT NULL, SafetyBufferMinutes int NOT NULL,
    IncludeUpdatesInDelta bit NOT NULL, IncludeDeletesInDelta bit NOT NULL, IsActive bit NOT NULL)`,
  `INSERT INTO dbo.BlobDeltaTableConfig VALUES
    (N'${DATABASE}.dbo.Letters', N'Blobs', N'dbo', N'Letters', N'${DATABASE}', N'dbo', N'Letters', N'Meta', N'dbo', N'LettersBase', N'LettersId', N'ModifiedOn', 90, 1, 0, 1),
    (N'${DATABASE}.dbo.Notes', N'Blobs', N'dbo', N'Notes', N'${DATABASE}', N'dbo', N'Notes', N'Meta', N'dbo', N'NotesBase', N'NotesId', N'ModifiedOn', 240, 0, 0, 0)`,
  `CREATE TABLE dbo.BlobDeltaHighWatermark (
    TableName sysname NOT NULL, BusinessUnitId uniqueidentifier NULL, LastHighWaterModifiedOn datetime2(6) NULL,
    IsRunning bit NOT NULL, RunLeaseExpiresAt datetime2(6) NULL)`,
  `INSERT INTO dbo.BlobDeltaHighWatermark VALUES
    (N'${DATABASE}.dbo.Letters', NULL, '2026-11-20 21:57:12.441234', 0, NULL),
    (N'${DATABASE}.dbo.Letters', '${UNIT}', '2026-11-19 01:02:03.000000', 1, '2026-11-20 00:00:00.000000'),
    (N'${DATABASE}.dbo.Notes', NULL, NULL, 0, NULL)`,
  'CREATE TABLE dbo.BlobDeltaStepScript (StepNumber tinyint NOT NULL, ScriptKind nvarchar(50) NOT NULL, ScriptBody nvarchar(max) NOT NULL)',
  `INSERT INTO dbo.BlobDeltaStepScript VALUES (1, N'Roots', ${text(windowScript('IS NULL', { where: "AND m.Kind <> N'private''s'" }))}),
    (2, N'MissingParentsBatch', ${text(PARENTS_SCRIPT)}),
    (3, N'Children', ${text(windowScript('IS NOT NULL', { where: "AND m.Kind <> N'private''s'" }))})`,
  `CREATE TABLE dbo.BlobDeltaErrorPolicy (ErrorNumber int NULL, ErrorMessagePattern nvarchar(4000) NULL, AppliesToStep tinyint NULL,
    AppliesToTableName sysname NULL, IsFatal bit NOT NULL)`,
  `INSERT INTO dbo.BlobDeltaErrorPolicy VALUES (547, NULL, 3, N'${DATABASE}.dbo.Letters', 0)`,
  'CREATE TABLE dbo.BlobDeltaMissingParentsQueue (RunId uniqueidentifier NOT NULL, Processed bit NOT NULL)',
  'INSERT INTO dbo.BlobDeltaMissingParentsQueue VALUES (NEWID(), 0), (NEWID(), 1), (NEWID(), 0)',
  'CREATE TABLE dbo.LA_BU (businessunit uniqueidentifier NOT NULL)',
  `INSERT INTO dbo.LA_BU VALUES ('${UNIT}')`,
  `CREATE PROCEDURE dbo.usp_BlobDelta_Run @BatchSize int = 700, @MaxDOP tinyint = 3 AS
   BEGIN
     DECLARE @ExcludedStreamId uniqueidentifier;
     SET @ExcludedStreamId = '${EXCLUDED}';
     SELECT @BatchSize
   END`,
]

async function onServer(database: string | null, ...statements: readonly string[]): Promise<void> {
  const options = sqlServerOptionsOf(SERVER ?? '', '.', 'tidemark test')
  await using session = await SqlServerSession.connect({ ...options, database: database ?? options.database })
  for (const statement of statements) await session.script(statement)
}

const open = (database = DATABASE): Promise<BlobDeltaReader> =>
  openReader({ id: 'office', kind: 'sqlserver', options: { url: SERVER } }, database, '.')

describe.skipIf(SERVER === undefined)('an installation on the server that TIDEMARK_TEST_SQLSERVER names', () => {
  beforeAll(async () => {
    await onServer(null, `CREATE DATABASE [${DATABASE}]`)
    await onServer(DATABASE, ...INSTALLATION)
  })
  afterAll(async () => await onServer(null, `IF DB_ID(N'${DATABASE}') IS NOT NULL DROP DATABASE [${DATABASE}]`))

  test('configuration, watermarks, scripts, policies, units and procedures of a server are read as they are', async () => {
    await using reader = await open()
    const installation = await readInstallation(reader)
    expect(installation.units.get(`${DATABASE}.dbo.la_bu`)).toEqual([UNIT])
    expect(installation.counts.queue).toEqual({
      name: expect.stringMatching(/^BlobDeltaMissingParentsQueue$/i),
      rows: 2n,
    })
    expect(installation.now).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/)
    const { modules, watermarks, busy, differences } = translateInstallation(installation, {
      connection: 'office',
      database: DATABASE,
    })
    expect(modules[0]?.tasks).toMatchObject([
      {
        id: 'letters',
        active: true,
        flow: {
          exclude_keys: { stream_id: [EXCLUDED] },
          batch: { rows: 700 },
          steps: { roots: { max_dop: 3 } },
          apply: 'latest',
          capture: { buffer: '90m' },
          on_error: [{ code: 'TM5001', step: 'children', do: 'quarantine' }],
        },
      },
      { id: 'notes', active: false, flow: { apply: 'insert-missing', capture: { buffer: '4h' } } },
    ])
    expect(modules[0]?.yaml).toContain("not_equals: private's")
    const flow = modules[0]?.tasks[0]?.name
    expect(watermarks).toEqual([
      { flow, scope: {}, position: '2026-11-20 21:57:12.441234' },
      { flow, scope: { business_unit: UNIT }, position: expect.stringMatching(/^2026-11-19 01:02:03(\.0+)?$/) },
    ])
    expect(busy).toEqual([])
    expect(differences.filter((d) => d.kind === 'refused')).toEqual([])
  })

  test('a table of units that is not there, or in a database that is not there, is none', async () => {
    await using reader = await open()
    expect(await reader.values([DATABASE, 'dbo', 'LA_BU'], 'businessunit')).toEqual([UNIT])
    expect(await reader.values([DATABASE, 'dbo', 'LA_BU'], 'unit')).toBeNull()
    expect(await reader.values([DATABASE, 'dbo', 'NO_BU'], 'businessunit')).toBeNull()
    expect(await reader.values(['no_such_database', 'dbo', 'LA_BU'], 'businessunit')).toBeNull()
  })

  test('a database that is not there, and one without an installation, say so', async () => {
    await expect(open('no_such_database')).rejects.toMatchObject({ code: 'TM2001' })
    await using reader = await open('master')
    await expect(readInstallation(reader)).rejects.toMatchObject({
      code: 'TM1041',
      detail: expect.stringContaining('database master of connection office has no table BlobDeltaTableConfig'),
    })
  })
})

test('a connection that needs more than it has is refused before a server is asked', async () => {
  const wrong = (options: Readonly<Record<string, unknown>>, kind = 'sqlserver') =>
    openReader({ id: 'office', kind, options }, 'BlobDeltaJobs', '.')
  await expect(wrong({})).rejects.toMatchObject({ code: 'TM1011' })
  await expect(wrong({ url: 'sqlserver://host' })).rejects.toMatchObject({ code: 'TM1011' })
  await expect(wrong({ url: 'postgres://host/db' }, 'postgres')).rejects.toMatchObject({ code: 'TM1041' })
})

/** What `docs/from-stored-procedures.md` promises: its queries run, its commands can be typed, and nothing is left out. */
import { mkdtempDisposableSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isErrorCode } from '@tidemark/contract/error-codes'
import { expect, test } from 'vitest'
import { COUNTED, INSTALLATION, UNIT_TABLE } from '../../src/app/import/installation-names.ts'
import { parseCommandLine } from '../../src/cli/build-program.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'

const DOC = readFileSync(new URL('../../../../docs/from-stored-procedures.md', import.meta.url), 'utf8')
const queries = [...DOC.matchAll(/^```sql\n([^]*?)^```/gm)].map(([, sql = '']) => sql)

test('every monitoring query of the page runs on a ledger', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tidemark-monitoring-'))
  await (await openControlStore('sqlite:control.db', { projectDir: folder.path, readOnly: false }))[
    Symbol.asyncDispose
  ]()
  using database = new DatabaseSync(join(folder.path, 'control.db'))
  expect(queries.length).toBeGreaterThan(7)
  for (const sql of queries) {
    const statement = database.prepare(sql)
    expect([sql, statement.columns().length > 2, statement.all()]).toEqual([sql, true, []])
  }
})

/** As a shell takes it apart. */
const words = (typed: string): readonly string[] =>
  [...typed.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')

test('every command of the page can be typed', () => {
  const console = [...DOC.matchAll(/^\$ (tidemark .*)$/gm)].map(([, line = '']) => line.split(/ &&| +#| > /)[0] ?? '')
  const inline = [...DOC.matchAll(/`(tidemark [^`]+)`/g)].map(([, line = '']) => line)
  expect(console.length).toBeGreaterThan(4)
  for (const line of [...console, ...inline]) {
    const parsed = parseCommandLine(words(line).slice(1), { write: () => {}, width: 80 })
    expect([line, parsed === null]).toEqual([line, false])
  }
})

test('every table, parameter, token and procedure of an installation is mapped', () => {
  const tables = [
    ...Object.values(INSTALLATION).map((t) => t.names[0]),
    ...Object.values(COUNTED).map((names) => names[0]),
  ]
  const tokens = [
    'SourceTableFull',
    'TargetTableFull',
    'MetadataTableFull',
    'MetadataIdColumn',
    'MetadataModifiedOnColumn',
    'BusinessUnitTableFull',
    'MaxDOP',
  ]
  const parameters = [
    '@Mode',
    '@TableName',
    '@BatchSize',
    '@MaxDOP',
    '@BusinessUnitId',
    '@RunId',
    '@Reset',
    '@RunType',
    '@TargetDatabase',
    '@DryRun',
  ]
  const procedures = ['usp_BlobDelta_Run ', 'usp_BlobDelta_RunOperator', 'usp_BlobDelta_RemoveDatabase']
  const named = [
    ...tables,
    ...tokens.map((t) => `[${t}]`),
    ...parameters,
    ...procedures,
    UNIT_TABLE,
    'AllTables',
    'SingleTable',
  ]
  expect(named.filter((name) => !DOC.includes(name))).toEqual([])
})

test('every error code of the page exists', () => {
  const codes = [...DOC.matchAll(/TM\d{4}/g)].map(([code]) => code)
  expect(codes.filter((code) => !isErrorCode(code))).toEqual([])
})

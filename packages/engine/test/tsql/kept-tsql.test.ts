/** All T-SQL that is kept as text goes through the gate: the golden files, and the migrations of the control store. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { sqlServerMarks } from '../../src/control/sql/sqlserver/commit-mark.sql.ts'
import { differencesOf, mendingSql } from '../../src/control/sql/sqlserver/mend-schema.ts'
import {
  refusesWrites,
  schemaFacts,
  seesDefinitions,
  unwritable,
} from '../../src/control/sql/sqlserver/schema-facts.sql.ts'
import { migrationScript } from '../../src/control/sql/sqlserver/schema.sql.ts'
import { SQLSERVER_MIGRATIONS } from '../../src/control/sql/sqlserver/sqlserver-migrations.ts'
import { SQLSERVER_STATEMENTS } from '../../src/control/sql/sqlserver/sqlserver-statements.ts'
import { everyStatement } from '../contract/control-store/every-statement.ts'
import { findProblems, findProblemsInFile, type Problem } from '../support/tsql/check-tsql.ts'

const ENGINE = path.resolve(import.meta.dirname, '../..')
const GOLDEN = path.join(ENGINE, 'test/golden/sqlserver')
const MIGRATIONS = path.join(ENGINE, 'src/control/sql/sqlserver/migrations')
/** the test that keeps the golden files */
const KEEPER = path.join(ENGINE, 'test/live/sqlserver-golden.test.ts')

const filesOf = (folder: string, ending: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith(ending))
        .toSorted()
    : []

const golden = filesOf(GOLDEN, '.sql')
const migrations = filesOf(MIGRATIONS, '.sql.ts')

describe('T-SQL of SQL Server 2016', () => {
  test.each(golden)('is all that golden/sqlserver/%s holds', (name) => {
    const problems = findProblemsInFile(readFileSync(path.join(GOLDEN, name), 'utf8'))
    expect(shown(name, problems)).toEqual([])
  })

  test.each(migrations)('is the migration %s of the control store', async (name) => {
    const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(path.join(MIGRATIONS, name)).href)
    const texts = Object.values(exported).flatMap(textOf)
    expect(texts).not.toEqual([])
    expect(texts.flatMap((text) => shown(name, findProblems(text)))).toEqual([])
  })

  test('is every statement of the control store, and the script that is printed for SSMS', () => {
    const statements = [
      ...everyStatement(SQLSERVER_STATEMENTS),
      schemaFacts,
      seesDefinitions,
      refusesWrites,
      unwritable,
      sqlServerMarks.newest('w'),
      sqlServerMarks.remove('w'),
    ].map(({ text }) => text)
    const scripts = SQLSERVER_MIGRATIONS.map(migrationScript)
    const texts = [...statements, sqlServerMarks.mark('w', 1), ...scripts, mendingSql(differencesOf([], true))]
    expect(texts.length).toBeGreaterThan(100)
    expect(texts.flatMap((text) => shown(text, findProblems(text)))).toEqual([])
  })

  test('is there to be read, where a dialect and a control store keep it', () => {
    const written = { dialect: existsSync(KEEPER), store: existsSync(path.dirname(MIGRATIONS)) }
    expect({ dialect: golden.length > 0, store: migrations.length > 0 }).toMatchObject(onlyTrue(written))
  })
})

const onlyTrue = (facts: Readonly<Record<string, boolean>>): Readonly<Record<string, boolean>> =>
  Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact))

const shown = (name: string, problems: readonly Problem[]): readonly string[] =>
  problems.map(({ line, column, says }) => `${name}:${line}:${column} ${says}`)

const textOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string' ? [value.text] : []

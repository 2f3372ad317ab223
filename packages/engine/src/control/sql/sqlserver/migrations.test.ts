import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SQLITE_MIGRATIONS } from '../sqlite/sqlite-migrations.ts'
import { batchesOf } from './batches-of-script.ts'
import { migrationScript } from './schema.sql.ts'
import { SQLSERVER_MIGRATIONS } from './sqlserver-migrations.ts'

const LOCK = join(import.meta.dirname, 'migrations.lock.json')

const withoutComments = (batch: string): string => batch.replace(/^--.*\n/gm, '')

test('a released migration of SQL Server never changes', () => {
  const frozen = JSON.parse(readFileSync(LOCK, 'utf8')) as Record<string, string>
  const now = Object.fromEntries(
    SQLSERVER_MIGRATIONS.map((m) => [m.name, createHash('sha256').update(m.text).digest('hex')]),
  )
  expect(now).toEqual(frozen)
})

test('SQL Server counts its migrations as SQLite does', () => {
  const named = (migrations: typeof SQLITE_MIGRATIONS) => migrations.map(({ version, name }) => `${version} ${name}`)
  expect(named(SQLSERVER_MIGRATIONS)).toEqual(named(SQLITE_MIGRATIONS))
})

test('a script is cut where GO stands alone, whatever its case and blanks', () => {
  expect(batchesOf('a\ngo\n\n  GO  \r\nb go\nc\nGo')).toEqual(['a', 'b go\nc'])
})

test('what has to begin a batch begins one, and is all of it', () => {
  const batches = SQLSERVER_MIGRATIONS.flatMap(({ text }) => batchesOf(text)).map(withoutComments)
  const alone = /^\s*(?:create (?:trigger|view|function)|drop view)\b/i
  expect(batches.filter((batch) => alone.test(batch)).length).toBeGreaterThan(12)
  for (const batch of batches) {
    const begun = batch.match(/^\s*create (?:trigger|view|function|schema) /gim) ?? []
    expect(begun.length).toBeLessThanOrEqual(alone.test(batch) ? 1 : 0)
  }
})

test.each(SQLSERVER_MIGRATIONS)(
  'the script of $name is one batch besides its settings, and says what the migration says',
  (m) => {
    const batches = batchesOf(migrationScript(m))
    expect(batches).toHaveLength(2)
    const [settings = '', script = ''] = batches
    expect(settings).toMatch(new RegExp(`^-- ${m.name}\n(?:set \\w+ (?:on|off);\n?)+$`))
    expect(script).toMatch(
      /^begin transaction;\ndeclare @got int;\nexec @got = sys\.sp_getapplock[\s\S]*commit transaction;$/,
    )
    const executed = [...script.matchAll(/^exec \(N'((?:[^']|'')*)'\);$/gm)].map(([, text = '']) =>
      text.replaceAll("''", "'"),
    )
    expect(executed.slice(0, -1)).toEqual(batchesOf(m.text))
    expect(executed.at(-1)).toContain(`values (${m.version}, N'${m.name}'`)
  },
)

test('every text of the schema is compared by its code units, and every table and constraint has a name of ours', () => {
  const all = SQLSERVER_MIGRATIONS.map(({ text }) => text).join('\n')
  // of columns: variables, conversions and parameters have the database's own collation
  const columns = all.match(/^ {2}(?:\[?\w+\]?) nvarchar\(\w+\)(?! collate Latin1_General_100_BIN2).*$/gm) ?? []
  expect(columns).toEqual([])
  const anonymous = [...all.matchAll(/^.*\b(?:check|primary key|references|default|unique)\b.*$/gm)]
    .map(([line]) => line)
    .filter((line) => !/constraint|^\s*check \(|^--|declare @|create unique index|@value/.test(line))
  expect(anonymous).toEqual([])
})

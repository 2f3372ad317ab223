import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { expect, test } from 'vitest'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, flowYaml, NO_ROWS, PROJECT, problemText } from './definition-texts.ts'

const projectWith = (options: string): string => `${PROJECT}  inbox: { kind: files, ${options} }\n`
const INBOX = projectWith('path: data/inbox')
const fromFiles = (table: string): string => flowYaml({ source: `{ connection: inbox, table: ${table} }` })
const toFiles = (table: string, apply: string): string =>
  flowYaml({ target: `{ connection: inbox, table: ${table} }`, capture: 'backfill', apply })

test('a connection to files says where they are and how its CSV is written', () => {
  const options = `path: data/inbox, format: csv, csv: { delimiter: ";", quote: "'", escape: '\\', header: false, null_text: N/A, encoding: latin-1, decimal_separator: ",", date_format: "%d.%m.%Y", timestamp_format: "%d.%m.%Y %H:%M", columns: { order_id: bigint, customer_key: varchar(20) } }`
  const { connections, problems } = resolveCatalog(deployed([], NO_ROWS, projectWith(options)), CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  expect(connections.get('inbox')).toEqual({
    id: 'inbox',
    kind: 'files',
    options: {
      path: 'data/inbox',
      format: 'csv',
      csv: {
        delimiter: ';',
        quote: "'",
        escape: '\\',
        header: false,
        null_text: 'N/A',
        encoding: 'latin-1',
        decimal_separator: ',',
        date_format: '%d.%m.%Y',
        timestamp_format: '%d.%m.%Y %H:%M',
        columns: { order_id: 'bigint', customer_key: 'varchar(20)' },
      },
    },
  })
})

test.each<[string, string, RegExp]>([
  ['no folder', 'format: csv', /^TM1011 .*path is missing/],
  ['an unknown format', 'path: p, format: xlsx', /^TM1011 .*must be csv or parquet/],
  ['CSV options of Parquet', 'path: p, format: parquet, csv: { header: true }', /^TM1019 .*csv says nothing about/],
  ['a misspelt option', 'path: p, csv: { delimeter: ";" }', /^TM1012 .*did you mean "delimiter"\?/],
  ['a long delimiter', 'path: p, csv: { delimiter: abcde }', /^TM1011 .*one to four characters/],
  ['a quote of two', 'path: p, csv: { quote: ab }', /^TM1011 .*quote must be one character/],
  ['one character for two things', 'path: p, csv: { delimiter: ";", quote: ";" }', /^TM1019 .*quote is the same/],
  ['an unknown encoding', 'path: p, csv: { encoding: utf8 }', /^TM1011 .*did you mean "utf-8"\?/],
  ['a format without fields', 'path: p, csv: { date_format: DD.MM.YYYY }', /^TM1011 .*such as %d\.%m\.%Y/],
  ['a type that is none', 'path: p, csv: { columns: { a: "int; drop" } }', /^TM1011 .*the name of a type/],
  ['a literal key', 'path: p, secret_key: gehe1m', /TM1015 .*"secret_key"/],
])('a connection to files is refused: %s', (_, options, message) => {
  expect(problemText([], projectWith(options))).toMatch(message)
})

test.each([
  ['orders/*.parquet', ['orders/*.parquet']],
  ['"2026/**/part-*.parquet"', ['2026/**/part-*.parquet']],
  ['customers.csv', ['customers', 'csv']],
  ['\'"my customers.csv"\'', ['my customers.csv']],
  ['in box/a?.csv', ['in box/a?.csv']],
  ['./orders.v2/x.csv', ['./orders.v2/x.csv']],
])('a table of files is a path or a pattern: %s', (text, parts) => {
  const { flows, problems } = resolveCatalog(deployed([fromFiles(text)], NO_ROWS, INBOX), CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  expect(flows[0]?.source.table).toEqual(parts)
})

test.each([
  '../secret/*.csv',
  'a/../../b.csv',
  '/etc/passwd',
  '\'".."\'',
  '\'"C:/x.csv"\'',
  '\'"s3://bucket/x.csv"\'',
  '\'"..\\\\x.csv"\'',
  '"file:///x/*.csv"',
])('a path that leaves the folder is refused: %s', (table) => {
  const text = problemText([fromFiles(table)], INBOX)
  expect(text).toMatch(/^TM1029 .*(leaves the folder|is not below the folder)/)
  expect(text).toContain('in modules/m1.yaml:6:')
  expect(problemText([toFiles(table, 'replace')], INBOX)).toMatch(/^TM1029 /)
})

test('a path in a join or a list stays in the folder as well', () => {
  const source = (more: string) => flowYaml({ source: `{ connection: inbox, table: a.csv, ${more} }` })
  expect(problemText([source('join: [{ table: ../b.csv, as: b, on: { x: x } }]')], INBOX)).toMatch(/^TM1029 /)
  expect(problemText([source('where: [{ column: x, in: { table: /b.csv, column: x } }]')], INBOX)).toMatch(/^TM1029 /)
})

test('files are written as a whole or by new files, under one name', () => {
  expect(problemText([toFiles('out/orders', 'replace')], INBOX)).toBe('no problem')
  expect(problemText([toFiles('orders', 'insert-missing')], INBOX)).toBe('no problem')
  expect(problemText([toFiles('orders', 'latest')], INBOX)).toMatch(
    /^TM1019 .*apply: latest cannot write them: choose insert-missing or replace/,
  )
  expect(problemText([toFiles('out/*.parquet', 'replace')], INBOX)).toMatch(/^TM1029 .*is a pattern.*name a folder/)
})

test('a database may have a table called like a path', () => {
  expect(problemText([flowYaml({ source: `{ connection: shop, table: '"../x"' }` })])).toBe('no problem')
})

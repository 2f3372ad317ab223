import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { columnRef, strictMap } from '@tidemark/contract/schema-parts'
import { expect, test } from 'vitest'
import { problemsError } from '../../src/definition/problem.ts'
import { flowYaml, load, PROJECT, problemText } from './definition-texts.ts'

test('a misspelt key is shown in its line, with the one that was meant', () => {
  const text = problemText([
    flowYaml({ capture: '\n        kind: watermark\n        position: updated_at\n        saftey_buffer: 4h' }),
  ])
  expect(text).toBe(
    [
      'TM1012 unknown key: "saftey_buffer" in modules/m1.yaml:12:9   did you mean "buffer"?',
      '   11 |         position: updated_at',
      '   12 |         saftey_buffer: 4h',
      '      |         ^^^^^^^^^^^^^',
    ].join('\n'),
  )
})

test.each<[string, Record<string, string | null>, RegExp]>([
  ['no source', { source: null }, /^TM1011 .*source is missing, in modules\/m1\.yaml:5:5/],
  ['no table', { source: '{ connection: shop }' }, /^TM1011 .*source\.table is missing, in modules\/m1\.yaml:6:7/],
  ['text for a list', { key: 'order_id' }, /^TM1011 .*key must be a list/],
  ['a list for a mapping', { source: '[shop, orders]' }, /^TM1011 .*source must be a mapping/],
  ['nothing after a key', { source: '' }, /^TM1011 .*source is empty/],
  ['an empty key', { key: '[]' }, /^TM1011 .*key is empty: without a key/],
  ['a key twice', { key: '[a, a]' }, /^TM1011 .*key names a column twice/],
  [
    'batch rows 0',
    { batch: '{ rows: 0 }' },
    /^TM1011 .*batch\.rows must be 1 or more: a batch of no rows would never end/,
  ],
  ['batch rows -5', { batch: '{ rows: -5 }' }, /^TM1011 .*batch\.rows must be 1 or more/],
  ['batch rows 1.5', { batch: '{ rows: 1.5 }' }, /^TM1011 .*batch\.rows must be a whole number/],
  ['batch rows 010', { batch: '{ rows: 010 }' }, /^TM1011 .*batch\.rows must be a number/],
  ['batch bytes without a unit', { batch: '{ bytes: 64 }' }, /^TM1011 .*a size such as 64MiB.*64 has no unit/],
  ['batch bytes nothing', { batch: '{ bytes: 0B }' }, /^TM1011 .*batch\.bytes must be more than nothing/],
  ['no workers', { parallel: '0' }, /^TM1011 .*parallel must be 1 or more/],
  ['a bad table name', { source: '{ connection: shop, table: odd name }' }, /^TM1011 .*"odd name" needs quotes/],
  [
    'a misspelt choice',
    { on_reject: 'quarantin' },
    /^TM1011 .*"quarantin" is unknown: one of fail, quarantine.*did you mean "quarantine"\?/,
  ],
  [
    'an unknown capture',
    { capture: 'watermrk' },
    /^TM1011 .*capture "watermrk" is unknown.*did you mean "watermark"\?/,
  ],
  ['an unknown apply', { apply: 'newest' }, /^TM1011 .*apply "newest" is unknown: one of insert-missing, latest/],
  ['an option of another kind', { capture: '{ kind: backfill, buffer: 4h }' }, /^TM1012 .*"buffer" in/],
  [
    'an unknown connection',
    { source: '{ connection: shopp, table: t }' },
    /^TM1013 .*connection "shopp" is not defined.*did you mean "shop"\?/,
  ],
  [
    'an unknown alias',
    { capture: '{ kind: watermark, position: meta.m }' },
    /^TM1013 .*no join is called "meta", in modules\/m1\.yaml:9:45 .*quoted/,
  ],
  [
    'an alias in where',
    { source: '{ connection: shop, table: t, where: [{ column: m.x, equals: 1 }] }' },
    /^TM1013 .*no join is called "m"/,
  ],
  ['an alias in scope', { scope: '{ unit: m.x }' }, /^TM1013 .*no join is called "m"/],
  [
    'an alias twice',
    {
      source:
        '{ connection: shop, table: t, join: [{ table: a, as: m, on: { x: x } }, { table: b, as: M, on: { x: x } }] }',
    },
    /^TM1014 .*join alias "M"/,
  ],
  [
    'a join without columns',
    { source: '{ connection: shop, table: t, join: [{ table: a, as: m, on: {} }] }' },
    /^TM1011 .*a join needs columns/,
  ],
  [
    'excluding a value of no key',
    { exclude_keys: '{ odrer_id: [1] }' },
    /^TM1013 .*exclude_keys names "odrer_id", which is not in the key \[order_id\]/,
  ],
  [
    'a condition without a test',
    { source: '{ connection: shop, table: t, where: [{ column: x }] }' },
    /^TM1011 .*a condition needs a test/,
  ],
  [
    'a condition with two tests',
    { source: '{ connection: shop, table: t, where: [{ column: x, equals: 1, at_most: 2 }] }' },
    /^TM1011 .*this one has equals and at_most/,
  ],
  [
    'equality with NULL',
    { source: '{ connection: shop, table: t, where: [{ column: x, equals: null }] }' },
    /^TM1011 .*NULL is asked for with is_null/,
  ],
  [
    'membership in nothing',
    { source: '{ connection: shop, table: t, where: [{ column: x, in: [] }] }' },
    /^TM1011 .*is empty/,
  ],
  [
    'a tree of itself',
    { shape: '{ kind: tree, locator: p, parent: p }' },
    /^TM1019 .*locator and parent are the same column/,
  ],
  ['a tree without locator', { shape: 'tree' }, /^TM1011 .*shape\.locator is missing/],
  [
    'quarantine and fail',
    { shape: '{ kind: tree, locator: l, parent: p, orphans: quarantine }' },
    /^TM1019 .*add on_reject: quarantine/,
  ],
  [
    'local time without a zone',
    { capture: '{ kind: watermark, position: m, clock: local }' },
    /^TM1019 .*needs the zone/,
  ],
  [
    'a zone that is none',
    { capture: '{ kind: watermark, position: m, clock: local, zone: Europe/Londn }' },
    /^TM1011 .*time zone of the IANA/,
  ],
  [
    'an offset for a zone',
    { capture: '{ kind: watermark, position: m, clock: local, zone: "+01:00" }' },
    /^TM1011 .*time zone of the IANA/,
  ],
  [
    'a zone without local time',
    { capture: '{ kind: watermark, position: m, clock: utc, zone: UTC }' },
    /^TM1019 .*zone belongs to clock: local/,
  ],
  [
    'a buffer below the step of the zone',
    { capture: '{ kind: watermark, position: m, clock: local, zone: Europe/London, buffer: 5m }' },
    /^TM1019 .*set back by 1h/,
  ],
  [
    'a duration for a number',
    { capture: '{ kind: watermark, position: m, clock: number, buffer: 4h }' },
    /^TM1019 .*is a count/,
  ],
  [
    'a count for a time',
    { capture: '{ kind: watermark, position: m, clock: utc, buffer: 500 }' },
    /^TM1019 .*is a duration/,
  ],
  [
    'a buffer for a rowversion',
    { capture: '{ kind: watermark, position: m, clock: rowversion, buffer: 500 }' },
    /^TM1019 .*takes no buffer/,
  ],
  ['a negative buffer', { capture: '{ kind: watermark, position: m, buffer: -5m }' }, /^TM1011 .*must not be negative/],
  ['a buffer of words', { capture: '{ kind: watermark, position: m, buffer: long }' }, /^TM1011 .*a duration such as/],
  [
    'the key left out',
    { columns: '{ exclude: [order_id] }' },
    /^TM1019 .*"order_id" is in the key and cannot be excluded/,
  ],
  ['the key not included', { columns: '{ include: [a] }' }, /^TM1019 .*"order_id" is in the key and must be included/],
  [
    'a column in and out',
    { columns: '{ include: [order_id, a], exclude: [a] }' },
    /^TM1019 .*both included and excluded/,
  ],
  [
    'two columns of one name',
    { columns: '{ rename: { a: c, b: C } }' },
    /^TM1019 .*"a" and "b" are both renamed to "C"/,
  ],
  [
    'a name for a column left out',
    { columns: '{ exclude: [a], rename: { a: b } }' },
    /^TM1019 .*"a" is renamed but not moved/,
  ],
  ['a table onto itself', { target: '{ connection: shop, table: "[orders]" }' }, /^TM1019 .*the same table/],
  ['a parameter that is no name', { scope: '{ "business unit": x }' }, /^TM1011 .*must start with a letter/],
])('refused: %s', (_, change, message) => {
  expect(problemText([flowYaml(change)])).toMatch(message)
})

test.each<[string, Record<string, string>]>([
  ['capture: milestone', { capture: 'milestone' }],
  ['apply: forensic', { apply: 'forensic' }],
  ['overlap', { capture: '{ kind: watermark, position: m, overlap: 5 }' }],
])('not in this version: %s, named with its place unless the flow is off', (what, change) => {
  const yaml = flowYaml(change)
  const text = problemText([yaml])
  expect(text).toMatch(/^TM1017 /)
  expect(text).toContain(`: ${what}`)
  expect(text).toContain('in modules/m1.yaml:')
  expect(problemText([yaml.replace('    order: 1', '    active: false')])).toBe('no problem')
})

test('a connection of a kind not built yet stops only active flows that use it', () => {
  const project = PROJECT.replace(
    'lake: { kind: duckdb, path: lake.duckdb }',
    'lake: { kind: databricks, url: env:LAKE_URL }',
  )
  expect(problemText([flowYaml()], project)).toMatch(
    /^TM1017 .*a flow with a databricks connection, in modules\/m1\.yaml:7:29/,
  )
  expect(problemText([], project)).toBe('no problem')
  expect(problemText([], project.replace('databricks', 'databrick'))).toMatch(/^TM1011 .*did you mean "databricks"\?/)
})

test('empty parts of a flow ask for nothing', () => {
  expect(
    problemText([
      flowYaml({
        columns: '{ exclude: [], add: {}, rename: {}, cast: {}, mask: {} }',
        steps: '{}',
        drift: 'fail',
        on_error: '[]',
      }),
    ]),
  ).toBe('no problem')
})

test('a capture mode can be added by its schema alone', () => {
  const counter = { ...CAPTURE_SCHEMAS, counter: strictMap({ counter: columnRef }) }
  const yaml = (column: string) => flowYaml({ capture: `{ kind: counter, counter: ${column} }` })
  expect(load([yaml('n')], PROJECT, null, counter).problems).toEqual([])
  const [problem] = load([yaml('nowhere.n')], PROJECT, null, counter).problems
  expect(problem).toMatchObject({ code: 'TM1013', place: { line: 9, column: 42, length: 9 } })
})

test.each([
  ['a tab', 'module: a\n\ttasks: []\n', /^TM1010 .*modules\/m1\.yaml:2:1/],
  ['a key twice', 'module: a\nmodule: b\ntasks: []\n', /^TM1010 .*unique, in modules\/m1\.yaml:2:1/],
  ['two documents', 'module: a\ntasks: []\n---\nmodule: b\n', /^TM1010 /],
  ['an open bracket', 'module: [a\n', /^TM1010 .*modules\/m1\.yaml:\d/],
  ['an unknown tag', 'module: !secret a\ntasks: []\n', /^TM1010 .*modules\/m1\.yaml:1:9/],
  ['an alias of nothing', 'module: *m\ntasks: []\n', /^TM1010 .*modules\/m1\.yaml:1:9/],
  ['an alias of itself', 'module: a\ntasks: &t [*t]\n', /^TM1010 /],
  ['a merge of a list', 'module: a\n<<: [[1]]\ntasks: []\n', /^TM1010 .*merges mappings/],
  ['the key __proto__', 'module: a\n__proto__: { tasks: [] }\ntasks: []\n', /^TM1010 .*__proto__/],
  ['a mapping as key', 'module: a\n? { a: b }\n: c\ntasks: []\n', /^TM1010 .*a key must be text/],
  ['a list', '- a\n', /^TM1011 .*must be a mapping/],
  ['an empty file', '', /^TM1011 .*module is missing/],
  ['text', 'hello', /^TM1011 .*must be a mapping/],
  ['no tasks', 'module: a\n', /^TM1011 .*tasks is missing/],
  ['a bad id', 'module: a b\ntasks: []\n', /^TM1011 .*module must start with a letter/],
  ['neither flow nor type', 'module: a\ntasks: [{ id: x }]\n', /^TM1011 .*a task is a flow/],
  ['flow and type', 'module: a\ntasks: [{ id: x, type: sql, flow: {} }]\n', /^TM1019 .*exclude each other/],
  ['a bad cron', 'module: a\nschedule: { cron: daily }\ntasks: []\n', /^TM1011 .*five fields/],
  ['a bad time zone', 'module: a\nschedule: { cron: "0 2 * * SUN", timezone: Mars }\ntasks: []\n', /^TM1011 .*IANA/],
  ['a misspelt task key', 'module: a\ntasks: [{ id: x, type: sql, confg: {} }]\n', /^TM1012 .*did you mean "config"/],
  [
    'defaults that are none',
    'module: a\ndefaults: { bach: { rows: 5 } }\ntasks: []\n',
    /^TM1012 .*did you mean "batch"/,
  ],
])('a module file with %s is refused', (_, yaml, message) => {
  expect(problemText([yaml])).toMatch(message)
})

test('aliases that multiply end in an error, not in all memory', () => {
  const bomb = ['a: &a0 [x, x]', ...Array.from({ length: 40 }, (_, i) => `a${i}: &a${i + 1} [*a${i}, *a${i}]`)].join(
    '\n',
  )
  expect(problemText([bomb])).toMatch(/TM1010 .*too large/)
})

test.each([
  [
    'tasks that differ in - and _',
    'module: a\ntasks: [{ id: a-b, type: sql }, { id: a_b, type: sql }]\n',
    /^TM1014 .*task "a_b", which is too like "a-b", in modules\/m1\.yaml:2:39/,
  ],
  [
    'tasks that differ in case',
    'module: a\ntasks: [{ id: ab, type: sql }, { id: AB, type: sql }]\n',
    /^TM1014 .*too like "ab"/,
  ],
  ['a task twice', 'module: a\ntasks: [{ id: ab, type: sql }, { id: ab, type: sql }]\n', /^TM1014 .*task "ab", in/],
])('defined twice: %s', (_, yaml, message) => {
  expect(problemText([yaml])).toMatch(message)
})

test('a module in two files is defined twice', () => {
  expect(problemText(['module: a-x\ntasks: []\n', 'module: a_x\ntasks: []\n'])).toMatch(
    /^TM1014 .*module "a_x", which is too like "a-x", in modules\/m2\.yaml:1:9/,
  )
})

test('all problems are collected, in order of place, the first ten shown', () => {
  const tasks = Array.from({ length: 13 }, (_, i) => `  - { id: t${i}, tpye: sql, type: sql }`)
  const error = problemsError(load([['module: a', 'tasks:', ...tasks].join('\n')]).problems)
  expect(error.code).toBe('TM1012')
  expect(error.message.match(/TM1012/g)).toHaveLength(10)
  expect(error.detail).toMatch(/and 3 more$/)
  expect(error.facts).toEqual({ problems: 13, file: 'modules/m1.yaml', line: 3, column: 15 })
})

test('a fault in defaults is told once, where it stands', () => {
  const yaml = `module: a
defaults: { batch: { rows: 0 } }
tasks:
${['x', 'y'].map((id) => `  - { id: ${id}, flow: { source: { connection: shop, table: ${id} }, target: { connection: lake, table: ${id} }, key: [k], capture: backfill } }`).join('\n')}
`
  const { problems } = load([yaml])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatchObject({ code: 'TM1011', place: { line: 2, column: 28 } })
})
